"""Parts that say what a recording turned out to be when it was decoded."""

from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveInt

from schemas.event import Part
from schemas.speech import Speaker

ChannelLayout = Literal["stereo", "multichannel", "file_per_speaker", "mono", "duplicated_mono"]


class ChannelFacts(Part):
    """What one speaker's channel sounds like."""

    loudness_lufs: float | None = None
    """Integrated loudness by EBU R 128, in LUFS; null where nothing is loud enough or long enough to be measured."""
    peak_dbfs: float | None = None
    """Highest sample, in dB relative to full scale; null for digital silence."""
    clipped_ratio: float = Field(default=0.0, ge=0.0, le=1.0)
    """Share of the samples that stand at full scale. Speech above 0.001 sounds distorted."""
    dc_offset: float = Field(default=0.0, ge=-1.0, le=1.0)
    """Mean of the samples, as a share of full scale. Away from 0: a fault of the recorder."""
    dead: bool = False
    """True where nothing but silence, a constant or faint line noise is on the channel for the whole call. Speech,
    however quiet, is not dead."""
    bleed_s: NonNegativeFloat = 0.0
    """Seconds of speech that were the other speaker's, heard through, and were therefore left out here."""


class RecordingFacts(Part):
    """What the recording turned out to be when it was decoded."""

    duration_s: NonNegativeFloat
    """Length of what could be decoded, in seconds."""
    codec: str
    """FFmpeg's name of the codec, for example pcm_mulaw; of the customer's file where there are two."""
    sample_rate_hz: PositiveInt
    """Sample rate before resampling, in hertz."""
    damaged: bool = False
    """True where a part of the file could not be decoded, however short, or its end is missing. Flipped bytes in
    formats without checksums (PCM, G.711) decode as sound: they are not seen."""
    lost_s: NonNegativeFloat = 0.0
    """Seconds that could not be decoded: what was passed over, or what the file announced and does not have."""
    channel_layout: ChannelLayout | None = None
    """How the speakers were recorded. mono and duplicated_mono (the same mix on both channels): the speakers cannot
    be told apart, everything is said by the speaker "undivided". Null in events from before this was looked at."""
    channels: dict[Speaker, ChannelFacts] = Field(default_factory=dict)
    """What each speaker's channel sounds like."""
