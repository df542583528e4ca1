"""What every event has in common: identity, trace and the hops it has taken."""

import hashlib
from datetime import UTC
from typing import Annotated, Any, Literal, Self, get_args
from uuid import NAMESPACE_URL, uuid5

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    JsonValue,
    PositiveInt,
    model_validator,
)

from schemas.from_outside import Moment, Text, holdable_fields

SCHEMA_VERSION = "1.1"
"""Written into every event made here. Readers accept any 1.x: a minor version only adds optional fields."""

_NAMESPACE = uuid5(NAMESPACE_URL, "callsift:event")


Disposition = Literal["answered", "missed", "abandoned", "voicemail", "busy", "failed"]
"""How a call went, as the PBX saw it."""
Lane = Literal["live", "backfill"]
"""How urgent a call is."""
DISPOSITIONS: tuple[Disposition, ...] = get_args(Disposition)
Seconds = Annotated[FiniteFloat, Field(ge=0.0)]


class Part(BaseModel):
    """A piece of an event: immutable, and fields that this version does not know survive a round trip."""

    # hide_input_in_errors: a value may be what somebody said, and error texts end in logs
    model_config = ConfigDict(frozen=True, extra="allow", use_attribute_docstrings=True, hide_input_in_errors=True)


class FromOutside(Part):
    """What producers outside may fill: fields that nobody here knows are kept in a form that every store holds."""

    @model_validator(mode="after")
    def _unknown_fields_can_be_held(self) -> Self:
        if self.model_extra:
            object.__setattr__(self, "__pydantic_extra__", holdable_fields(self.model_extra))
        return self


class Hop(FromOutside):
    """One stage's passage of a call."""

    stage: str
    """Name of the stage: audio, transcribe, classify or sink."""
    taken_at: AwareDatetime
    """When the stage took the event from its topic (UTC)."""
    finished_at: AwareDatetime
    """When the stage's work was done, before its result was stored and published (UTC)."""
    attempts: PositiveInt = 1
    """How many tries the work took."""

    @property
    def seconds(self) -> float:
        """Seconds of work in this stage; 0 where a producer's clock was set back meanwhile."""
        return max(0.0, (self.finished_at - self.taken_at).total_seconds())


class Event(FromOutside):
    """The envelope that every event on every topic carries."""

    schema_version: str = Field(default=SCHEMA_VERSION, pattern=r"^\d+\.\d+$")
    """Version of the event's schema, MAJOR.MINOR. A reader accepts every minor version of a major one it knows."""
    event_id: str = Field(default="", min_length=1)
    """Identifier of this event. Derived where absent, so that a repetition of the event has the same one."""
    trace_id: str = Field(default="", pattern=r"^[0-9a-f]{32}$")
    """W3C trace id (32 hexadecimal digits) that all events of one call share. Derived where absent."""
    hops: tuple[Hop, ...] = ()
    """The stages that the call has passed, in order, with the time each took."""

    @classmethod
    def following(cls, before: "Event", /, **fields: Any) -> Self:
        """Make the event that comes of ``before``.

        Everything that both kinds of event have in common is carried over, and so is every field that this version
        does not know (a newer producer may have added it for a newer reader further on); ``fields`` win.
        """
        theirs, ours = type(before).model_fields, cls.model_fields  # looked up once: pydantic makes it slow
        carried = {name: getattr(before, name) for name in theirs if name in ours}
        unknown = {name: value for name, value in (before.model_extra or {}).items() if name not in ours}
        derived = {
            "schema_version": SCHEMA_VERSION,
            "event_id": str(uuid5(_NAMESPACE, f"{cls.__name__}:{before.event_id}")),
        }
        return cls(**(unknown | carried | derived | fields))

    def stamped(self, hop: Hop) -> Self:
        """Return the same event with one more hop."""
        return self.model_copy(update={"hops": (*self.hops, hop)})


class CallFacts(Event):
    """What is known of the call itself, from the PBX; carried through every stage unchanged."""

    call_id: str = Field(min_length=1, max_length=200)
    """The PBX's identifier of the call, and the key of every message about it."""
    ended_at: Moment | None = None
    """When the call ended: RFC 3339 with an offset; also taken are seconds or milliseconds since 1970. Absent only
    where the event that named it could not be read."""
    started_at: Moment | None = None
    """When the call started, in the same forms, if the PBX says so."""
    direction: str | None = None
    """inbound or outbound, as the PBX names it."""
    caller: str | None = None
    """The caller's telephone number in E.164, if known."""
    agent_id: Text | None = None
    """Who answered, as the PBX names them."""
    queue: Text | None = None
    """The queue that the call came through."""
    disposition: Disposition | None = None
    """How the call went, as the PBX saw it. answered: two people were connected. missed: it rang, and nobody answered.
    abandoned: the caller gave up in a menu or a queue. voicemail: it ended in a mailbox. busy: the called line was
    busy, or refused. failed: it could not be set up. Null: the PBX does not say."""
    menu_s: Seconds | None = None
    """Seconds in menus and announcements (IVR), if the PBX says so."""
    queue_s: Seconds | None = None
    """Seconds in queues until somebody answered or the caller gave up, if the PBX says so."""
    ringing_s: Seconds | None = None
    """Seconds that it rang at whoever was called, if the PBX says so."""
    hold_s: Seconds | None = None
    """Seconds that the other side was put on hold during the conversation, if the PBX says so."""
    lane: Lane = "live"
    """live: somebody waits for its outcome. backfill: an old call out of an archive; at every stage it gives way to
    live ones, and no figure of latency counts it."""
    metadata: Annotated[dict[str, JsonValue], AfterValidator(holdable_fields)] = Field(default_factory=dict)
    """Whatever the PBX or a campaign wants to find again in the outcome; not interpreted, but that the operator may let
    it choose the taxonomy. An integer beyond 64 bits becomes text, NUL in a name ``␀``, and NaN null: stores could not
    hold them."""

    @property
    def gives_way(self) -> bool:
        """Whether live calls go first."""
        return self.lane == "backfill"

    def model_post_init(self, _context: Any, /) -> None:
        """Producers outside need not know our identifiers: equal events get equal ones."""
        if self.event_id and self.trace_id:
            return
        ended_at = self.ended_at.astimezone(UTC) if self.ended_at else None
        source = f"{self.call_id}:{ended_at.isoformat() if ended_at else None}"
        derived = {
            "event_id": str(uuid5(_NAMESPACE, f"{type(self).__name__}:{source}")),
            # not a UUID, whose fixed bits would have samplers of traces take all calls or none
            "trace_id": hashlib.sha256(f"callsift:trace:{source}".encode()).hexdigest()[:32],
        }
        for name, value in derived.items():
            if not getattr(self, name):
                object.__setattr__(self, name, value)  # frozen for everybody else


class CallEvent(CallFacts):
    """An event about a call whose end is known."""

    ended_at: Moment
    """When the call ended: RFC 3339 with an offset; also taken are seconds or milliseconds since 1970."""
