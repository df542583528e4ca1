"""What names of recordings say of their calls: those that PBXs give, and own patterns. Pure."""

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from schemas import Channels, Speaker

Preset = Literal["any", "freepbx", "issabel", "vicidial", "yeastar", "3cx", "rtpengine", "amazon-connect"]
"""Whose names are known. any: every name; it says nothing of the call."""
Role = Literal["customer", "agent", "stereo", "mono", "sidecar", "recording"]
"""What a file of a call is. recording: its name does not say."""

SOUNDS = frozenset(
    {
        *("wav", "wav49", "mp3", "ogg", "oga", "opus", "flac", "m4a", "mp4", "aac", "amr", "gsm", "g722", "ulaw", "ul"),
        *("pcm", "alaw", "al", "sln", "sln16", "raw", "au", "webm", "mka", "wma", "mu", "mulaw", "tco", "aiff", "aif"),
        *("mkv", "wv", "3gp", "w64", "caf", *(f"sln{kilo}" for kilo in (12, 24, 32, 44, 48, 96, 192))),
    }
)
"""Extensions of recordings; in any case, since Asterisk's wav49 is .WAV."""
_FACTS = ("caller", "agent_id", "queue", "direction")
_MARKS: tuple[Role, ...] = ("customer", "agent", "stereo", "mono")
_NUMBER = re.compile(r"\+?\d{3,}")

_NUM, _TIME, _ID = r"[^-/]*", r"(?P<local>\d{8}-\d{6})", r"(?P<uniqueid>(?:[\w-]+-)?(?P<unix>\d{10})\.\d+)"


def _recorded(customer: str, agent: str) -> str:
    """Return the end of a name: when the call began, and whose file it is by FreePBX's letters for both."""
    return rf"-{_TIME}-{_ID})(?:[-_](?:(?P<customer>customer|{customer})|(?P<agent>agent|{agent})))?"


_AT = _recorded(customer="r", agent="t")
_OUT_AT = _recorded(customer="t", agent="r")
"""Of a call that went out: recorded on the agent's telephone, from which r comes."""
_FREEPBX = (
    rf"(?P<call_id>(?:q|rg)-(?P<queue>{_NUM})-(?P<caller>{_NUM}){_AT}",
    rf"(?P<call_id>(?P<outbound>out)-(?P<called>{_NUM})-(?P<agent_id>{_NUM}){_OUT_AT}",
    rf"(?P<call_id>(?P<inbound>in)-(?P<called>{_NUM})-(?P<caller>{_NUM}){_AT}",
    rf"(?P<call_id>(?:exten|external)-(?P<agent_id>{_NUM})-(?P<caller>{_NUM}){_AT}",
    rf"(?P<call_id>(?:conf|force|internal|int)-(?P<called>{_NUM})-(?P<caller>{_NUM}){_AT}",
)
_YEASTAR = rf"(?P<call_id>(?P<local>\d{{14}})-{_ID}"
_3CX_AT = r"_(?P<local>\d{14})\(\d+\)"
PATTERNS: Mapping[Preset, tuple[str, ...]] = {
    "any": (r"[^/]+",),
    "freepbx": _FREEPBX,
    "issabel": (rf"(?P<call_id>force-(?P<caller>{_NUM})-(?P<agent_id>{_NUM}){_AT}", *_FREEPBX),
    "vicidial": (
        r"(?P<stereo>(?:FR_)?S_)?(?P<call_id>(?P<local>\d{8}-\d{6})_(?P<caller>\d+)(?:_(?P<queue>[^_/]+?))?"
        r"(?:_(?P<agent_id>[^_/]+?))?)(?P<mono>-all)?",
    ),
    "yeastar": (
        rf"{_YEASTAR}-(?P<caller>{_NUM})-(?P<agent_id>{_NUM})-(?P<inbound>Inbound))",
        rf"{_YEASTAR}-(?P<agent_id>{_NUM})-(?P<called>{_NUM})-(?P<outbound>Outbound))",
        rf"{_YEASTAR}-{_NUM}-(?P<agent_id>{_NUM})-Internal)",
    ),
    "3cx": (
        rf"(?P<agent_id>\d+)/\[[^/]*\]_(?P=agent_id)-(?P<called>[^-/_]*)(?P<outbound>){_3CX_AT}",
        rf"(?P<agent_id>\d+)/\[[^/]*\]_(?P<caller>[^-/_]*)-(?P=agent_id)(?P<inbound>){_3CX_AT}",
        rf"\[[^/]*\]_(?P<caller>[^-/_]*)-(?P<called>[^-/_]*){_3CX_AT}",
    ),
    "rtpengine": (r"(?P<sip_call_id>[^/]+)-[0-9a-f]{8,}-mix",),
    "amazon-connect": (r"(?P<call_id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})_(?P<utc>\d{8}T\d{2}[:_]?\d{2})_UTC",),
}
CHANNELS: Mapping[Preset, Channels] = {"vicidial": {Speaker.CUSTOMER: 1, Speaker.AGENT: 0}}
"""Who is where in a PBX's stereo files, where it is not as the audio stage expects it."""
GROUPS = frozenset({*_FACTS, *_MARKS, "call_id", "local", "utc", "unix", "inbound", "outbound"})
"""Groups of a pattern that mean something; what others catch becomes metadata."""


class Named(NamedTuple):
    """What a path says of a recording."""

    key: str
    """The same for all files of one call, and for no other call."""
    role: Role
    local: str | None = None
    """Digits of the local time of its beginning."""
    utc: str | None = None
    """Digits of the time of its beginning in UTC."""
    unix: int | None = None
    """Seconds since 1970 at its beginning."""
    facts: Mapping[str, str] = {}
    """Fields of a call-ended event."""
    metadata: Mapping[str, str] = {}
    """What else the name says."""


class Names:
    """Reads the paths of one source."""

    def __init__(self, preset: Preset, own: str | None = None) -> None:
        """Read paths as a preset has them, or by an own pattern: a regular expression with groups.

        Raises:
            ValueError: The pattern is none.
        """
        patterns = PATTERNS[preset] if own is None else (own,)
        try:
            self._patterns = [re.compile(rf"(?:^|.*/)(?:{pattern})", re.DOTALL) for pattern in patterns]
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from None

    def read(self, path: str) -> Named | None:
        """Return what a path, relative and with slashes, says; None: it is no recording of this source."""
        stem, _, extension = path.rpartition(".")
        is_sidecar = extension.lower() == "json"
        if is_sidecar and stem.rpartition(".")[2].lower() in SOUNDS:
            stem = stem.rpartition(".")[0]
        if not stem or not (is_sidecar or extension.lower() in SOUNDS) or path.rpartition("/")[2].startswith("."):
            return None
        stem = stem.encode(errors="backslashreplace").decode()  # names need not be UTF-8, events are
        for pattern in self._patterns:
            if found := pattern.fullmatch(stem):
                return _named(stem, found, is_sidecar=is_sidecar)
        return None


def _named(stem: str, found: "re.Match[str]", *, is_sidecar: bool) -> Named:
    groups = {name: value for name, value in found.groupdict().items() if value is not None}
    marks = [mark for mark in _MARKS if mark in groups]
    role: Role = "sidecar" if is_sidecar else marks[0] if marks else "recording"
    key = groups.get("call_id")
    if key is None:
        key = stem
        for start, end in sorted((found.span(mark) for mark in marks), reverse=True):
            key = key[:start].rstrip("-_.") + key[end:]
    facts = {name: groups[name] for name in _FACTS if groups.get(name)}
    if not _NUMBER.fullmatch(facts.get("caller", "")):
        facts.pop("caller", None)
    if direction := next((name for name in ("inbound", "outbound") if name in groups), None):
        facts["direction"] = direction
    local, utc = (re.sub(r"\D", "", groups[name]) if name in groups else None for name in ("local", "utc"))
    return Named(
        key,
        role,
        local,
        utc,
        int(groups["unix"]) if "unix" in groups else None,
        facts,
        {name: value for name, value in groups.items() if name not in GROUPS and value},
    )
