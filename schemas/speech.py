"""Parts that describe sound: who spoke when, and where the sound lies."""

from enum import StrEnum
from typing import Self

from pydantic import Field, NonNegativeFloat, NonNegativeInt, model_validator

from schemas.event import Part


class Speaker(StrEnum):
    """Who speaks."""

    CUSTOMER = "customer"
    AGENT = "agent"
    UNDIVIDED = "undivided"
    """Customer and agent together, in a recording that does not keep them apart."""


SIDES = (Speaker.CUSTOMER, Speaker.AGENT)
"""Who can have a channel or a file of their own."""


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


class SpeakerFigures(Part):
    """What one speaker did in the call."""

    talk_s: NonNegativeFloat
    """Seconds of speech (talk time)."""
    talk_ratio: float = Field(ge=0.0, le=1.0)
    """Talk time as a share of the recording's length; 0 for an empty recording."""
    segments: NonNegativeInt
    """Number of stretches of speech."""
    interruptions: NonNegativeInt = 0
    """How often this speaker began while the other spoke, and still spoke when the other had stopped."""
    response_gap_median_s: NonNegativeFloat | None = None
    """Median of the pauses before this speaker answered the other, in seconds; null where it never happened."""
    response_gap_p90_s: NonNegativeFloat | None = None
    """90th percentile of the same pauses, in seconds."""
    turns: NonNegativeInt | None = None
    """Number of turns in the transcript; null before the call is transcribed."""
    words: NonNegativeInt | None = None
    """Number of words recognised; null before the call is transcribed."""
    words_per_minute: NonNegativeFloat | None = None
    """Words per minute of talk time; null before the call is transcribed, and for a speaker who did not speak."""


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
    overlaps: NonNegativeInt = 0
    """How often both began to speak at once."""
