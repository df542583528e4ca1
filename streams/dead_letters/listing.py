"""Which dead letters there are: read from Kafka, filtered, and shown without the messages that are in them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import ConfigDict, JsonValue, ValidationError

from schemas import DeadLetter
from streams.decoding import decode
from streams.errors import CallsiftError, UnreadableEvent
from streams.kafka.ranges import topic_ranges
from streams.kafka.reader import read
from streams.settings import KafkaSettings
from streams.topics import DEAD_LETTER, REPLAYS


@dataclass(frozen=True)
class DeadLetterFilter:
    """Which dead letters are wanted; what is None does not matter."""

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
        """Tell whether a dead letter is wanted; ``replayed_at`` is None for one that was never replayed."""
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
class DeadLetterSummary:
    """A dead letter, without the message that is in it."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)  # the API's document describes the fields, too

    id: str
    """Names it."""
    gave_up_at: datetime
    """When the stage gave up."""
    stage: str
    """The stage that gave up."""
    error_type: str
    """Name of the error."""
    permanent: bool
    """True: the same message gives the same answer. False: the tries ran out."""
    call_id: str | None
    """The call; null where the message does not say."""
    message: str
    """What was expected, and what was found."""
    cure: str
    """What a person can do about it."""
    attempts: int
    """How often it was tried."""
    position: str
    """Topic, partition and offset of the message."""
    replayed_at: datetime | None
    """When it was replayed; null: never."""

    @classmethod
    def of(cls, letter: DeadLetter, replayed_at: datetime | None) -> "DeadLetterSummary":
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


def read_replays(kafka: KafkaSettings) -> dict[str, datetime]:
    """Return when each dead letter was replayed last, by its identifier; those never replayed are left out.

    Raises:
        KafkaUnavailable: The brokers do not answer or refuse, or there is no such topic.
    """
    replayed_at: dict[str, datetime] = {}
    for message in read(kafka, topic_ranges(kafka, REPLAYS.name)):
        if not message.value():  # forgotten by `callsift retention run`; compaction has yet to come
            replayed_at.pop((message.key() or b"").decode(errors="replace"), None)
            continue
        try:
            replay = REPLAYS.content.model_validate_json(message.value() or b"")
        except ValidationError:  # no mark of ours: the dead letter counts as not replayed, which does no harm
            continue
        replayed_at[replay.dead_letter] = replay.replayed_at
    return replayed_at


def read_letters(kafka: KafkaSettings, on_unreadable: Callable[[str], None] = lambda _: None) -> Iterator[DeadLetter]:
    """Yield every dead letter that is there at the moment of asking, each once, oldest first within a partition.

    Args:
        kafka: Where to read.
        on_unreadable: Is told the position of what is no dead letter; that is left out.

    Raises:
        KafkaUnavailable: The brokers do not answer or refuse, or there is no such topic.
    """
    seen = set()
    for message in read(kafka, topic_ranges(kafka, DEAD_LETTER.name)):
        try:
            letter = decode(DEAD_LETTER.content, message.value())
        except UnreadableEvent:
            on_unreadable(f"{message.topic()}/{message.partition()}/{message.offset()}")
            continue
        if letter.event_id not in seen:  # the stage that published it may have died before it could commit
            seen.add(letter.event_id)
            yield letter


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
