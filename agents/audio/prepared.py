"""What goes into a child process and comes out of it. Light: the worker process itself never imports PyAV."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas import RecordingFacts, Speaker, SpeechFigures, SpeechSegment


@dataclass(frozen=True)
class AudioOptions:
    """The part of the stage's settings that the computation needs."""

    channels: Mapping[Speaker, int] | None
    """Who is on which channel where the event does not say; None: on two channels the customer is the first."""
    threshold: float
    """Probability above which a frame counts as speech."""
    min_silence_s: float
    """Pauses shorter than this, in seconds, do not end a stretch of speech."""


@dataclass(frozen=True)
class Prepared:
    """What comes of a recording, besides the prepared audio."""

    speakers: tuple[Speaker, ...]
    """Who is on which channel of the prepared audio, in order."""
    recording_facts: RecordingFacts
    speech: dict[Speaker, tuple[SpeechSegment, ...]]
    figures: SpeechFigures
    peaks: bytes
    """The waveform, as ``agents.audio.peaks`` writes it."""
