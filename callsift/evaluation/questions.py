"""What is asked about a labelled call, and who answers: a classifier about words, the whole chain about a recording."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from agents.classify import core
from agents.classify.agent import make_classifier
from agents.classify.labelled import Dialogue, RecordedCall
from agents.classify.settings import ClassifySettings
from callsift.evaluation.predictions import digest
from schemas import (
    CallClassified,
    CallTranscribed,
    OneFile,
    RecordingFacts,
    SpeechFigures,
    Taxonomy,
    Turn,
)
from streams.errors import CallsiftError

_SECONDS_A_TURN = 3.0
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)
"""A labelled dialogue does not say when it was; one and the same instant keeps answers repeatable."""


@dataclass(frozen=True)
class Question:
    """One labelled call, ready to be asked about."""

    call: Dialogue | RecordedCall
    content: str
    """Digest of what is asked about."""
    key: str
    """Digest of that and of who answers."""
    ask: Callable[[], Awaitable[CallClassified]]


class Asking(Protocol):
    """Makes questions of calls."""

    def __call__(self, call: Dialogue | RecordedCall, /) -> Question:
        """Make the question about one call; nobody is asked yet."""


def about_words(settings: ClassifySettings, taxonomy: Taxonomy) -> Asking:
    """Ask the classifier that the settings choose, as the classify stage does, with no confidence floor."""
    classifier = make_classifier(settings, taxonomy)
    source = (classifier.source.classifier, classifier.source.model, classifier.source.prompt, taxonomy.version)

    async def classified(dialogue: Dialogue) -> CallClassified:
        call = _transcribed(dialogue)
        if not core.customer_spoke(call):
            return core.empty_call(call, taxonomy)
        answer = await classifier.classify(call.turns)
        return core.classified(call, answer, classifier.source, taxonomy, 0.0)

    def question(call: Dialogue | RecordedCall, /) -> Question:
        assert isinstance(call, Dialogue)  # noqa: S101 - the caller chooses by type
        content = digest([(turn.speaker, turn.text) for turn in call.turns])
        return Question(call, content, digest(content, source), lambda: classified(call))

    return question


def about_recordings(settings: ClassifySettings, taxonomy: Taxonomy) -> Asking:
    """Send recordings through all stages in this process, one at a time: each takes every core for itself."""
    from agents.audio.settings import AudioSettings  # noqa: PLC0415
    from agents.transcribe.settings import TranscribeSettings  # noqa: PLC0415
    from callsift.inspection import inspect_recording  # noqa: PLC0415

    audio, transcribe = AudioSettings.read(), TranscribeSettings.read()
    source = make_classifier(settings, taxonomy).source
    answerer = (source.classifier, source.model, source.prompt, taxonomy.version)
    heard_with = (audio.model_dump(mode="json"), transcribe.model_dump(mode="json"))
    unsure = settings.model_copy(update={"confidence_floor": 0.0})
    one_at_a_time = asyncio.Lock()

    def heard(call: RecordedCall) -> CallClassified:
        return inspect_recording(call.recording, call.language, audio, transcribe, unsure).classified

    async def classified(call: RecordedCall) -> CallClassified:
        async with one_at_a_time:
            return await asyncio.to_thread(heard, call)

    def question(call: Dialogue | RecordedCall, /) -> Question:
        assert isinstance(call, RecordedCall)  # noqa: S101 - the caller chooses by type
        recording = call.recording
        paths = [recording.uri] if isinstance(recording, OneFile) else [recording.customer.uri, recording.agent.uri]
        content = digest([_file_digest(Path(path)) for path in paths])
        layout = recording.model_dump(mode="json", exclude={"uri": True, "customer": {"uri"}, "agent": {"uri"}})
        return Question(
            call, content, digest(content, layout, call.language, heard_with, answerer), lambda: classified(call)
        )

    return question


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CallsiftError(f"cannot read {path}: {error.strerror}", "Name a recording that exists") from None


def _transcribed(dialogue: Dialogue) -> CallTranscribed:
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
