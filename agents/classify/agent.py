"""The classify stage's agent: asks a classifier, unless there is nothing to ask about."""

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from agents.classify import core, metrics
from agents.classify.classifier import Classifier
from agents.classify.deciders import Deciders
from agents.classify.fallback import PROBE_S, OfflineWhenAway, SecondOpinion
from agents.classify.hosted import HostedClassifier, HostedModel, MeteredModel
from agents.classify.settings import ClassifySettings
from agents.classify.undecided import Undecided
from schemas import CallClassified, CallTranscribed, Event, Taxonomies, Taxonomy
from streams.errors import CallsiftError
from streams.processing import Agent
from streams.topics import REPROCESS, Topic

if TYPE_CHECKING:
    from agents.classify.offline.model import OfflineModel


class ClassifyAgent(Agent[CallTranscribed]):
    """Turns CallTranscribed into CallClassified; repeated with the same versions it gives the same identifier."""

    def __init__(self, deciders: Deciders, confidence_floor: float) -> None:
        """Make the agent; below ``confidence_floor`` (0 to 1) a call is Uncertain."""
        self._deciders = deciders
        self._floor = confidence_floor
        self._old_calls = asyncio.Lock()

    def needs_dependency(self, call: CallTranscribed) -> bool:
        """Nobody is asked about a call in which the customer said nothing."""
        return core.customer_spoke(call)

    def side_output(self, call: CallTranscribed, result: Event) -> tuple[Topic, Event] | None:
        """What was decided provisionally goes into the lane, where it waits to be decided anew."""
        if not (isinstance(result, CallClassified) and result.provisional):
            return None
        return REPROCESS, CallTranscribed.following(call)  # an event of its own

    async def work(self, call: CallTranscribed) -> CallClassified:
        """Classify a call."""
        taxonomy, classifier = self._deciders.of(call)
        if not core.customer_spoke(call):
            result = core.empty_call(call, taxonomy)
        else:
            # a live call waits for its turn at the model behind one old call at the most
            turn: AbstractAsyncContextManager[None] = self._old_calls if call.gives_way else nullcontext()
            async with turn:
                answer = await classifier.classify(call.turns, ended_at=call.ended_at)
            result = core.classified(call, answer, classifier.source, taxonomy, self._floor)
        metrics.DECISIONS.labels(result.classifier, result.decision.category).inc()
        metrics.PROVISIONAL.inc(result.provisional)
        return result


class Files(NamedTuple):
    """What classifiers are made of besides settings and taxonomy; None: what lies beside that, or is shipped."""

    prompt: Path | None = None
    """Template of the hosted model's prompt."""
    model: Path | None = None
    """Model of the offline classifier."""


SHIPPED = Files()


def make_deciders(settings: ClassifySettings, taxonomies: Taxonomies) -> Deciders:
    """Make the classifier that the settings choose for each taxonomy; if hosted, limits and budget are of them all.

    Raises:
        CallsiftError: A model or a prompt is not what it should be, or does not fit its taxonomy.
    """
    model = MeteredModel(make_model(settings), settings) if settings.is_hosted else None
    return Deciders(taxonomies, lambda taxonomy: make_classifier(settings, taxonomy, model=model))


def make_classifier(
    settings: ClassifySettings,
    taxonomy: Taxonomy,
    *,
    probe_s: float = PROBE_S,
    files: Files = SHIPPED,
    model: MeteredModel | None = None,
) -> Classifier:
    """Make the classifier that the settings choose; only its own libraries are imported.

    Where another stands in for it, it is asked every ``probe_s`` seconds whether it is back. A hosted ``model`` that
    others ask, too, can be given.

    Raises:
        CallsiftError: One of the ``files`` is not what it should be, or does not fit the taxonomy.
    """
    if settings.chosen == "none":
        return Undecided(taxonomy)
    if settings.chosen == "offline":
        return _offline(taxonomy, files)
    hosted: Classifier = HostedClassifier(model or make_model(settings), settings, taxonomy, files.prompt)
    if settings.agreement == "offline":
        hosted = SecondOpinion(hosted, _offline(taxonomy, files))
    if settings.when_away == "offline":
        return OfflineWhenAway(hosted, _offline(taxonomy, files), probe_s=probe_s)
    return hosted


def make_model(settings: ClassifySettings) -> HostedModel:
    """Make the SDK's client that the settings choose."""
    if settings.chosen == "gemini-legacy":
        from agents.classify.hosted.gemini_legacy import LegacyGeminiModel  # noqa: PLC0415

        return LegacyGeminiModel(settings)
    from agents.classify.hosted.gemini import GeminiModel  # noqa: PLC0415

    return GeminiModel(settings)


def offline_model(taxonomy: Taxonomy, files: Files = SHIPPED) -> "OfflineModel | None":
    """Return the offline classifier's model: that of the ``files``, or the one beside the taxonomy.

    Where there is none, it is the shipped one for the shipped taxonomy or one with its leaves; None for any other.

    Raises:
        CallsiftError: The file is no model.
    """
    from agents.classify.offline.classifier import MODEL  # noqa: PLC0415
    from agents.classify.offline.model import shipped_model  # noqa: PLC0415

    if path := files.model or taxonomy.beside(MODEL):
        return _model(path)
    shipped = shipped_model()
    return shipped if set(shipped.leaves) <= taxonomy.leaves.keys() else None


def _offline(taxonomy: Taxonomy, files: Files) -> Classifier:
    from agents.classify.offline.classifier import TRAIN, OfflineClassifier  # noqa: PLC0415

    model = offline_model(taxonomy, files)
    if model is None:
        raise CallsiftError(f"there is no offline model for taxonomy {taxonomy.version}", TRAIN)
    return OfflineClassifier(taxonomy, model)


def _model(path: Path) -> "OfflineModel":
    from agents.classify.offline.model import OfflineModel  # noqa: PLC0415

    try:
        return OfflineModel.load(path)
    except (OSError, ValueError, KeyError) as error:
        raise CallsiftError(
            f"{path} is no model of the offline classifier: {type(error).__name__}", "Make one: callsift train --output"
        ) from None
