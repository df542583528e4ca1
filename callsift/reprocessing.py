"""Finds stored calls that would be decided otherwise today, and sends them to the lane that classifies again."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from agents.classify import core
from agents.classify.agent import make_deciders, make_model
from agents.classify.hosted import HostedClassifier
from agents.classify.settings import ClassifySettings
from schemas import CallOutcome, CallTranscribed, Taxonomies, Usage
from store.calls import CallFilter, OutcomeStore
from store.database import Database
from store.searchable import place_of
from store.settings import StoreSettings
from streams.kafka import produce
from streams.payloads import ClaimCheckStore, ClaimedTurns
from streams.settings import AudioStoreSettings, KafkaSettings
from streams.topics import REPROCESS

_BATCH = 200


@dataclass
class Plan:
    """What classifying calls again comes to."""

    calls: int = 0
    """Calls that are to be classified again."""
    labelled: int = 0
    """How many of them a person has labelled, where labels are superseded."""
    up_to_date: int = 0
    """Calls that were chosen, and that today's taxonomy, prompt, model and settings have decided already."""
    tokens: int = 0
    """Estimated tokens, sent and answered."""
    cost: float | None = None
    """Estimated cost; None: the settings name no price, or the classifier costs nothing."""
    currency: str | None = None
    """Currency of the cost."""


@dataclass(frozen=True)
class Published:
    """How far the calls are in the lane, so that whoever is interrupted need not begin anew."""

    calls: int = 0
    """How many are there."""
    after: str | None = None
    """Where the last of them stands among all calls (``place_of``); None: none is there."""


class Reprocessing:
    """Finds calls whose outcome is not today's, says what they cost, and puts them into the lane."""

    def __init__(
        self,
        chosen: CallFilter,
        settings: ClassifySettings,
        mongo: StoreSettings,
        kafka: KafkaSettings,
        store: AudioStoreSettings,
        *,
        supersede_labels: bool = False,
    ) -> None:
        """Take the calls that are chosen from MongoDB, and put them into the lane as the classify stage would decide.

        With ``supersede_labels`` what comes of them replaces the labels that people have given by now, and such calls
        are never up to date.

        Raises:
            SettingsError: A setting is wrong.
        """
        self._chosen = chosen
        self._supersede_labels = supersede_labels
        self._taxonomies = Taxonomies.load()
        self._floor = settings.confidence_floor
        self._deciders = make_deciders(settings, self._taxonomies)
        self._hosted: dict[str, HostedClassifier] = {}
        if settings.is_hosted:
            model = make_model(settings)  # which is asked nothing: they estimate
            self._hosted = {one.version: HostedClassifier(model, settings, one) for one in self._taxonomies.all}
        self._sink = mongo
        self._kafka = kafka
        self._turns = ClaimedTurns(ClaimCheckStore(store.uri), store.message_limit_kb * 1024)

    async def plan(self) -> Plan:
        """Count, and estimate the cost; nothing is published.

        Raises:
            MongoUnavailable: The store did not answer.
        """
        plan = Plan()
        async for outcome, call in self._stored():
            if self._is_up_to_date(outcome):
                plan.up_to_date += 1
                continue
            plan.calls += 1
            plan.labelled += call.supersedes_label is not None
            if hosted := self._hosted.get(self._taxonomies.of(call).version):
                _add(plan, hosted.estimated(call.turns, call.ended_at))
        return plan

    async def publish(self, progress: Callable[[Published], None], before: Published = Published()) -> int:
        """Put the calls into the lane; returns how many are there.

        Args:
            progress: Is told how far it is, after each batch that the brokers have confirmed.
            before: What is there already, of an earlier try that was interrupted; it goes on from there.

        Raises:
            MongoUnavailable: MongoDB did not answer; what was published stays.
            AudioStoreUnavailable: The audio store did not take the turns of a large transcript; likewise.
            KafkaUnavailable: The brokers did not confirm; what was published stays.
        """
        published, batch = before, list[tuple[str, bytes]]()

        def send(last: CallOutcome) -> None:
            nonlocal published, batch
            produce(self._kafka, REPROCESS.name, batch)
            published, batch = Published(published.calls + len(batch), place_of(last)), []
            progress(published)

        async for outcome, call in self._stored(before.after):
            if self._is_up_to_date(outcome):
                continue
            batch.append((call.call_id, (await self._turns.encode(call)).value))
            if len(batch) == _BATCH:
                send(outcome)
        if batch:
            send(outcome)
        return published.calls

    async def _stored(self, after: str | None = None) -> AsyncIterator[tuple[CallOutcome, CallTranscribed]]:
        store = OutcomeStore(Database(self._sink))
        try:
            async for outcome, call in store.transcripts(self._chosen, after):
                superseded = outcome.label.label_id if outcome.label and self._supersede_labels else None
                yield outcome, call.model_copy(update={"supersedes_label": superseded})
        finally:
            store.close()

    def _is_up_to_date(self, outcome: CallOutcome) -> bool:
        """Tell whether classifying again would change nothing: it gives the same identifier."""
        decided_by = outcome.versions
        if decided_by is None or outcome.provisional or (outcome.label is not None and self._supersede_labels):
            return False
        rule = decided_by.model == core.BY_RULE.model  # it depends on no model and on no setting
        taxonomy, classifier = self._deciders.of(outcome)
        source, floor = (core.BY_RULE, None) if rule else (classifier.source, self._floor)
        return decided_by == core.versions(decided_by.speech_model, source, taxonomy, floor)


def _add(plan: Plan, usage: Usage) -> None:
    plan.tokens += usage.prompt_tokens + usage.answer_tokens
    if usage.cost is not None:
        plan.cost = (plan.cost or 0.0) + usage.cost
        plan.currency = usage.currency
