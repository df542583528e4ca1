"""What a draft of a taxonomy makes of stored calls, before it is in use; nothing is published, and nothing stored."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from agents.classify.agent import ClassifyAgent, make_classifier, make_model
from agents.classify.core import BY_RULE, customer_spoke
from agents.classify.deciders import Deciders
from agents.classify.hosted import HostedClassifier
from agents.classify.hosted.usage import total
from agents.classify.settings import ClassifySettings
from callsift.evaluation.run import about_one_call, asked, each
from callsift.stored_calls import Stored
from schemas import CallClassified, CallOutcome, Decision, MachineAnswer, Taxonomies, Taxonomy, Usage
from schemas.taxonomy import UNCERTAIN
from store.revisions import machine_answer
from streams.errors import CallsiftError


@dataclass(frozen=True)
class Flips:
    """Calls that the draft moves from one leaf to another."""

    before: str
    """Code of the leaf that the classifier gave them, whatever a person said since."""
    after: str
    """Code of the leaf that they get under the draft."""
    call_ids: tuple[str, ...]


@dataclass(frozen=True)
class Preview:
    """What the draft makes of the calls."""

    classified: int
    """How many calls were classified."""
    flips: tuple[Flips, ...]
    """The most frequent first."""
    uncertain: tuple[int, int]
    """How many of them are Uncertain as they are stored, and under the draft."""
    labelled: int
    """How many have the label of a person, which stays when they are classified again."""
    decided_otherwise: int
    """How many were decided by another taxonomy, classifier or model than those in use: they may flip for that."""
    failed: Mapping[str, str]
    """What was wrong with calls that could not be classified, by identifier; nothing of them is quoted."""
    usage: Usage | None
    """What it took; None: no hosted model was asked."""

    @property
    def flipped(self) -> int:
        """How many calls flip."""
        return sum(len(one.call_ids) for one in self.flips)


class Previewing:
    """Classifies calls as the classify stage would if the draft were in use."""

    def __init__(self, settings: ClassifySettings, used: Taxonomy, draft: Taxonomy) -> None:
        """Make the classifier; nobody is asked yet.

        Raises:
            CallsiftError: There is no offline model for the draft, or model or prompt do not fit it.
        """
        classifier = make_classifier(settings, draft)
        self._source = classifier.source
        self._agent = ClassifyAgent(Deciders(Taxonomies(draft), lambda _: classifier), settings.confidence_floor)
        self._hosted = HostedClassifier(make_model(settings), settings, draft) if settings.is_hosted else None
        self._used = used

    def estimated(self, calls: Sequence[Stored]) -> Usage | None:
        """Return what classifying the calls will take; None: nothing, no hosted model is asked about any of them."""
        if self._hosted is None:
            return None
        usages = [self._hosted.estimated(call.turns, call.ended_at) for _, call in calls if customer_spoke(call)]
        return total(usages) if usages else None

    async def preview(self, calls: Sequence[Stored], concurrency: int, done: Callable[[], None]) -> Preview:
        """Classify the calls, at most ``concurrency`` at once; ``done`` is told of each.

        Raises:
            CallsiftError: What the classifier depends on is away.
        """
        answers: dict[str, CallClassified] = {}
        failed: dict[str, str] = {}

        async def classify(stored: Stored) -> None:
            call = stored[1].model_copy(update={"lane": "live"})  # here old calls give way to nobody
            try:
                answers[call.call_id] = await asked(lambda: self._agent.work(call))
            except CallsiftError as error:
                failed[call.call_id] = about_one_call(error)
            done()

        await each(calls, classify, concurrency)
        outcomes = [outcome for outcome, _ in calls if outcome.call_id in answers]
        leaves = {
            outcome.call_id: (_code(machine_answer(outcome) or outcome), _code(answers[outcome.call_id].decision))
            for outcome in outcomes
        }
        usages = [answer.usage for answer in answers.values() if answer.usage is not None]
        return Preview(
            classified=len(outcomes),
            flips=flips(leaves),
            uncertain=(
                _uncertain(before for before, _ in leaves.values()),
                _uncertain(after for _, after in leaves.values()),
            ),
            labelled=sum(outcome.label is not None for outcome in outcomes),
            decided_otherwise=sum(not self._is_by_what_is_in_use(outcome) for outcome in outcomes),
            failed=failed,
            usage=total(usages) if usages else None,
        )

    def _is_by_what_is_in_use(self, outcome: CallOutcome) -> bool:
        """Tell whether taxonomy and classifier are those in use; a model that was trained for a draft is another."""
        by = outcome.versions
        if by is None or by.model == BY_RULE.model:
            return True
        is_hosted_otherwise = self._hosted is not None and by.model != self._source.model
        is_same = outcome.classifier == self._source.classifier and by.taxonomy == self._used.version
        return is_same and not is_hosted_otherwise


def flips(leaves: Mapping[str, tuple[str, str]]) -> tuple[Flips, ...]:
    """Return what flips of calls, each with the codes of its leaf before and after."""
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for call_id, (before, after) in leaves.items():
        if before != after:
            found[before, after].append(call_id)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(Flips(before, after, tuple(sorted(call_ids))) for (before, after), call_ids in ordered)


def _uncertain(leaves: Iterable[str]) -> int:
    return sum(leaf == UNCERTAIN for leaf in leaves)


def _code(answer: MachineAnswer | CallOutcome | Decision) -> str:
    return str(answer.sub_category or answer.category)
