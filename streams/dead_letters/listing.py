"""Dead letters for people: which of them are meant, what is shown of them, and the message that a replay sends."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, JsonValue

from schemas import DeadLetter
from streams.errors import CallsiftError
from streams.message import OURS, REPLAY, Headers
from streams.topics import STAGES

_TAKEN = {topic.name for stage in STAGES.values() for topic in stage.takes}


class CannotReplay(CallsiftError):
    """A dead letter's message has no place to go back to."""


class Replay(BaseModel):
    """The mark that a dead letter has been replayed: a message on calls.replays, its key the dead letter's."""

    model_config = ConfigDict(frozen=True)

    dead_letter: str
    """Identifier of the dead letter."""
    call_id: str | None
    """The call that the dead letter names."""
    replayed_at: AwareDatetime
    """When the broker had confirmed the original message on its topic (UTC)."""


@dataclass(frozen=True)
class LetterFilter:
    """Which dead letters are meant; what is None does not matter."""

    stage: str | None = None
    error_type: str | None = None
    since: datetime | None = None
    """Given up at this moment or later."""
    until: datetime | None = None
    """Given up before this moment."""
    call_id: str | None = None
    replayed: bool | None = None
    ids: frozenset[str] | None = None

    def accepts(self, letter: DeadLetter, replayed_at: datetime | None) -> bool:
        """Tell whether a dead letter is meant; ``replayed_at`` is None for one that was never replayed."""
        return (
            self.stage in {None, letter.stage}
            and self.error_type in {None, letter.error_type}
            and (self.since is None or letter.gave_up_at >= self.since)
            and (self.until is None or letter.gave_up_at < self.until)
            and self.call_id in {None, letter.call_id}
            and self.replayed in {None, replayed_at is not None}
            and (self.ids is None or letter.event_id in self.ids)
        )


@dataclass(frozen=True)
class Listed:
    """A dead letter without the message that is in it, for lists that may be long."""

    id: str
    gave_up_at: datetime
    stage: str
    error_type: str
    permanent: bool
    call_id: str | None
    message: str
    cure: str
    attempts: int
    position: str
    """Topic, partition and offset of the original message."""
    replayed_at: datetime | None

    @classmethod
    def of(cls, letter: DeadLetter, replayed_at: datetime | None) -> "Listed":
        """Take what a list shows."""
        return cls(
            id=letter.event_id,
            gave_up_at=letter.gave_up_at,
            stage=letter.stage,
            error_type=letter.error_type,
            permanent=letter.permanent,
            call_id=letter.call_id,
            message=letter.message,
            cure=letter.cure,
            attempts=letter.attempts,
            position=f"{letter.topic}/{letter.partition}/{letter.offset}",
            replayed_at=replayed_at,
        )

    def as_json(self) -> dict[str, JsonValue]:
        """Return it as a JSON object; times are ISO 8601 with offset."""
        times = {
            "gave_up_at": self.gave_up_at.isoformat(),
            "replayed_at": self.replayed_at.isoformat() if self.replayed_at else None,
        }
        return vars(self) | times


@dataclass(frozen=True)
class Outgoing:
    """A message to be published."""

    topic: str
    """Name without prefix."""
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


def replay_message(letter: DeadLetter) -> Outgoing:
    """Make the message that replays a dead letter: the original to the byte, with foreign headers and the replay's.

    It carries nothing of the earlier tries, so it starts again at the foot of the ladder.

    Raises:
        CannotReplay: No stage takes messages from the topic that the dead letter names.
    """
    if letter.topic not in _TAKEN:
        raise CannotReplay(
            f"dead letter {letter.event_id} comes from {letter.topic}, which no stage reads",
            f"Replay it with a release that knows the topic; this one reads {', '.join(sorted(_TAKEN))}",
        )
    foreign = tuple((name, value) for name, value in letter.headers if not name.startswith(OURS))
    return Outgoing(letter.topic, letter.key, letter.value, (*foreign, (REPLAY, letter.event_id.encode())))


def mark(letter: DeadLetter, replayed_at: datetime) -> Replay:
    """Make the mark of a replay."""
    return Replay(dead_letter=letter.event_id, call_id=letter.call_id, replayed_at=replayed_at)


def when_replayed(letter: DeadLetter, replays: Mapping[str, datetime]) -> datetime | None:
    """Return when a dead letter was replayed, by the marks of all replays; None: not yet."""
    replayed_at = replays.get(letter.event_id)
    return replayed_at if is_replayed(letter.gave_up_at, replayed_at) else None


def is_replayed(gave_up_at: datetime, replayed_at: datetime | None) -> bool:
    """Tell whether a mark with a dead letter's identifier is that letter's.

    One from before the letter is another's: identifiers come from positions, which begin anew where a topic is made
    again. A replayer's clock that is behind can hide a mark; the letter is then replayed once more, which does no harm.
    """
    return replayed_at is not None and replayed_at >= gave_up_at


def resolve(beginning: str, ids: Iterable[str]) -> str:
    """Return the one identifier that is ``beginning``, or that alone begins with it.

    Raises:
        CallsiftError: There is none, or there are several.
    """
    found = {letter_id for letter_id in ids if letter_id.startswith(beginning)}
    if beginning in found:
        return beginning
    if len(found) != 1:
        raise CallsiftError(
            f"{len(found) or 'no'} dead letters have an identifier that begins with {beginning[:40]!r}",
            "`callsift dlq list` shows the identifiers; those of letters older than the topic's retention are gone",
        )
    return found.pop()
