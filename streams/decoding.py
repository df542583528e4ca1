"""From the bytes on a topic to an event."""

from typing import TypeVar

from pydantic import BaseModel, Field, ValidationError

from schemas.event import SCHEMA_VERSION, Event
from streams.errors import UnreadableEvent, broken_rules
from streams.misread import misread

EventT = TypeVar("EventT", bound=Event)


class _Identified(BaseModel):
    call_id: str = Field(min_length=1, max_length=200)


class _Version(BaseModel):
    schema_version: str = Field(default=SCHEMA_VERSION, pattern=r"^\d+\.\d+$")


def decode(event_class: type[EventT], value: bytes | None) -> EventT:
    """Read an event; fields that this version does not know are kept.

    Raises:
        UnreadableEvent: The bytes are not that event, or of a major version that this worker does not know. The message
            names fields and rules, never values, because a value may be what somebody said.
    """
    name = event_class.__name__
    if not value:
        raise UnreadableEvent(
            f"expected a {name}, found an empty message",
            f"Send a {name} as JSON; `callsift forget` makes a call forgotten, not a message without a value",
        )
    try:
        event = event_class.model_validate_json(value, strict=True)
    except ValidationError as error:
        _require_known_version(_version(value), name)  # another version explains every other problem
        if instead := misread(value):
            raise UnreadableEvent(f"expected a {name} as JSON, found {instead.found}", instead.cure) from None
        raise UnreadableEvent(
            f"expected a {name}, found {error.error_count()} problem(s): {broken_rules(error)}",
            f"Correct the producer; `callsift schemas export` writes the schema of {name}",
        ) from None
    _require_known_version(event.schema_version, name)
    return event


def _version(value: bytes) -> str:
    try:
        return _Version.model_validate_json(value).schema_version
    except ValidationError:
        return SCHEMA_VERSION  # the other problems say what is wrong


def _require_known_version(version: str, name: str) -> None:
    if version.split(".", 1)[0] != SCHEMA_VERSION.split(".", 1)[0]:
        raise UnreadableEvent(
            f"expected schema version {SCHEMA_VERSION.split('.', 1)[0]}.x of {name}, found {version[:20]}",
            "Upgrade this worker to a release that knows the version, then replay the dead letter",
        )


def readable_call_id(value: bytes | None, key: bytes | None) -> str | None:
    """Return the call that an unreadable message seems to be about: from its JSON, else from its key, else None."""
    try:
        return _Identified.model_validate_json(value or b"").call_id
    except ValidationError:
        pass
    try:
        return _Identified(call_id=(key or b"").decode(errors="replace")).call_id
    except ValidationError:  # no identifier that a call may have
        return None
