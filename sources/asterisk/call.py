"""One call, as it is seen so far, and what is told of it in the end. Pure."""

from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

from pydantic import BaseModel, Field

from schemas import Disposition
from sources.asterisk.names import Legs, extension, is_local, legs_by_rule

_STATUS: dict[str, Disposition] = {"BUSY": "busy", "CONGESTION": "failed", "CHANUNAVAIL": "failed"}


class Rules(NamedTuple):
    """How a PBX's calls are told."""

    folder: str
    address: str
    trunks: tuple[str, ...] = ()
    legs: tuple[str, str] | None = None
    call_id_prefix: str = ""

    def is_trunk(self, channel: str) -> bool:
        """Tell whether a channel goes to the outside."""
        return channel.startswith(self.trunks) if self.trunks else False


class Channel(BaseModel):
    """A channel of a call, gone or not."""

    name: str
    up: bool = True


class Recorded(BaseModel):
    """A recording of a call."""

    path: str
    channel: str
    """Name of the channel that is recorded."""
    began: float
    ended: float | None = None
    legs: Legs | None = None


class OpenCall(BaseModel):
    """Everything with one Linkedid. Moments are seconds since 1970, by the clock of this machine."""

    linked_id: str
    began: float
    ended: float | None = None
    """When the last channel hung up; None: it goes on, as far as is known."""
    channels: dict[str, Channel] = Field(default_factory=dict)
    """By Uniqueid, in their order."""
    caller: str | None = None
    called: str | None = None
    """What was dialled: by the caller, or to the outside."""
    queue: str | None = None
    agents: list[str] = Field(default_factory=list)
    """Who talked, in their order."""
    connected: bool = False
    """Whether two people were."""
    queued_since: float | None = None
    queue_s: float | None = None
    abandoned: bool = False
    voicemail: bool = False
    dial_status: str | None = None
    ringing_since: float | None = None
    ringing_s: float | None = None
    held: dict[str, float] = Field(default_factory=dict)
    hold_s: float = 0.0
    recordings: list[Recorded] = Field(default_factory=list)
    legs: dict[str, Legs] = Field(default_factory=dict)
    """By the name of its mix, as the dialplan has it: of recordings that are about to begin."""
    unseen: bool = False
    """Whether it ended while nobody listened."""

    @property
    def first(self) -> str:
        """Name of the first channel that is known."""
        return next(iter(self.channels.values())).name if self.channels else ""

    def agent(self, who: str | None) -> None:
        """Note who talks."""
        if who is not None and who not in self.agents:
            self.agents.append(who)

    def people(self, rules: Rules) -> list[str]:
        """Return the telephones inside: channels of nobody's trunk, without the customer's and Asterisk's halves."""
        names = [one.name for one in self.channels.values() if not is_local(one.name) and not rules.is_trunk(one.name)]
        return names if rules.trunks else [name for name in names if name != self.first]


def direction(call: OpenCall, rules: Rules) -> Literal["inbound", "outbound", "internal"] | None:
    """Return which way a call went; None: the trunks are not known."""
    if not rules.trunks:
        return None
    if not any(rules.is_trunk(one.name) for one in call.channels.values()):
        return "internal"
    return "inbound" if rules.is_trunk(call.first) else "outbound"


def disposition(call: OpenCall) -> Disposition:
    """Return how a call went."""
    if call.connected:
        return "answered"
    if call.voicemail:
        return "voicemail"
    if call.abandoned or (call.dial_status is None and call.queue is None):
        return "abandoned"
    return _STATUS.get(call.dial_status or "", "missed")


def content(call: OpenCall, rules: Rules) -> dict[str, Any]:
    """Return the fields of the call-ended event, as JSON has them. A call that nobody answered has no recording."""
    way = direction(call, rules)
    how = disposition(call)
    ended = call.ended if call.ended is not None else call.began
    facts: dict[str, Any] = {
        "call_id": rules.call_id_prefix + call.linked_id,
        "started_at": _moment(min(call.began, ended)),
        "ended_at": _moment(ended),
        "direction": way,
        "caller": None if way == "outbound" else call.caller,
        "agent_id": call.agents[0] if call.agents else None,
        "queue": call.queue,
        "disposition": how,
        "queue_s": call.queue_s,
        "ringing_s": call.ringing_s,
        "hold_s": call.hold_s if call.connected else None,
    }
    kept = sorted(call.recordings, key=lambda one: (one.began - (one.ended or ended), one.began))
    recording = _recording(kept[0], call, rules) if kept and how == "answered" else None
    others = [_address(one.path, rules) for one in kept[1:]] if recording else []
    metadata = {
        "uniqueids": list(call.channels)[:20],
        **({"called": call.called} if call.called else {}),
        **({"agents": call.agents} if len(call.agents) > 1 else {}),
        **({"more_recordings": others} if others else {}),
        **({"ended_unseen": True} if call.unseen else {}),
    }
    return {name: value for name, value in facts.items() if value is not None} | {
        "recording": recording,
        "metadata": metadata,
    }


def _recording(one: Recorded, call: OpenCall, rules: Rules) -> dict[str, Any]:
    legs = one.legs or (legs_by_rule(one.path, rules.legs) if rules.legs else None)
    if legs is None:
        return {"uri": _address(one.path, rules)}
    customers = rules.is_trunk(one.channel) if rules.trunks else one.channel == call.first
    received, sent = ({"uri": _address(path, rules)} for path in legs)
    return {"customer": received, "agent": sent} if customers else {"customer": sent, "agent": received}


def _address(path: str, rules: Rules) -> str:
    try:
        inside = PurePosixPath(path).relative_to(rules.folder)
    except ValueError:
        return f"file://{quote(path)}"
    return f"{rules.address.rstrip('/')}/{quote(str(inside))}"


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def who_is(channel: str) -> str | None:
    """Return whose telephone a channel is; None: one of Asterisk's halves."""
    return None if is_local(channel) else extension(channel)
