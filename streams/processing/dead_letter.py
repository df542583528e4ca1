"""Making a dead letter: a plain function of the message and of why it was given up."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from schemas import DeadLetter, Event
from streams.decoding import readable_call_id
from streams.errors import CallsiftError, PermanentError
from streams.message import Message, Tries

_LONGEST_TEXT = 2_000
"""Characters of a message or a cure: libraries' texts may quote what they met."""


@dataclass(frozen=True)
class GivenUp:
    """Why the work on a message ended without a result."""

    error: CallsiftError
    tries: Tries
    event: Event | None
    """The event, where it could be read."""

    @property
    def error_type(self) -> str:
        """The error's class: by that operators find what has one cure."""
        return type(self.error).__name__

    @property
    def permanent(self) -> bool:
        """Whether the same message would fail again the same way."""
        return isinstance(self.error, PermanentError)


def dead_letter(stage: str, message: Message, given_up: GivenUp, gave_up_at: datetime) -> DeadLetter:
    """Make the dead letter of a message; the same message given up by the same stage has the same identifier.

    The value is part of it, because positions repeat when a topic is made again.
    """
    digest = hashlib.sha256(message.value or b"").hexdigest()
    identity = uuid5(NAMESPACE_URL, f"callsift:dead-letter:{stage}:{message.position}:{digest}")
    event = given_up.event
    return DeadLetter(
        event_id=str(identity),
        trace_id=event.trace_id if event else identity.hex,
        hops=event.hops if event else (),
        call_id=getattr(event, "call_id", None) or readable_call_id(message.value, message.key),
        stage=stage,
        error_type=given_up.error_type,
        permanent=given_up.permanent,
        message=given_up.error.message[:_LONGEST_TEXT],
        cure=given_up.error.cure[:_LONGEST_TEXT],
        attempts=max(1, given_up.tries.made),
        first_tried_at=given_up.tries.first_at,
        gave_up_at=gave_up_at,
        topic=message.topic.name,
        partition=message.partition,
        offset=message.offset,
        key=message.key,
        value=message.value,
        headers=message.foreign_headers,
    )


def bare(letter: DeadLetter, position: str) -> DeadLetter:
    """Return a letter without anything that came with the message: the position says where the original is."""
    cure = f"{letter.cure}. The original is not kept in this letter; it stays at {position} for a while"
    return letter.model_copy(update={"key": None, "value": None, "headers": (), "hops": (), "cure": cure})
