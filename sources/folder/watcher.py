"""Watching: pass after pass over the folder; what is at rest is handed in, and only then noted as taken.

Killed between the two, a call is handed in a second time: as the same event, which makes the same outcome.
"""

import asyncio
import json
import logging
import math
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from schemas import CallEnded
from sources.folder import wav
from sources.folder.call import File, Rules, chosen, content, ended_before, is_a_lone_leg, moment, starts
from sources.folder.ledger import Known, Ledger, Seen
from sources.folder.listing import Entry, FolderAway, Place
from sources.folder.local_time import LONGEST_CALL
from sources.folder.names import Names
from sources.folder.settings import FolderSource
from sources.observation import Observation, Refused, TakesCalls
from streams.errors import CallsiftError

logger = logging.getLogger(__name__)

_AT_ONCE = 500
_WORKING_SHARE = 0.2
_LONGER = 10
"""So many times longer waits what may be better later: a leg without the other, JSON that cannot be read."""
_UNREAD = "no recording by its name"
_LARGEST_SIDECAR = 256 * 1024


class Ready(NamedTuple):
    """A call whose files are at rest."""

    files: list[Known]
    told: dict[str, Any] | Refused | None
    """The fields of its event, why there is none, or None: it is taken already."""


class Watcher:
    """One folder, watched by one process."""

    def __init__(self, name: str, settings: FolderSource, ledger: Ledger, since: datetime) -> None:
        """Take what ended at ``since`` or later and is not in the ledger."""
        self._name, self._settings, self._ledger, self._since = name, settings, ledger, since
        self._place, self._names = Place(settings.path), Names(settings.preset, settings.pattern)
        zone = ZoneInfo(settings.time_zone)
        address = settings.address.rstrip("/") or self._place.address
        self._rules = Rules(address, zone, settings.who_is_where, settings.call_id_prefix)
        self._last_pass: float | None = None
        self._counts: Counter[str] = Counter()
        self._unread = self._forbidden = 0
        self._older: dict[str, int] = {}  # sizes of what is newer than its call, which is too old: read once

    async def work(self, intake: TakesCalls) -> float:
        """Look at the folder once and hand in what is at rest; returns after how many seconds to look again.

        Raises:
            FolderAway: It cannot be read; what was handed in is noted.
        """
        began = time.monotonic()
        await asyncio.to_thread(self._pass_over)
        pause_s = max(self._settings.poll_s, (time.monotonic() - began) * (1 - _WORKING_SHARE) / _WORKING_SHARE)
        last: tuple[float, bytes] | None = (math.inf, b"")
        # then what is new comes before the rest of a long backlog
        while last is not None and time.monotonic() - began < 2 * pause_s:
            ready, last = await asyncio.to_thread(self._ready, last)
            for start in range(0, len(ready), intake.at_once):
                if not await self._hand_in(ready[start : start + intake.at_once], intake):
                    return pause_s
        return 0.0 if last else pause_s

    async def _hand_in(self, ready: list[Ready], intake: TakesCalls) -> bool:
        """Hand calls in; False: the brokers, or the API, are away, and no other would be taken."""
        for refusal in (one.told for one in ready if isinstance(one.told, Refused)):
            intake.refused(self._name, refusal)
        fine = [(one, one.told) for one in ready if isinstance(one.told, dict)]
        results = await intake.take([Observation(self._name, told) for _, told in fine])
        done = [one for one in ready if not isinstance(one.told, dict)]
        waiting: list[Ready] = []
        for (one, _), result in zip(fine, results, strict=True):
            if isinstance(result, Refused) and result.reason == "unconfirmed":
                waiting.append(one)
            else:
                done.append(one._replace(told=None if isinstance(result, CallEnded) else result))
        for one in done:
            if isinstance(one.told, Refused):  # no path: a name holds numbers of people
                newest = max(one.files, key=lambda file: file.modified_at)
                about = {"size_bytes": newest.size_bytes, "written_at": moment(newest.modified_at)}
                logger.warning(
                    "a recording is refused", extra={"reason": one.told.reason, "error": str(one.told), **about}
                )
        await asyncio.to_thread(self._ledger.done, [file for one in done for file in one.files])
        if waiting:
            logger.info("calls are not confirmed; they are handed in again at the next look")
        if intake.is_away:
            return False
        for one in waiting:  # it may be that its files have gone
            await asyncio.to_thread(self._still_there, one.files)
        return True

    def _pass_over(self) -> None:
        now = time.monotonic()
        passed_s = now - self._last_pass if self._last_pass is not None else 0.0
        seen = self._seen(self._place.entries())
        self._counts.clear()
        while some := list(islice(seen, _AT_ONCE)):
            self._ledger.note(some, passed_s)
        if self._last_pass is None:  # where the names are of another PBX, nothing else would say it
            logger.info("the folder is watched", extra={"files": dict(self._counts), "since": self._since.isoformat()})
        elif (more := self._counts[_UNREAD] - self._unread) > 0:
            logger.warning("files have come whose names are no recordings'", extra={"files": more})
        self._unread = self._counts[_UNREAD]
        if (forbidden := len(self._place.forbidden)) > self._forbidden:
            cure = "Give this process's user r on files, and r and x on folders"
            logger.warning("files or folders may not be read", extra={"count": forbidden, "cure": cure})
        self._forbidden = forbidden
        self._last_pass = now

    def _seen(self, entries: Iterable[Entry]) -> Iterator[Seen]:
        a_day_ago = time.time() - LONGEST_CALL.total_seconds()
        for entry in entries:
            if (named := self._names.read(entry.path)) is None:
                self._counts[_UNREAD] += 1
                continue
            began = min(starts(named, self._rules.zone), default=None)
            if began is not None and began < self._since - LONGEST_CALL:
                self._counts["older"] += 1  # without a look, which a share takes long for
                continue
            try:
                size_bytes, modified_at = entry.look()
            except (FileNotFoundError, PermissionError):
                continue
            if self._older.get(entry.path) == size_bytes:
                self._counts["older"] += 1
                continue
            ended_at = max(modified_at, began.timestamp() if began else 0.0)
            if ended_at >= self._since.timestamp() and (size_bytes > wav.EMPTY_BYTES or named.role == "sidecar"):
                self._counts["recordings"] += 1
                yield Seen(entry.path, named.key, size_bytes, modified_at, modified_at < a_day_ago)

    def _ready(self, before: tuple[float, bytes]) -> tuple[list[Ready], tuple[float, bytes] | None]:
        """Return some calls that are at rest, and where to go on; None there: it was the last of them."""
        waiting = self._ledger.waiting(self._settings.settle_s, before)
        calls = self._ledger.files_of(key for _, _, key in waiting)
        ready = [one for files in calls.values() if (one := self._call(files)) is not None]
        return ready, waiting[-1][:2] if waiting else None

    def _call(self, files: list[Known]) -> Ready | None:
        """Return a call that is at rest; None: it waits."""
        quiet_s = min(one.quiet_s for one in files if not one.done)
        if quiet_s < self._settings.settle_s:
            return None
        try:
            told = self._told(files, quiet_s)
            if told is None:
                return None
            if ended_before(told, self._since):  # a copy is newer than what it is a copy of
                for one in files:
                    self._older[one.path] = one.size_bytes
                    self._ledger.gone(one.path)
                return None
            before = [one for one in files if one.done]
            same = bool(before) and told == self._told(before, math.inf)
        except Refused as refused:
            return Ready(files, refused)
        except FolderAway:
            if not self._still_there(files):
                return None
            raise
        return Ready(files, None if same else told)

    def _told(self, known: list[Known], quiet_s: float) -> dict[str, Any] | None:
        """Return the fields of a call's event; None: it is not whole yet.

        Raises:
            Refused: Its JSON cannot be read, and has been quiet for long.
            FolderAway: A file cannot be read.
        """
        files = [self._file(one) for one in known]
        recording = chosen([one for one in files if one.named.role != "sidecar"])
        sidecars = [one for one in files if one.named.role == "sidecar"]
        if not recording or (self._settings.sidecar_required and not sidecars):
            return None
        if is_a_lone_leg(recording) and quiet_s < _LONGER * self._settings.settle_s:
            return None
        headers = {one.path: self._header(one) for one in recording.values()}
        if any(one and not one.closed for one in headers.values()) and quiet_s < self._settings.unclosed_s:
            return None
        sidecar: Any = {}
        if sidecars:
            try:
                sidecar = json.loads(self._place.read(max(one.path for one in sidecars), _LARGEST_SIDECAR))
            except (ValueError, RecursionError):
                sidecar = None
            if not isinstance(sidecar, dict):
                if quiet_s < _LONGER * self._settings.settle_s:
                    return None
                raise Refused("unreadable", "the JSON beside a recording is no object", "Write one, or remove the file")
        return content(recording, headers, sidecar, self._rules)

    def _header(self, file: File) -> wav.Header | None:
        if not file.path.lower().endswith((".wav", ".wav49")):
            return None
        return wav.header(self._place.read(file.path, wav.HEAD_BYTES), file.size_bytes)

    def _file(self, known: Known) -> File:
        named = self._names.read(known.path)
        if named is None:
            raise CallsiftError(
                "the file of what was taken knows other names than the settings",
                "Give the source another name with the other preset or pattern",
            )
        return File(known.path, known.size_bytes, known.modified_at, named)

    def _still_there(self, files: list[Known]) -> bool:
        """Tell whether all files can be read; those that have gone are forgotten."""
        there = True
        for one in files:
            try:
                self._place.read(one.path, 1)
            except FolderAway as away:
                if isinstance(away.__cause__, FileNotFoundError):
                    self._ledger.gone(one.path)
                there = False
        return there
