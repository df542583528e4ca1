"""Puts the original messages of dead letters back on the topics they came from, and marks the dead letters."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from itertools import islice

from confluent_kafka import KafkaError

from schemas import DeadLetter, Replay
from streams.errors import CallsiftError
from streams.kafka.forgotten import forgotten_calls
from streams.kafka.producer import ConfirmingProducer, OutgoingMessage, is_too_large
from streams.message import OURS, REPLAY
from streams.settings import KafkaSettings
from streams.topics import CONSUMED, REPLAYS

_AT_ONCE = 100
_CONSUMED = {topic.name for topic in CONSUMED}


class CannotReplay(CallsiftError):
    """A dead letter's message has no place to go back to, or its call is forgotten."""


def replay(
    kafka: KafkaSettings,
    letters: Iterable[DeadLetter],
    begins: Callable[[Sequence[DeadLetter]], None] = lambda _: None,
) -> Iterator[tuple[DeadLetter, CannotReplay | None]]:
    """Put the messages of dead letters back on their topics; yields each letter, with the reason if it cannot be.

    A letter is marked after the broker has confirmed its message, so whoever is interrupted in between replays it
    again. That does no more harm than any other repetition (docs/delivery.md).

    Args:
        kafka: The brokers.
        letters: What is replayed, a batch after the other.
        begins: Is told of each batch before any of it is published; all letters before it are yielded by then.

    Raises:
        KafkaUnavailable: The brokers do not confirm within 30 seconds; what they did confirm is marked.
    """
    producer, forgotten = ConfirmingProducer(kafka), forgotten_calls(kafka)
    remaining = iter(letters)
    while batch := list(islice(remaining, _AT_ONCE)):
        begins(batch)
        yield from _replay_batch(producer, batch, forgotten)


def mark_replayed(kafka: KafkaSettings, letters: Iterable[DeadLetter]) -> None:
    """Mark dead letters as replayed without replaying them: nobody is to do anything about them any more.

    Raises:
        KafkaUnavailable: The brokers do not confirm.
    """
    producer, now = ConfirmingProducer(kafka), datetime.now(UTC)
    unmarked = _publish(producer, {letter.event_id: _mark_message(letter, now) for letter in letters})
    if unmarked:
        raise producer.last_error.unavailable(
            "marks of dead letters are not confirmed", next(iter(unmarked.values())).str()
        )


def _replay_batch(
    producer: ConfirmingProducer, letters: Sequence[DeadLetter], forgotten: AbstractSet[str]
) -> list[tuple[DeadLetter, CannotReplay | None]]:
    """Publish the messages of some letters, wait for the confirmations, then mark those that were confirmed."""
    refused: dict[str, CannotReplay] = {}
    outgoing: dict[str, OutgoingMessage] = {}
    for letter in letters:
        if letter.call_id in forgotten:
            refused[letter.event_id] = CannotReplay(
                f"dead letter {letter.event_id} is of a call that is forgotten", "Nothing is to be done"
            )
            continue
        try:
            outgoing[letter.event_id] = replay_message(letter)
        except CannotReplay as error:
            refused[letter.event_id] = error
    failures = _publish(producer, outgoing)
    for letter_id in [found for found, error in failures.items() if is_too_large(error)]:
        refused[letter_id] = CannotReplay(
            f"the message of dead letter {letter_id} is larger than {outgoing[letter_id].topic} takes",
            "Raise max.message.bytes of the topic",
        )
        del failures[letter_id]
    now = datetime.now(UTC)
    done = [letter for letter in letters if letter.event_id not in refused and letter.event_id not in failures]
    unmarked = _publish(producer, {letter.event_id: _mark_message(letter, now) for letter in done})
    if failures or unmarked:
        what = f"{len(failures)} replays and {len(unmarked)} marks of replays are not confirmed"
        raise producer.last_error.unavailable(what, next(iter((failures | unmarked).values())).str())
    return [(letter, refused.get(letter.event_id)) for letter in letters]


def _mark_message(letter: DeadLetter, now: datetime) -> OutgoingMessage:
    # never before the letter, whose writer's clock may be ahead: such a mark would not count
    value = mark(letter, max(now, letter.gave_up_at)).model_dump_json().encode()
    return OutgoingMessage(REPLAYS.name, letter.event_id.encode(), value)


def _publish(producer: ConfirmingProducer, outgoing: dict[str, OutgoingMessage]) -> dict[str, KafkaError]:
    """Publish messages and return, by the same names, the reasons of those that are not confirmed."""
    found = zip(outgoing, producer.publish(list(outgoing.values())), strict=True)
    return {name: error for name, error in found if error is not None}


def replay_message(letter: DeadLetter) -> OutgoingMessage:
    """Make the message that replays a dead letter: the original to the byte, with foreign headers and the replay's.

    It carries nothing of the earlier tries, so it starts again with its quick tries.

    Raises:
        CannotReplay: No stage takes messages from the topic that the dead letter names.
    """
    if letter.topic not in _CONSUMED:
        raise CannotReplay(
            f"dead letter {letter.event_id} comes from {letter.topic}, which no stage reads",
            f"Replay it with a release that knows the topic; this one reads {', '.join(sorted(_CONSUMED))}",
        )
    foreign = tuple((name, value) for name, value in letter.headers if not name.startswith(OURS))
    return OutgoingMessage(letter.topic, letter.key, letter.value, (*foreign, (REPLAY, letter.event_id.encode())))


def mark(letter: DeadLetter, replayed_at: datetime) -> Replay:
    """Make the mark of a replay."""
    return Replay(dead_letter=letter.event_id, call_id=letter.call_id, replayed_at=replayed_at)
