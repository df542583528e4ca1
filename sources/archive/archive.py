"""Which kind of archive an address names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from sources.archive.old_call import OldCall
from sources.archive.recordings import Recordings
from sources.archive.table import Table
from sources.folder.names import Preset
from sources.folder.settings import FolderSource


class Archive(Protocol):
    """Old calls, to be gone through as often as somebody likes; going through them blocks."""

    def __len__(self) -> int:
        """Return how many calls there are, before any is left out."""

    def __iter__(self) -> Iterator[OldCall]:
        """Yield the calls."""


@dataclass(frozen=True)
class ArchiveOptions:
    """How an archive is read."""

    preset: Preset = "any"
    """Whose names the recordings of a folder have."""
    pattern: str | None = None
    """A regular expression for other names (docs/watched-folder.md)."""
    time_zone: str = "UTC"
    """Time zone of the times in names and call records."""
    address: str = ""
    """Where the audio stage finds the folder, if elsewhere."""
    recordings: str | None = None
    """The address of the folder of the recordings that call records name, with %Y, %m and %d for the day."""
    prefix: str = ""
    """Put before every call's identifier."""
    trunks: Sequence[str] = ()
    """How channels to the outside begin in call records; calls without any are left out. None: no call is."""


def archive_of(address: str, options: ArchiveOptions, since: datetime | None = None) -> Archive:
    """Open the archive at an address: a table where it is a file, else a folder or bucket.

    Raises:
        CallsiftError: It cannot be read.
        ValueError: The pattern is no regular expression.
    """
    path = Path(address)
    if "://" not in address and path.is_file():
        return Table(path, ZoneInfo(options.time_zone), options.recordings, options.prefix, options.trunks)
    folder = FolderSource(
        path=address,
        preset=options.preset,
        pattern=options.pattern,
        time_zone=options.time_zone,
        address=options.address,
        call_id_prefix=options.prefix,
    )
    return Recordings(folder, since)
