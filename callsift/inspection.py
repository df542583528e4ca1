"""One recording through the stages' pure cores in this process, without Kafka: to understand one call."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agents.audio.agent import addresses, audio_options
from agents.audio.core import prepare
from agents.audio.settings import AudioSettings
from agents.classify import core as classify
from agents.classify.agent import make_classifier
from agents.classify.settings import ClassifySettings
from agents.transcribe.core import merge_turns, spans_to_decode, transcribed
from agents.transcribe.corrections import corrections_of
from agents.transcribe.languages import accepted_language
from agents.transcribe.models import SpeechModel, SpeechModels
from agents.transcribe.recognise import recognise
from agents.transcribe.settings import TranscribeSettings
from agents.transcribe.span import AudioSpan
from schemas import (
    AudioReady,
    CallClassified,
    CallEnded,
    CallTranscribed,
    ClaimCheck,
    Recording,
    Speaker,
    Taxonomy,
    Turn,
    Word,
)


@dataclass(frozen=True)
class Inspected:
    """What each stage would publish for a recording."""

    audio: AudioReady
    transcript: CallTranscribed
    classified: CallClassified
    cpu_s: dict[str, float]
    """Seconds of CPU that each stage took in this process."""
    prepared_bytes: int
    """Size of the prepared audio."""


def inspect_recording(
    recording: Recording,
    language: str | None,
    audio: AudioSettings,
    transcribe: TranscribeSettings,
    settings: ClassifySettings,
) -> Inspected:
    """Run a recording, whose addresses are local paths, through all stages.

    Raises:
        CallsiftError: What the stage would put on the dead-letter topic.
    """
    taxonomy = Taxonomy.load()  # before minutes of work, if it cannot be used
    with prepared_call(recording, language, audio) as (ready, flac, prepared_s):
        began = time.process_time()
        transcript = _transcribed(ready, flac, transcribe)
        said = time.process_time()
        decided = _classified(transcript, settings, taxonomy)
        seconds = {"audio": prepared_s, "transcribe": said - began, "classify": time.process_time() - said}
    return Inspected(ready, transcript, decided, seconds, ready.audio.size_bytes)


@contextmanager
def prepared_call(
    recording: Recording, language: str | None, audio: AudioSettings
) -> Iterator[tuple[AudioReady, Path, float]]:
    """Prepare a recording, whose addresses are local paths, as the audio stage does.

    Yields:
        What the stage would publish, the prepared audio for as long as the block runs, and seconds of CPU.

    Raises:
        CallsiftError: What the stage would put on the dead-letter topic.
    """
    call = CallEnded(call_id="inspected", ended_at=datetime.now(UTC), recording=recording, language=language)
    with tempfile.TemporaryDirectory(prefix="callsift-") as folder:
        flac = Path(folder) / "prepared.flac"
        files = {uri: Path(uri) for uri in addresses(recording)}
        began = time.process_time()
        prepared = prepare(recording, files, flac, audio_options(audio))
        ready = AudioReady.following(
            call,
            audio=ClaimCheck(uri="nowhere:", size_bytes=flac.stat().st_size, sha256="0" * 64),
            audio_channels=prepared.speakers,
            recording_facts=prepared.recording_facts,
            speech=prepared.speech,
            figures=prepared.figures,
        )
        yield ready, flac, time.process_time() - began


def heard_turns(ready: AudioReady, flac: Path, settings: TranscribeSettings) -> tuple[Turn, ...]:
    """Return what the recogniser itself hears, before corrections and redaction.

    Raises:
        CallsiftError: What the stage would put on the dead-letter topic.
    """
    words: dict[Speaker, list[Word]] = {speaker: [] for speaker in ready.audio_channels}
    for span, found in _recognised(ready, flac, settings)[1]:
        words[ready.audio_channels[span.channel]] += found
    return merge_turns(words)


def _transcribed(ready: AudioReady, flac: Path, settings: TranscribeSettings) -> CallTranscribed:
    model, decoded = _recognised(ready, flac, settings)
    accepted_language(model.language, settings.partly_redacted)
    return transcribed(
        ready,
        decoded,
        language=model.language,
        speech_model=model.fingerprint,
        corrections=corrections_of(settings),
    )


def _recognised(
    ready: AudioReady, flac: Path, settings: TranscribeSettings
) -> tuple[SpeechModel, list[tuple[AudioSpan, list[Word]]]]:
    model, spans = SpeechModels(settings).chosen(ready.language), spans_to_decode(ready)
    return model, list(zip(spans, recognise(flac, spans, model.folder), strict=True))


def _classified(transcript: CallTranscribed, settings: ClassifySettings, taxonomy: Taxonomy) -> CallClassified:
    if not classify.customer_spoke(transcript):
        return classify.empty_call(transcript, taxonomy)
    classifier = make_classifier(settings, taxonomy)
    answer = asyncio.run(classifier.classify(transcript.turns))
    return classify.classified(transcript, answer, classifier.source, taxonomy, settings.confidence_floor)
