"""A message as it came from Kafka, and what its headers say of earlier tries."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from streams.topics import DEAD_LETTER, Topic

Headers = tuple[tuple[str, bytes | None], ...]

OURS = "callsift-"
"""How the name of every header begins that callsift sets; all others are foreign and travel on unchanged."""
_TRIES, _RETRIES, _FIRST_TRIED = "callsift-tries", "callsift-retries", "callsift-first-tried-at"
_DIGITS = 6
ORIGIN = "callsift-origin"
"""Header of a message on a retry topic: the topic, without prefix, that it goes back to."""
REPLAY = "callsift-replay"
"""Header of a message that was a dead letter and is replayed: the dead letter's event_id."""


@dataclass(frozen=True)
class Message:
    """A message as it came from Kafka."""

    topic: Topic
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()

    @property
    def position(self) -> str:
        """Topic, partition and offset, for people."""
        return f"{self.topic.name}/{self.partition}/{self.offset}"

    @property
    def is_dead_letter(self) -> bool:
        """Whether it comes from the dead letters: a failure of it makes no outcome that says so."""
        return self.topic is DEAD_LETTER

    @property
    def is_replay(self) -> bool:
        """Whether it was a dead letter once, and has been put back."""
        return any(name == REPLAY for name, _ in self.headers)

    @property
    def foreign_headers(self) -> Headers:
        """The headers that are not ours."""
        return tuple((name, value) for name, value in self.headers if not name.startswith(OURS))


@dataclass(frozen=True)
class Tries:
    """What has been tried with a message already, in this process and before."""

    first_at: datetime
    made: int = 0
    """Tries that count against the message."""
    retries: int = 0
    """Times that it has been through a retry topic."""

    @classmethod
    def of(cls, message: Message, now: datetime) -> Self:
        """Read the headers; what is absent or unreadable counts as none."""
        headers = dict(message.headers)
        try:
            first_at = datetime.fromisoformat((headers[_FIRST_TRIED] or b"").decode())
            made, retries = (_count(headers[name] or b"") for name in (_TRIES, _RETRIES))
            return cls(first_at.astimezone(UTC), made, retries)
        except (KeyError, OverflowError, ValueError):
            return cls(now)

    def headers(self, message: Message) -> Headers:
        """Return the headers with which ``message`` goes to the next retry topic."""
        own = {
            ORIGIN: message.topic.name,
            _FIRST_TRIED: self.first_at.isoformat(),
            _TRIES: str(self.made),
            _RETRIES: str(self.retries + 1),
        }
        replay = tuple(header for header in message.headers if header[0] == REPLAY)  # stays one for the brake
        return (*message.foreign_headers, *replay, *((name, value.encode()) for name, value in own.items()))


def _count(written: bytes) -> int:
    """Read a number of tries; raises ValueError for an impossible number."""
    if not (written.isdigit() and len(written) <= _DIGITS):
        raise ValueError
    return int(written)
