"""The classify stage's agent: asks a classifier, unless there is nothing to ask about."""

from agents.classify import core, metrics
from agents.classify.classifier import Classifier
from agents.classify.settings import ClassifySettings
from schemas import CallClassified, CallTranscribed, Taxonomy
from streams.runner import Agent


class ClassifyAgent(Agent[CallTranscribed]):
    """Turns CallTranscribed into CallClassified; repeated with the same versions it gives the same identifier."""

    def __init__(self, classifier: Classifier, taxonomy: Taxonomy, confidence_floor: float) -> None:
        """Make the agent; below ``confidence_floor`` (0 to 1) a call is Uncertain."""
        self._classifier = classifier
        self._taxonomy = taxonomy
        self._floor = confidence_floor

    def depends(self, call: CallTranscribed) -> bool:
        """Nobody is asked about a call in which the customer said nothing."""
        return core.customer_spoke(call)

    async def work(self, call: CallTranscribed) -> CallClassified:
        """Classify a call."""
        if not core.customer_spoke(call):
            result = core.empty_call(call, self._taxonomy)
        else:
            answer = await self._classifier.classify(call.turns)
            result = core.classified(call, answer, self._classifier.source, self._taxonomy, self._floor)
        metrics.DECISIONS.labels(result.classifier, result.decision.category).inc()
        return result


def make_classifier(settings: ClassifySettings, taxonomy: Taxonomy) -> Classifier:
    """Make the classifier that the settings choose; only its own libraries are imported."""
    match settings.chosen:
        case "gemini":
            from agents.classify.gemini import GeminiClassifier  # noqa: PLC0415

            return GeminiClassifier(settings, taxonomy)
        case "gemini-legacy":
            from agents.classify.gemini_legacy import LegacyGeminiClassifier  # noqa: PLC0415

            return LegacyGeminiClassifier(settings, taxonomy)
        case "offline":
            from agents.classify.offline.classifier import OfflineClassifier  # noqa: PLC0415

            return OfflineClassifier(taxonomy)
