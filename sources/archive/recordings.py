"""A folder or bucket of recordings as an archive: what a watched folder makes of them, all at once. Blocks."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sources.archive.old_call import OldCall, of_content
from sources.folder import wav
from sources.folder.call import File, Rules, chosen, content, starts
from sources.folder.listing import FolderAway, Place
from sources.folder.local_time import LONGEST_CALL
from sources.folder.names import Names
from sources.folder.settings import FolderSource
from sources.observation import Refused

_LARGEST_SIDECAR = 256 * 1024


class _Listed(NamedTuple):
    path: str
    size_bytes: int
    modified_at: float


class Recordings:
    """The recordings below one place, newest call first. Files that still grow do not belong in an archive."""

    def __init__(self, settings: FolderSource, since: datetime | None) -> None:
        """List them: memory is that of their names. Where a name says that a call is older, nobody looks at its file.

        Raises:
            FolderAway: The place cannot be listed.
        """
        self._place, self._names = Place(settings.path), Names(settings.preset, settings.pattern)
        address = settings.address.rstrip("/") or self._place.address
        zone = ZoneInfo(settings.time_zone)
        self._rules = Rules(address, zone, settings.who_is_where, settings.call_id_prefix)
        self._calls = self._listed(since)
        self._hidden = len(self._place.forbidden)

    def __len__(self) -> int:
        """Return how many calls there are."""
        return len(self._calls)

    def __iter__(self) -> Iterator[OldCall]:
        """Yield the calls; a file that cannot be read is refused, and the others go on. So is what cannot be listed."""
        if self._hidden:
            why, cure = (
                f"{self._hidden} files or folders may not be read",
                "Give this user r on files, r and x on folders",
            )
            yield OldCall("the archive", Refused("unreadable", why, cure))
        newest_first = sorted(self._calls, key=lambda files: -max(file.modified_at for file in files))
        for number, files in enumerate(newest_first, start=1):
            place = f"recording {number}"
            try:
                yield self._call(place, files)
            except Refused as refused:
                yield OldCall(place, refused)
            except FolderAway as away:
                yield OldCall(place, Refused("unreadable", away.message, away.cure))

    def _listed(self, since: datetime | None) -> list[list[_Listed]]:
        calls: dict[str, list[_Listed]] = {}
        for entry in self._place.entries():
            if (named := self._names.read(entry.path)) is None:
                continue
            began = min(starts(named, self._rules.zone), default=None)
            if since is not None and began is not None and began < since - LONGEST_CALL:
                continue
            try:
                size_bytes, modified_at = entry.look()
            except (FileNotFoundError, PermissionError):
                continue
            if size_bytes > wav.EMPTY_BYTES or named.role == "sidecar":
                calls.setdefault(named.key, []).append(_Listed(entry.path, size_bytes, modified_at))
        return [files for files in calls.values() if any(not _is_sidecar(file.path) for file in files)]

    def _call(self, place: str, listed: list[_Listed]) -> OldCall:
        named = [(one, self._names.read(one.path)) for one in listed]
        files = [File(one.path, one.size_bytes, one.modified_at, name) for one, name in named if name is not None]
        recording = chosen([file for file in files if file.named.role != "sidecar"])
        headers = {file.path: self._header(file) for file in recording.values()}
        told = content(recording, headers, self._sidecar(files), self._rules)
        lengths = [header.seconds for header in headers.values() if header and header.seconds is not None]
        return of_content(place, told, max(lengths, default=None))

    def _header(self, file: File) -> wav.Header | None:
        if not file.path.lower().endswith((".wav", ".wav49")):
            return None
        return wav.header(self._place.read(file.path, wav.HEAD_BYTES), file.size_bytes)

    def _sidecar(self, files: list[File]) -> dict[str, Any]:
        path = max((file.path for file in files if file.named.role == "sidecar"), default=None)
        if path is None:
            return {}
        try:
            told = json.loads(self._place.read(path, _LARGEST_SIDECAR))
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise Refused("unreadable", "the JSON beside a recording is no object", "Write one, or remove the file")
        return told


def _is_sidecar(path: str) -> bool:
    return path.lower().endswith(".json")
