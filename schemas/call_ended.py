"""calls.ended: the PBX says that a call is over, and where its recording is or that there is none."""

import json
from collections.abc import Callable
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, NonNegativeInt, model_validator

from schemas.event import DISPOSITIONS, CallEvent, Part
from schemas.speech import SIDES, Speaker

LONGEST_CALL_S = 24 * 3600.0
"""The most that a call may last: what is said to be longer is a mistake, and would cost as much as it says."""

LARGEST_CALL_BYTES = 256 * 1024
"""The most that a call-ended event may have as JSON: all of it but the recording travels on to the outcome."""


def _one_channel_each(channels: dict[Speaker, int]) -> dict[Speaker, int]:
    if channels.keys() != set(SIDES):
        raise ValueError(f"channels must name every speaker: {', '.join(SIDES)}")
    if len(set(channels.values())) < len(channels):
        raise ValueError("two speakers share a channel; give each speaker a channel of its own")
    return channels


Channels = Annotated[dict[Speaker, NonNegativeInt], AfterValidator(_one_channel_each)]
"""Which channel (counted from 0) each speaker is on."""


class SoundFormat(Part):
    """What is in a recording without a header, as some PBXs write it."""

    encoding: Literal["ulaw", "alaw", "s16le", "s16be"]
    """G.711 µ-law or A-law, or signed 16 bit, its lower or its higher byte first."""
    sample_rate_hz: int = Field(default=8000, ge=4000, le=384_000)
    """Samples per second and channel."""
    channels: int = Field(default=1, ge=1, le=8)
    """Channels, their samples in turns."""


class OneFile(Part):
    """A recording with every speaker on a channel of one file."""

    uri: str = Field(min_length=1)
    """Where the recording is: http, https, file, s3 or any other scheme with an fsspec driver."""
    channels: Channels | None = None
    """Which channel (counted from 0) each speaker is on. Absent: as the audio stage's settings say."""
    format: SoundFormat | None = None
    """What is in a file without a header. Absent: its name says it, or it has a header."""

    @property
    def uris(self) -> tuple[str, ...]:
        """The address of the file."""
        return (self.uri,)

    def moved(self, to: Callable[[str], str]) -> Self:
        """Return the recording with each address as ``to`` makes it of the old one."""
        return self.model_copy(update={"uri": to(self.uri)})


class SpeakerFile(Part):
    """One speaker's own file."""

    uri: str = Field(min_length=1)
    """Where the recording is."""
    offset_s: float = Field(default=0.0, ge=0.0, le=LONGEST_CALL_S)
    """Seconds from the start of the call to the start of this file."""
    format: SoundFormat | None = None
    """What is in a file without a header. Absent: its name says it, or it has a header."""


class FilePerSpeaker(Part):
    """A recording with one file per speaker, as PBXs write that record each leg."""

    customer: SpeakerFile
    """The customer's leg."""
    agent: SpeakerFile
    """The agent's leg."""

    @model_validator(mode="after")
    def _each_has_a_file(self) -> Self:
        if self.customer.uri == self.agent.uri:
            raise ValueError(
                "customer and agent name the same file; name it once as recording.uri, with each on a channel"
            )
        return self

    @property
    def uris(self) -> tuple[str, ...]:
        """The addresses of the files, the customer's first."""
        return (self.customer.uri, self.agent.uri)

    def moved(self, to: Callable[[str], str]) -> Self:
        """Return the recording with each address as ``to`` makes it of the old one."""
        legs = {"customer": self.customer, "agent": self.agent}
        return self.model_copy(update={who: leg.model_copy(update={"uri": to(leg.uri)}) for who, leg in legs.items()})


Recording = OneFile | FilePerSpeaker


class CallEnded(CallEvent):
    """A call has ended; its recording can be fetched, or there is none."""

    recording: Recording | None
    """Where the recording is and who is on which channel or file. null: there is none, as of calls that nobody
    answered; then ``disposition`` has to say how the call went."""
    language: str | None = Field(default=None, min_length=2)
    """Language of the call as a BCP 47 tag, if the PBX knows it. Absent: the transcribe stage's default."""

    @model_validator(mode="after")
    def _without_a_recording_says_how_it_went(self) -> Self:
        if self.recording is None and self.disposition is None:
            raise ValueError(
                f"a call without a recording says how it went: set disposition to one of {', '.join(DISPOSITIONS)}"
            )
        return self

    @model_validator(mode="after")
    def _can_be_carried(self) -> Self:
        size = len(self.model_dump_json().encode())
        if size > LARGEST_CALL_BYTES:
            sizes = {name: len(json.dumps(value)) for name, value in self.model_dump(mode="json").items()}
            largest = max(sizes, key=sizes.__getitem__)
            raise ValueError(
                f"{largest[:50]} has {sizes[largest]} bytes as JSON, and the whole event {size}; every event about the "
                f"call and its outcome carry it, so a call-ended event may have {LARGEST_CALL_BYTES}. Keep what is "
                "large elsewhere, and send its address"
            )
        return self
