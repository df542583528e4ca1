"""What the audio stage computes: from files on disk to prepared audio and who spoke when. No Kafka, no network."""

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile

from agents.audio.channels import SAMPLE_RATE_HZ, Signal, from_file_per_speaker, from_one_file
from agents.audio.decode import Decoded, decode
from agents.audio.figures import speech_figures
from agents.audio.prepared import Hearing, Prepared
from agents.audio.vad import speech_segments
from schemas import FilePerSpeaker, OneFile, Recording, RecordingFacts, Speaker


def prepare(recording: Recording, files: Mapping[str, Path], hearing: Hearing) -> Prepared:
    """Decode a recording, split it by speaker and find the speech in it.

    Args:
        recording: As the event describes it.
        files: Where the content of each address that the recording names lies on disk.
        hearing: How to listen.

    Raises:
        UndecodableRecording: Nothing in a file can be decoded.
        ChannelMissing: A speaker has no channel.
    """
    match recording:
        case OneFile(uri=uri, channels=channels):
            first = decode(files[uri])
            lost_s = first.lost_s
            signals = from_one_file(first, channels or dict(hearing.channels))
        case FilePerSpeaker(customer=customer, agent=agent):
            first, second = decode(files[customer.uri]), decode(files[agent.uri])
            lost_s = max(first.lost_s, second.lost_s)
            legs = {Speaker.CUSTOMER: (first, customer.offset_s), Speaker.AGENT: (second, agent.offset_s)}
            signals = from_file_per_speaker(legs)
    return _listen(signals, first, lost_s, hearing)


def warm_up() -> None:
    """Load every library and model that ``prepare`` uses; its first use takes seconds."""
    silence = Decoded(np.zeros((2, 8000), np.float32), sample_rate_hz=8000, codec="none", lost_s=0.0)
    hearing = Hearing({Speaker.CUSTOMER: 0, Speaker.AGENT: 1}, threshold=0.5, min_silence_s=0.3)
    _listen(from_one_file(silence, dict(hearing.channels)), silence, 0.0, hearing)


def _listen(signals: dict[Speaker, Signal], first: Decoded, lost_s: float, hearing: Hearing) -> Prepared:
    duration_s = max(signal.size for signal in signals.values()) / SAMPLE_RATE_HZ
    speech = {
        speaker: speech_segments(signal, threshold=hearing.threshold, min_silence_s=hearing.min_silence_s)
        for speaker, signal in signals.items()
    }
    return Prepared(
        flac=_flac(signals),
        recording_facts=RecordingFacts(
            duration_s=round(duration_s, 3),
            codec=first.codec,
            sample_rate_hz=first.sample_rate_hz,
            damaged=lost_s > 0,
            lost_s=round(lost_s, 3),
        ),
        speech=speech,
        figures=speech_figures(speech, duration_s),
    )


def _flac(signals: dict[Speaker, Signal]) -> bytes:
    both = np.stack([signals[Speaker.CUSTOMER], signals[Speaker.AGENT]], axis=1)
    file = io.BytesIO()
    soundfile.write(file, both, SAMPLE_RATE_HZ, format="FLAC", subtype="PCM_16")
    return file.getvalue()
