"""One recording through the stages' pure cores in this process, without Kafka: to understand one call."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agents.audio.agent import addresses, hearing
from agents.audio.core import prepare
from agents.audio.settings import AudioSettings
from agents.classify import core as classify
from agents.classify.agent import make_classifier
from agents.classify.settings import ClassifySettings
from agents.transcribe.agent import CHANNELS
from agents.transcribe.core import merge_turns, spans_to_decode
from agents.transcribe.recognise import fingerprint, recognise
from schemas import AudioReady, CallClassified, CallEnded, CallTranscribed, ClaimCheck, Recording, Speaker, Taxonomy


@dataclass(frozen=True)
class Inspected:
    """What each stage would publish for a recording."""

    audio: AudioReady
    transcript: CallTranscribed
    classified: CallClassified


def inspect_recording(
    recording: Recording,
    model: Path,
    audio: AudioSettings,
    settings: ClassifySettings,
    *,
    language: str,
    context_s: float,
) -> Inspected:
    """Run a recording, whose addresses are local paths, through all stages.

    Raises:
        CallsiftError: What the stage would put on the dead-letter topic.
    """
    taxonomy = Taxonomy.load()
    call = CallEnded(call_id="inspected", ended_at=datetime.now(UTC), recording=recording)
    prepared = prepare(recording, {uri: Path(uri) for uri in addresses(recording)}, hearing(audio))
    digest = hashlib.sha256(prepared.flac).hexdigest()
    ready = AudioReady.following(
        call,
        audio=ClaimCheck(uri="memory:", size_bytes=len(prepared.flac), sha256=digest),
        recording_facts=prepared.recording_facts,
        speech=prepared.speech,
        figures=prepared.figures,
    )
    words = {}
    for speaker, channel in CHANNELS.items():
        spans = spans_to_decode(ready.speech[Speaker(speaker)], context_s, ready.recording_facts.duration_s)
        words[speaker] = recognise(prepared.flac, channel, spans, model)
    transcript = CallTranscribed.following(
        ready, turns=merge_turns(words), language=language, speech_model=fingerprint(model)
    )
    return Inspected(ready, transcript, _classified(transcript, settings, taxonomy))


def _classified(transcript: CallTranscribed, settings: ClassifySettings, taxonomy: Taxonomy) -> CallClassified:
    if not classify.customer_spoke(transcript):
        return classify.empty_call(transcript, taxonomy)
    classifier = make_classifier(settings, taxonomy)
    answer = asyncio.run(classifier.classify(transcript.turns))
    return classify.classified(transcript, answer, classifier.source, taxonomy, settings.confidence_floor)
