"""From the files of one call to what is told of it. Pure: the same files make the same event whenever they are seen."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

from schemas import Channels
from sources.folder.local_time import began, ended, moments
from sources.folder.names import Named, Role
from sources.folder.wav import Header

_LONGEST_ID = 200
_LEGS = frozenset({"customer", "agent"})


class File(NamedTuple):
    """A file of a call, as the folder shows it."""

    path: str
    """Relative to the folder, with slashes."""
    size_bytes: int
    modified_at: float
    """When it was written last, in seconds since 1970 by the clock of the share."""
    named: Named


class Rules(NamedTuple):
    """How a source makes calls of files."""

    address: str
    """Where the audio stage finds the folder."""
    zone: ZoneInfo
    """Whose local time the names have."""
    channels: Channels | None = None
    """Who is where in a stereo file; None: as the audio stage expects it."""
    call_id_prefix: str = ""


def chosen(files: Sequence[File]) -> dict[Role, File]:
    """Return the files that are the recording of a call: a file for each speaker, else a stereo file, else any other.

    Of several that would do, the newest. Empty: there is none yet. A single leg is better than no recording.
    """
    newest = {file.named.role: file for file in sorted(files, key=lambda file: (file.modified_at, file.path))}
    if newest.keys() >= _LEGS:
        return {role: newest[role] for role in ("customer", "agent")}
    order: tuple[Role, ...] = ("stereo", "recording", "mono", "customer", "agent")
    return next(({role: newest[role]} for role in order if role in newest), {})


def is_a_lone_leg(recording: Mapping[Role, File]) -> bool:
    """Tell whether the other speaker's file is still to come."""
    return len(recording) == 1 and recording.keys() <= _LEGS


def content(
    recording: Mapping[Role, File], headers: Mapping[str, Header | None], sidecar: Mapping[str, Any], rules: Rules
) -> dict[str, Any]:
    """Return the fields of the call-ended event of a recording, as JSON has them; those of a sidecar win.

    Args:
        recording: What ``chosen`` returned.
        headers: What the beginning of each file says, by its path.
        sidecar: The JSON that lies beside it.
        rules: Those of the source.
    """
    files = sorted(recording.values(), key=lambda file: file.modified_at)
    last, named = files[-1], files[-1].named
    modified_at = moment(last.modified_at)
    lengths = [found.seconds for file in files if (found := headers.get(file.path)) and found.seconds is not None]
    seconds = max(lengths, default=None)
    began_at = began(candidates, seconds, modified_at) if (candidates := starts(named, rules.zone)) else None
    facts: dict[str, Any] = {
        "call_id": call_id(rules.call_id_prefix + named.key),
        "ended_at": ended(began_at, seconds, modified_at).isoformat(),
        "recording": _recording(recording, rules),
        "metadata": dict(named.metadata),
        **named.facts,
    }
    if began_at is not None:
        facts["started_at"] = began_at.isoformat()
    told = dict(sidecar)
    if isinstance(metadata := told.get("metadata"), dict):
        told["metadata"] = facts["metadata"] | metadata
    said = told.get("recording")
    if isinstance(said, dict) and not said.keys() & {"uri", *_LEGS}:  # who is where, and no file
        told["recording"] = facts["recording"] | said
    return facts | told


def ended_before(told: Mapping[str, Any], since: datetime) -> bool:
    """Tell whether a call was over by then, by the fields of its event; no: it does not say so."""
    try:
        return datetime.fromisoformat(told["ended_at"]) < since
    except (TypeError, ValueError):  # what a sidecar says instead of a moment is refused where calls are taken
        return False


def moment(seconds: float) -> datetime:
    """Return the moment (UTC) of so many seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def call_id(key: str) -> str:
    """Return the identifier of the call that a key stands for."""
    if len(key) <= _LONGEST_ID:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
    return f"{key[: _LONGEST_ID - 33]}-{digest}"


def starts(named: Named, zone: ZoneInfo) -> list[datetime]:
    """Return the moments (UTC) at which a recording may have begun by its name; none: the name does not say."""
    try:
        if named.unix is not None:
            return [datetime.fromtimestamp(named.unix, UTC)]
        if named.utc is not None:
            return moments(named.utc, ZoneInfo("UTC"))
        return moments(named.local, zone) if named.local is not None else []
    except (ValueError, OverflowError):  # digits that are no time
        return []


def _quoted(path: str) -> str:
    return quote(os.fsencode(path))


def _recording(recording: Mapping[Role, File], rules: Rules) -> dict[str, Any]:
    # an object's name is what it is, an address of RFC 8089 is quoted
    written: Callable[[str], str] = _quoted if rules.address.startswith("file:") else str
    uris = {role: f"{rules.address}/{written(file.path)}" for role, file in recording.items()}
    if len(recording) == 2:
        return {"customer": {"uri": uris["customer"]}, "agent": {"uri": uris["agent"]}}
    [(role, uri)] = uris.items()
    if role == "stereo" and rules.channels is not None:
        return {"uri": uri, "channels": dict(rules.channels)}
    return {"uri": uri}
