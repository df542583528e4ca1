"""Prepared audio of the demo recordings, as the transcribe stage takes it."""

import tempfile
from functools import cache
from pathlib import Path

import soundfile

from agents.audio.core import prepare
from agents.audio.prepared import AudioOptions, Prepared
from schemas import SIDES, AudioReady, Speaker, SpeechSegment
from streams.payloads.claim_check import ClaimCheckStore
from tests.agents.demo_calls import RECORDINGS, demo_calls
from tests.schemas.examples import audio_ready
from tests.stored import entries

CALLS = demo_calls()
OPTIONS = AudioOptions(channels=dict(zip(SIDES, (0, 1), strict=True)), threshold=0.5, min_silence_s=0.3)


def prepared(name: str, flac: Path) -> Prepared:
    """Prepare a demo recording as the audio stage does."""
    recording = CALLS[name].recording
    return prepare(recording, {uri: RECORDINGS / uri for uri in recording.uris}, flac, OPTIONS)


@cache
def ready(name: str, store: ClaimCheckStore) -> AudioReady:
    """Put the prepared audio of a demo recording into the store."""
    with tempfile.TemporaryDirectory() as folder:
        flac = Path(folder) / "prepared.flac"
        facts = prepared(name, flac)
        claim = store.put_file(f"prepared/{name}.flac", flac)
    return audio_ready().model_copy(
        update={
            "audio": claim,
            "audio_channels": facts.speakers,
            "speech": facts.speech,
            "recording_facts": facts.recording_facts,
            "figures": facts.figures,
        }
    )


def checkpoints(store: ClaimCheckStore) -> list[str]:
    """Return the names of the checkpoints in a store; one that is still being written is none yet."""
    return [entry.name for entry in entries(store, "decoded") if entry.name.endswith(".json")]


def one_after_another(name: str, times: int, store: ClaimCheckStore) -> AudioReady:
    """Make a long call: a demo recording many times over."""
    once = ready(name, store)
    with tempfile.TemporaryDirectory() as folder:
        flac = Path(folder) / "once.flac"
        store.get_file(once.audio, flac)
        samples, rate_hz = soundfile.read(flac, dtype="int16", always_2d=True)
        with soundfile.SoundFile(Path(folder) / "long.flac", "w", rate_hz, samples.shape[1], "PCM_16") as long:
            for _ in range(times):
                long.write(samples)
        claim = store.put_file(f"prepared/{name}-{times}.flac", Path(folder) / "long.flac")
    length_s = len(samples) / rate_hz
    facts = once.recording_facts.model_copy(update={"duration_s": length_s * times})
    speech = {
        speaker: tuple(_later(segment, n * length_s) for n in range(times) for segment in once.speech[speaker])
        for speaker in (Speaker.CUSTOMER, Speaker.AGENT)
    }
    return once.model_copy(update={"audio": claim, "recording_facts": facts, "speech": speech})


def _later(segment: SpeechSegment, by_s: float) -> SpeechSegment:
    return SpeechSegment(start_s=segment.start_s + by_s, end_s=segment.end_s + by_s)
