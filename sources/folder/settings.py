"""Settings of a watched folder."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, model_validator

from schemas import Channels
from sources.fields import ZoneName
from sources.folder.names import CHANNELS, Names, Preset


class FolderSource(BaseModel):
    """A folder, share or bucket in which a PBX leaves its recordings; ``callsift source folder`` watches it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)

    path: str = Field(min_length=1)
    """The folder, or a bucket such as s3://bucket/recordings; what lies in folders beneath it counts."""
    address: str = ""
    """Where the audio stage finds the same folder, such as file:///mnt/recordings. Unset: where this process does."""
    preset: Preset = "any"
    """Whose names the recordings have."""
    pattern: str | None = None
    """A regular expression for names of another kind, instead of the preset's (docs/watched-folder.md)."""
    time_zone: ZoneName = "UTC"
    """Time zone of the times in names, as the PBX is set: Europe/Istanbul."""
    channels: Channels | None = None
    """Who is where in two-channel files: {customer: 1, agent: 0}. Unset: as the preset knows it, else as
    the audio stage expects it."""
    call_id_prefix: str = Field(default="", max_length=40)
    """Put before every call's identifier, where several PBXs may give the same."""
    sidecar_required: bool = False
    """Whether a recording waits until its JSON is there. What is there is read in any case."""
    poll_s: PositiveFloat = 5.0
    """Seconds from one look at the folder to the next; longer where a look takes more than a fifth of that."""
    settle_s: PositiveFloat = 10.0
    """Seconds for which a file has to be seen unchanged before it is taken."""
    unclosed_s: PositiveFloat = 3600.0
    """The same for a WAV file whose header says that its writer has not closed it: a recorder that was killed."""

    @model_validator(mode="after")
    def _pattern_is_one(self) -> Self:
        Names(self.preset, self.pattern)
        return self

    @property
    def who_is_where(self) -> Channels | None:
        """Who is on which channel; None: as the audio stage expects it."""
        return self.channels or CHANNELS.get(self.preset)
