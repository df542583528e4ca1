"""From what a PBX says, event by event, to the calls that are over. Pure: the clock is a parameter."""

from collections.abc import Callable, Iterable

from pydantic import BaseModel, Field

from sources.asterisk.call import Channel, OpenCall, Recorded, Rules, who_is
from sources.asterisk.names import beside, dialled, extension, is_local, legs_of, number
from sources.asterisk.wire import Message, unescaped

RECORDING = "MIXMONITOR_FILENAME"
_UNSET = "(null)"
"""What Status says of a variable that a channel does not have."""
_VOICEMAIL = frozenset({"VoiceMail", "MiniVM", "Record"})


class State(BaseModel):
    """What is known, as it is kept over a restart."""

    calls: dict[str, OpenCall] = Field(default_factory=dict)
    """By Linkedid."""


class Tracker:
    """The calls of one PBX."""

    def __init__(self, rules: Rules, state: State | None = None) -> None:
        """Go on from what was known."""
        self.state = state or State()
        self._rules = rules
        self._linked = {unique: call.linked_id for call in self.state.calls.values() for unique in call.channels}
        self._notes: dict[str, Callable[[OpenCall, Message, float], None]] = {
            "VarSet": self._varset,
            "Newexten": self._newexten,
            "MixMonitorStop": _stopped,
            "DialBegin": self._dial_began,
            "DialEnd": self._dial_ended,
            "BridgeEnter": self._bridged,
            "QueueCallerJoin": _queued,
            "QueueCallerAbandon": _abandoned,
            "QueueCallerLeave": _left_queue,
            "AgentConnect": _agent,
            "AgentComplete": _agent,
            "Hold": _held,
            "Unhold": _taken_up,
            "Hangup": self._hung_up,
        }

    def note(self, message: Message, now: float) -> None:
        """Learn from an event; those that are about no channel are passed over."""
        unique, linked = message.get("Uniqueid", ""), message.get("Linkedid", "")
        if not unique or not linked or "<" in linked:
            return
        call = self._call(message, unique, linked, now)
        if call is not None and (note := self._notes.get(message.get("Event", ""))):
            note(call, message, now)

    def found(self, channels: Iterable[Message], now: float) -> None:
        """Learn which channels there are (the answer to Status): after a connection was lost, nothing is repeated.

        Calls that are not among them have ended meanwhile; when, only the PBX's own records say.
        """
        there: set[str] = set()
        bridges: dict[str, int] = {}
        for message in (seen := sorted(channels, key=_age)):
            unique, linked = message.get("Uniqueid", ""), message.get("Linkedid", "")
            seconds = float(message.get("Seconds") or 0)
            if not unique or not linked or (call := self._call(message, unique, linked, now - seconds)) is None:
                continue
            there.add(unique)
            if bridge := message.get("BridgeID"):
                bridges[bridge] = bridges.get(bridge, 0) + 1
            for line in message.get("Variable", "").split("\n"):
                variable, _, path = line.partition("=")
                if variable == RECORDING and path not in {"", _UNSET, *(one.path for one in call.recordings)}:
                    self._record(call, message["Channel"], path, now - seconds)
        for message in seen:
            if bridges.get(message.get("BridgeID", ""), 0) > 1:
                call = self.state.calls[self._linked[message["Uniqueid"]]]
                call.connected = True
                self._people(call)
        for call in self.state.calls.values():
            for unique, channel in call.channels.items():
                channel.up = channel.up and unique in there
            if call.ended is None and not any(one.up for one in call.channels.values()):
                call.ended, call.unseen = now, True

    def over(self, before: float) -> list[OpenCall]:
        """Return the calls whose last channel hung up at ``before`` or earlier."""
        return [call for call in self.state.calls.values() if call.ended is not None and call.ended <= before]

    def forget(self, call: OpenCall) -> None:
        """A call is handed in."""
        self.state.calls.pop(call.linked_id, None)
        for unique in call.channels:
            if self._linked.get(unique) == call.linked_id:
                del self._linked[unique]

    def _call(self, message: Message, unique: str, linked: str, now: float) -> OpenCall | None:
        """Return the call of an event's channel, which may be known of before, or only from now on."""
        before = self._linked.get(unique)
        call = self.state.calls.get(linked)
        if call is None:
            if message.get("Event") == "Hangup" and before is None:
                return None  # it began before anybody listened, or is handed in
            call = self.state.calls[linked] = OpenCall(linked_id=linked, began=now)
        if unique not in call.channels:
            call.channels[unique] = Channel(name=message.get("Channel", ""))
            call.ended = None
            if len(call.channels) == 1:
                call.called = number(message.get("Exten", ""))
        if call.caller is None and unique == next(iter(call.channels)):  # what Originate starts gets it a moment later
            call.caller = number(message.get("CallerIDNum", ""))
        if before is not None and before != linked and (old := self.state.calls.get(before)):
            moved = old.channels.get(unique)  # an attended transfer: the channel goes on in another call
            if moved is not None:
                moved.up = False
                _end(old, now)
                if old.connected:
                    call.agent(who_is(moved.name))
        self._linked[unique] = linked
        return call

    def _varset(self, call: OpenCall, message: Message, now: float) -> None:
        variable, value = message.get("Variable"), message.get("Value", "")
        if variable == RECORDING and value:
            self._record(call, message["Channel"], unescaped(value), now)
        elif variable == "QUEUESTATUS" and value:
            call.abandoned = False  # the caller was let go, and did not give up

    def _record(self, call: OpenCall, channel: str, path: str, now: float) -> None:
        named = {mix: beside(path, mix, legs, self._rules.folder) for mix, legs in call.legs.items()}
        mix = next((mix for mix, legs in named.items() if legs), "")
        call.legs.pop(mix, None)
        call.recordings.append(Recorded(path=path, channel=channel, began=now, legs=named.get(mix)))

    def _newexten(self, call: OpenCall, message: Message, _now: float) -> None:
        application = message.get("Application")
        if application == "MixMonitor" and (found := legs_of(message.get("AppData", ""))):
            call.legs[found[0]] = found[1]
        call.voicemail = call.voicemail or application in _VOICEMAIL

    def _dial_began(self, call: OpenCall, message: Message, now: float) -> None:
        if "Channel" not in message:  # Originate: the first channel is called, nobody waits
            return
        if call.ringing_since is None:
            call.ringing_since = now
        target = message.get("DestChannel", "")
        if self._rules.is_trunk(target) and (called := dialled(message.get("DialString", ""))):
            call.called = called

    def _dial_ended(self, call: OpenCall, message: Message, now: float) -> None:
        if "Channel" not in message:
            return
        status = message.get("DialStatus", "")
        call.dial_status = status
        if call.ringing_since is not None and call.ringing_s is None:
            call.ringing_s = _passed(call.ringing_since, now)
        if status == "ANSWER" and not is_local(message.get("DestChannel", "")):
            call.connected = True
            self._talks(call, message.get("DestChannel", ""), message.get("Channel", ""))

    def _bridged(self, call: OpenCall, message: Message, _now: float) -> None:
        call.connected = call.connected or int(message.get("BridgeNumChannels") or 0) > 1
        if call.connected:
            self._talks(call, message["Channel"])

    def _talks(self, call: OpenCall, *channels: str) -> None:
        people = call.people(self._rules)
        for channel in channels:
            if channel in people:
                call.agent(who_is(channel))

    def _people(self, call: OpenCall) -> None:
        self._talks(call, *(one.name for one in call.channels.values() if one.up))

    def _hung_up(self, call: OpenCall, message: Message, now: float) -> None:
        call.channels[message["Uniqueid"]].up = call.unseen = False
        for recorded in call.recordings:
            if recorded.channel == message.get("Channel") and recorded.ended is None:
                recorded.ended = now
        _taken_up(call, message, now)
        _end(call, now)


def _age(channel: Message) -> tuple[float, int]:
    """Return what sorts channels by their age: Status lists them in no order, and the oldest is who called."""
    seconds, _, number_in_all = channel.get("Uniqueid", "").rpartition("-")[2].partition(".")
    return (float(seconds), int(number_in_all)) if seconds.isdigit() and number_in_all.isdigit() else (0.0, 0)


def _end(call: OpenCall, now: float) -> None:
    if not any(one.up for one in call.channels.values()):
        call.ended = now


def _stopped(call: OpenCall, message: Message, now: float) -> None:
    running = [one for one in call.recordings if one.channel == message.get("Channel") and one.ended is None]
    if running:  # it does not say which: the newest is what a dialplan stops
        running[-1].ended = now


def _queued(call: OpenCall, message: Message, now: float) -> None:
    call.queue, call.queued_since, call.abandoned = message.get("Queue") or call.queue, now, False


def _left_queue(call: OpenCall, _message: Message, now: float) -> None:
    if call.queued_since is not None:
        call.queue_s = round((call.queue_s or 0.0) + _passed(call.queued_since, now), 3)
        call.queued_since = None


def _abandoned(call: OpenCall, message: Message, now: float) -> None:
    call.abandoned = True
    call.queue = message.get("Queue") or call.queue
    _left_queue(call, message, now)


def _agent(call: OpenCall, message: Message, _now: float) -> None:
    call.queue = message.get("Queue") or call.queue
    call.connected = True
    call.agent(extension(message.get("Interface", "")))


def _held(call: OpenCall, message: Message, now: float) -> None:
    call.held.setdefault(message["Uniqueid"], now)


def _taken_up(call: OpenCall, message: Message, now: float) -> None:
    since = call.held.pop(message["Uniqueid"], None)
    if since is not None:
        call.hold_s = round(call.hold_s + _passed(since, now), 3)


def _passed(since: float, now: float) -> float:
    """Return the seconds from one moment to another; 0 where the clock was set back in between."""
    return round(max(0.0, now - since), 3)
