"""What is asked about a labelled call, and the classifier that answers by its words."""

from collections.abc import Awaitable, Callable
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import Protocol

from agents.classify import core
from agents.classify.agent import make_classifier
from agents.classify.classifier import Classifier
from agents.classify.labelled import LabelledDialogue, RecordedCall
from agents.classify.settings import ClassifySettings
from callsift.evaluation.predictions import digest
from callsift.evaluation.version import Version
from schemas import (
    CallClassified,
    CallTranscribed,
    RecordingFacts,
    SpeechFigures,
    Taxonomy,
    Turn,
)

_SECONDS_A_TURN = 3.0
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)
"""A labelled dialogue does not say when it was; one and the same instant keeps answers repeatable."""


@dataclass(frozen=True)
class Question:
    """One labelled call, ready to be asked about."""

    call: LabelledDialogue | RecordedCall
    content: str
    """Digest of what is asked about."""
    key: str
    """Digest of that and of who answers."""
    ask: Callable[[], Awaitable[CallClassified]]


class Asking(Protocol):
    """Makes questions of calls."""

    def __call__(self, call: LabelledDialogue | RecordedCall, /) -> Question:
        """Make the question about one call; nobody is asked yet."""


def about_words(version: Version) -> Asking:
    """Ask the classifier that the settings choose, as the classify stage does, with no confidence floor."""
    taxonomy = version.taxonomy
    classifier = make_classifier(measured(version.settings), taxonomy, files=version.files)
    source = answerer(classifier, taxonomy)

    async def classified(dialogue: LabelledDialogue) -> CallClassified:
        call = _transcribed(dialogue)
        if not core.customer_spoke(call):
            return core.empty_call(call, taxonomy)
        answer = await classifier.classify(call.turns)
        return core.classified(call, answer, classifier.source, taxonomy, 0.0)

    def question(call: LabelledDialogue | RecordedCall, /) -> Question:
        assert isinstance(call, LabelledDialogue)  # noqa: S101 - the caller chooses by type
        content = digest([(turn.speaker, turn.text) for turn in call.turns])
        return Question(call, content, digest(content, source), lambda: classified(call))

    return question


def measured(settings: ClassifySettings) -> ClassifySettings:
    """Return the settings with which answers are worth keeping: no floor, and nobody standing in for the classifier."""
    return settings.model_copy(update={"confidence_floor": 0.0, "when_away": "wait"})


def answerer(classifier: Classifier, taxonomy: Taxonomy) -> tuple[object, ...]:
    """Return all that decides what a classifier answers."""
    return (*astuple(classifier.source), taxonomy.version)


def _transcribed(dialogue: LabelledDialogue) -> CallTranscribed:
    """Make the event that the transcribe stage would have published; only words and speakers are known."""
    length = _SECONDS_A_TURN * len(dialogue.turns)
    return CallTranscribed(
        call_id=dialogue.id,
        ended_at=_NEVER,
        turns=tuple(
            Turn(
                speaker=turn.speaker,
                text=turn.text,
                start_s=_SECONDS_A_TURN * number,
                end_s=_SECONDS_A_TURN * (number + 1),
                confidence=1.0,
            )
            for number, turn in enumerate(dialogue.turns)
        ),
        language="tr-TR",
        speech_model="none",
        recording_facts=RecordingFacts(duration_s=length, codec="none", sample_rate_hz=16_000),
        figures=SpeechFigures(speakers={}, silence_s=0.0, longest_silence_s=0.0, overlap_s=0.0),
    )
