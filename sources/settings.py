"""Settings of the ways in: one file names the sources, since each has several."""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, FilePath, model_validator
from pydantic_settings import SettingsConfigDict

from sources.asterisk.settings import AsteriskSource
from sources.endpoint_settings import EndpointSettings
from sources.fields import SourceName, ZoneName
from sources.folder.settings import FolderSource
from sources.poller.settings import PollerSource
from streams.settings import Section
from streams.yaml_file import read_yaml_file


class Webhook(BaseModel):
    """One source that sends its calls to the API, at ``/v1/webhooks/NAME``."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)

    preset: str | None = None
    """A mapping that is shipped."""
    mapping: Path | None = None
    """The file of a mapping of one's own, instead."""
    time_zone: ZoneName | None = None
    """Time zone of moments without an offset, where the mapping does not say."""
    recordings: str | None = Field(default=None, min_length=1)
    """Where the addresses of recordings begin that the PBX names by their files alone, such as s3://pbx."""
    secret_file: Path | None = None
    """File with the secret of a source that signs; of Twilio the account's auth token."""

    @model_validator(mode="after")
    def _has_one_mapping(self) -> Self:
        if (self.preset is None) == (self.mapping is None):
            raise ValueError("name a preset, or the file of a mapping, and not both")
        return self


class SourcesFile(BaseModel):
    """The sources, by name."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)

    public_url: str | None = Field(default=None, pattern=r"^https?://[^/?#\s]+(/[^?#\s]*)?$")
    """Where the API is reached from outside, such as https://calls.example.com: senders sign that address, and behind
    a proxy nobody else knows it."""
    webhooks: dict[SourceName, Webhook] = Field(default_factory=dict)
    """Those that send their calls to the API."""
    folders: dict[SourceName, FolderSource] = Field(default_factory=dict)
    """Folders, shares and buckets; ``callsift source folder NAME`` watches one."""
    asterisks: dict[SourceName, AsteriskSource] = Field(default_factory=dict)
    """PBXs with a Manager Interface; ``callsift source asterisk NAME`` listens to one."""
    pollers: dict[SourceName, PollerSource] = Field(default_factory=dict)
    """PBXs that are asked for their calls; ``callsift source poller NAME`` asks one."""
    endpoints: EndpointSettings = EndpointSettings()
    """Where outcomes may be posted to (docs/webhooks.md)."""
    state: Path | None = None
    """Folder on a disk of this machine, where it is kept what was taken and which calls go on. Unset: ``sources`` in
    the folder that CALLSIFT_HOME names, or in ``~/.callsift``."""


class SourcesSettings(Section):
    """Where calls come from besides ``calls.ended`` and ``POST /v1/calls`` (docs/sources.md)."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_SOURCES_")

    file: FilePath | None = None
    """YAML file that names the sources and says how each is read. Unset: there are none."""


def read_sources(settings: SourcesSettings) -> SourcesFile:
    """Read the file that names the sources.

    Raises:
        SettingsError: It breaks a rule; the message names the field.
    """
    cure = "Correct the file that CALLSIFT_SOURCES_FILE names; docs/sources.md shows one"
    return SourcesFile() if settings.file is None else read_yaml_file(settings.file, SourcesFile, cure)
