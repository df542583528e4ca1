"""Call detail records of Asterisk and FreePBX as CSV, several rows a call: what must have come of a day. Pure."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from schemas import Disposition
from sources.asterisk.names import dialled, extension, is_local, number
from streams.errors import CallsiftError

_MASTER = [
    *("accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata"),
    *("start", "answer", "end", "duration", "billsec", "disposition", "amaflags"),
]
_MORE = (["uniqueid"], ["userfield"], ["peeraccount", "linkedid", "sequence"])
_FORMS: Mapping[int, list[str]] = {
    16: _MASTER,
    17: [*_MASTER, *_MORE[0]],
    18: [*_MASTER, *_MORE[0], *_MORE[1]],
    19: [*_MASTER, *_MORE[2]],
    20: [*_MASTER, *_MORE[0], *_MORE[2]],
    21: [*_MASTER, *_MORE[0], *_MORE[1], *_MORE[2]],
}
"""Columns of a Master.csv, which has no header, by how many there are (loguniqueid, loguserfield, newcdrcolumns)."""
_NEEDED = ("channel", "dstchannel", "disposition", "duration", "dst", "uniqueid")
_HOW: Mapping[str, Disposition] = {"BUSY": "busy", "FAILED": "failed", "CONGESTION": "failed"}


class UnreadableCdr(CallsiftError):
    """A file is no CSV of call detail records."""


@dataclass
class CdrCall:
    """What the rows with one Linkedid say."""

    linked_id: str
    began_at: datetime
    """When the first row began (UTC)."""
    ended_at: datetime
    """When the last row ended (UTC)."""
    local: datetime
    """When the first row began, as the file has it."""
    unique_ids: dict[str, None] = field(default_factory=dict)
    channels: dict[str, None] = field(default_factory=dict)
    first: str = ""
    """The channel of the first row: of whoever began the call."""
    recordings: dict[str, float] = field(default_factory=dict)
    """The names of its recordings, and the seconds of talk in their rows."""
    answered: bool = False
    """Whether somebody took the call: not a menu, a mailbox or what runs after the hang-up."""
    caller: str | None = None
    called: str | None = None
    agent: str | None = None
    queue: str | None = None
    how: Disposition = "abandoned"
    """How it went, where nobody answered."""

    def ids(self, prefix: str) -> list[str]:
        """Return what the call may be called: by the Manager Interface, or by the name of its recording."""
        stems = [PurePosixPath(name).stem for name in self.recordings]
        return [prefix + one for one in dict.fromkeys([self.linked_id, *self.unique_ids, *stems])]

    def is_internal(self, trunks: Sequence[str]) -> bool:
        """Tell whether no channel of it goes to the outside; where no trunk is named, none is."""
        return bool(trunks) and not any(name.startswith(tuple(trunks)) for name in self.channels)

    def is_outbound(self, trunks: Sequence[str]) -> bool:
        """Tell whether somebody of the house began it; where no trunk is named, nobody did."""
        return bool(trunks) and not self.first.startswith((*trunks, "Local/")) and not self.is_internal(trunks)

    def content(self, prefix: str, recordings: str | None, trunks: Sequence[str] = ()) -> dict[str, Any]:
        """Return the fields of its call-ended event, as JSON has them.

        Args:
            prefix: Put before its identifier.
            recordings: The address of the folder of its recording, with %Y, %m and %d for the day; None: tell it
                without its recording.
            trunks: How channels to the outside begin; without them every call counts as one that came in.
        """
        facts = {"caller": self.caller, "agent_id": self.agent, "queue": self.queue}
        went_out = self.is_outbound(trunks)
        if trunks:
            facts |= {"direction": "outbound" if went_out else "inbound"}
        if went_out:  # as the Manager Interface tells it: the caller is the customer
            facts |= {"caller": None, "agent_id": extension(self.first)}
        by_talk = sorted(self.recordings, key=lambda name: -self.recordings[name])
        uris = [self._address(name, recordings) for name in by_talk] if recordings is not None else []
        metadata: dict[str, Any] = {"uniqueids": list(self.unique_ids)[:20], "reconciled": True}
        if went_out and self.called is not None:
            metadata["called"] = self.called
        return {name: value for name, value in facts.items() if value is not None} | {
            "call_id": prefix + self.linked_id,
            "started_at": self.began_at.isoformat(),
            "ended_at": self.ended_at.isoformat(),
            "disposition": "answered" if self.answered else self.how,
            "recording": {"uri": uris[0]} if uris and self.answered else None,
            "metadata": metadata | ({"more_recordings": uris[1:]} if uris[1:] else {}),
        }

    def _address(self, name: str, folder: str) -> str:
        if name.startswith("/"):
            return f"file://{quote(name)}"
        # only what stands for the day: an address may hold % of its own
        for mark in ("%Y", "%m", "%d"):
            folder = folder.replace(mark, self.local.strftime(mark))
        return f"{folder.rstrip('/')}/{quote(name)}"


def calls(lines: Iterable[str], zone: ZoneInfo) -> list[CdrCall]:
    """Return the calls of a file, in the order in which they began.

    Args:
        lines: The file's, with a header as FreePBX exports it, or without as Asterisk's Master.csv.
        zone: Whose local time the file has; UTC where cdr.conf says usegmtime.

    Raises:
        UnreadableCdr: It has other columns, or a row that cannot be read; the message names the line.
    """
    found: dict[str, CdrCall] = {}
    for line, row in _rows(lines):
        try:
            linked = row.get("linkedid") or row["uniqueid"]
            local = datetime.fromisoformat((row.get("calldate") or row.get("start") or "").replace("/", "-"))
            began_at = _moment(local, zone, row["uniqueid"] or linked)
            ended_at = began_at + timedelta(seconds=float(row["duration"]))
        except (ValueError, OverflowError, TypeError):
            raise UnreadableCdr(f"line {line} has no times that can be read", "Export the file again") from None
        call = found.setdefault(linked, CdrCall(linked, began_at, ended_at, local))
        if began_at < call.began_at:
            call.began_at, call.local, call.first = began_at, local, row["channel"]
        call.ended_at = max(call.ended_at, ended_at)
        _learn(call, row)
    return sorted(found.values(), key=lambda call: (call.began_at, call.linked_id))


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(lines)
    columns: list[str] | None = None
    try:
        for values in reader:
            if not values:
                continue
            if columns is None:
                header = [name.strip().lower().removeprefix("\ufeff") for name in values]
                if "disposition" in header:
                    columns = _complete(header)
                    continue
                columns = _complete(_FORMS.get(len(values), []))
            if len(values) != len(columns):
                why = f"line {reader.line_num} has {len(values)} columns, not {len(columns)}"
                raise UnreadableCdr(why, "Export the file again")
            yield reader.line_num, dict(zip(columns, values, strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise UnreadableCdr(f"line {reader.line_num} is no CSV: {error}", "Export the file again") from None


def _complete(columns: list[str]) -> list[str]:
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise UnreadableCdr(
            f"the file lacks {', '.join(missing)}",
            "Give one with a header, or a Master.csv; set loguniqueid=yes and newcdrcolumns=yes in cdr.conf",
        )
    return columns


def _moment(local: datetime, zone: ZoneInfo, unique_id: str) -> datetime:
    """Return the moment of a local time; in the night of the clock change the one near the Uniqueid's, which is UTC."""
    candidates = sorted({local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)})
    seconds = unique_id.rpartition("-")[2].partition(".")[0]
    if len(candidates) == 1 or not seconds.isdigit():
        return candidates[0]
    near = datetime.fromtimestamp(int(seconds), UTC)
    return min(candidates, key=lambda one: abs(one - near))


def _learn(call: CdrCall, row: Mapping[str, str]) -> None:
    channels = [name for name in (row["channel"], row["dstchannel"]) if name]
    call.channels |= dict.fromkeys(channels)
    call.first = call.first or row["channel"]
    call.called = call.called or dialled((row.get("lastdata") or "").partition(",")[0]) or number(row["dst"])
    call.unique_ids[row["uniqueid"]] = None
    if name := row.get("recordingfile", ""):
        talk = float(row.get("billsec") or 0)
        call.recordings[name] = call.recordings.get(name, 0.0) + talk
    call.caller = call.caller or number(row.get("cnum") or row.get("src") or "")
    if row.get("lastapp") == "Queue":
        call.queue = call.queue or (row.get("lastdata") or "").partition(",")[0] or None
    if row["dst"] == "h":  # what the dialplan does after the hang-up; of a call without a dial it is all there is
        return
    if row["disposition"] == "ANSWERED" and row["dstchannel"]:
        call.answered = True
        if not is_local(row["dstchannel"]):
            call.agent = call.agent or extension(row["dstchannel"])
    elif row.get("lastapp") == "VoiceMail":
        call.how = "voicemail"
    elif call.how != "voicemail" and row["dstchannel"]:
        call.how = "abandoned" if row.get("lastapp") == "Queue" else _HOW.get(row["disposition"], "missed")
