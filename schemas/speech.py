"""Parts that describe sound: who spoke when, and what the recording was like."""

from enum import StrEnum
from typing import Self

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, model_validator

from schemas.event import Part


class Speaker(StrEnum):
    """Who is on a channel."""

    CUSTOMER = "customer"
    AGENT = "agent"


class ClaimCheck(Part):
    """Where a payload lies that is too large for a message (the claim check pattern)."""

    uri: str
    """Address in the audio store, for fsspec."""
    size_bytes: NonNegativeInt
    """Length of the payload in bytes."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of the payload, hexadecimal."""


class SpeechSegment(Part):
    """One stretch of speech on one channel, as the voice activity detection found it."""

    start_s: NonNegativeFloat
    """Seconds from the start of the recording."""
    end_s: NonNegativeFloat
    """Seconds from the start of the recording; later than ``start_s``."""

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end_s <= self.start_s:
            raise ValueError(f"a segment must end after it starts, got {self.start_s} to {self.end_s}")
        return self


class RecordingFacts(Part):
    """What the recording turned out to be when it was decoded."""

    duration_s: NonNegativeFloat
    """Length of what could be decoded, in seconds."""
    codec: str
    """FFmpeg's name of the codec, for example pcm_mulaw; of the customer's file where there are two."""
    sample_rate_hz: PositiveInt
    """Sample rate before resampling, in hertz."""
    damaged: bool = False
    """True where the file announced more than could be decoded, or decoding met an error."""
    lost_s: NonNegativeFloat = 0.0
    """Seconds that the file announced and that could not be decoded."""


class SpeakerFigures(Part):
    """What one speaker did in the call."""

    talk_s: NonNegativeFloat
    """Seconds of speech (talk time)."""
    talk_ratio: float = Field(ge=0.0, le=1.0)
    """Talk time as a share of the recording's length; 0 for an empty recording."""
    segments: NonNegativeInt
    """Number of stretches of speech."""


class SpeechFigures(Part):
    """Talk, silence and overlap of a call."""

    speakers: dict[Speaker, SpeakerFigures]
    """Figures of each speaker."""
    silence_s: NonNegativeFloat
    """Seconds in which nobody spoke."""
    longest_silence_s: NonNegativeFloat
    """Longest stretch in which nobody spoke, in seconds."""
    overlap_s: NonNegativeFloat
    """Seconds in which both spoke at once."""
