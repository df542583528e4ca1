"""Reading the dead letters and their marks from Kafka, and putting messages back on the topics they came from."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import islice

from confluent_kafka import KafkaError, KafkaException, Producer
from pydantic import ValidationError

from schemas import DeadLetter
from streams.dead_letters.listing import CannotReplay, Outgoing, Replay, mark, replay_message
from streams.decoding import decode
from streams.errors import UnreadableEvent
from streams.kafka.client import producer_config
from streams.kafka.last_error import Trouble
from streams.kafka.reader import read, topic_ranges
from streams.settings import KafkaSettings
from streams.topics import DEAD_LETTER, REPLAYS

_AT_ONCE = 100
_CONFIRM_S = 30.0


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
            replay = Replay.model_validate_json(message.value() or b"")
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
            letter = decode(DeadLetter, message.value())
        except UnreadableEvent:
            on_unreadable(f"{message.topic()}/{message.partition()}/{message.offset()}")
            continue
        if letter.event_id not in seen:  # the stage that published it may have died before it could commit
            seen.add(letter.event_id)
            yield letter


def replay(kafka: KafkaSettings, letters: Iterable[DeadLetter]) -> Iterator[tuple[DeadLetter, CannotReplay | None]]:
    """Put the messages of dead letters back on their topics; yields each letter, with the reason if it cannot be.

    A letter is marked after the broker has confirmed its message, so whoever is interrupted in between replays it
    again. That does no more harm than any other repetition (docs/delivery.md).

    Raises:
        KafkaUnavailable: The brokers do not confirm within 30 seconds; what they did confirm is marked.
    """
    replayer = _Replayer(kafka)
    remaining = iter(letters)
    while batch := list(islice(remaining, _AT_ONCE)):
        yield from replayer.replay(batch)


class _Replayer:
    def __init__(self, kafka: KafkaSettings) -> None:
        self._prefix = kafka.prefix
        self._trouble = Trouble()
        own = {"message.timeout.ms": round(_CONFIRM_S * 1000), "error_cb": self._trouble}
        self._producer = Producer(producer_config(kafka) | own)

    def replay(self, letters: Sequence[DeadLetter]) -> list[tuple[DeadLetter, CannotReplay | None]]:
        """Publish the messages of some letters, wait for the confirmations, then mark those that were confirmed."""
        refused: dict[str, CannotReplay] = {}
        outgoing: dict[str, Outgoing] = {}
        for letter in letters:
            try:
                outgoing[letter.event_id] = replay_message(letter)
            except CannotReplay as error:
                refused[letter.event_id] = error
        failures = self._publish(outgoing)
        for letter_id in [found for found, error in failures.items() if _is_too_large(error)]:
            refused[letter_id] = CannotReplay(
                f"the message of dead letter {letter_id} is larger than {outgoing[letter_id].topic} takes",
                "Raise max.message.bytes of the topic",
            )
            del failures[letter_id]
        now = datetime.now(UTC)
        done = [letter for letter in letters if letter.event_id not in refused and letter.event_id not in failures]
        marks = {
            letter.event_id: Outgoing(
                REPLAYS.name,
                letter.event_id.encode(),
                # never before the letter, whose writer's clock may be ahead: such a mark would not count
                mark(letter, max(now, letter.gave_up_at)).model_dump_json().encode(),
            )
            for letter in done
        }
        unmarked = self._publish(marks)
        if failures or unmarked:
            what = f"{len(failures)} replays and {len(unmarked)} marks of replays are not confirmed"
            raise self._trouble.unavailable(what, next(iter((failures | unmarked).values())).str())
        return [(letter, refused.get(letter.event_id)) for letter in letters]

    def _publish(self, outgoing: dict[str, Outgoing]) -> dict[str, KafkaError]:
        """Publish messages and return, by the same names, the reasons of those that are not confirmed."""
        failures = {name: KafkaError(KafkaError._TIMED_OUT) for name in outgoing}

        def confirmed(name: str, error: KafkaError | None, _message: object) -> None:
            if error is None:
                del failures[name]
            else:
                failures[name] = error

        for name, message in outgoing.items():
            try:
                self._producer.produce(
                    self._prefix + message.topic,
                    message.value,
                    message.key,
                    headers=list(message.headers),
                    on_delivery=partial(confirmed, name),
                )
            except KafkaException as error:  # refused before it was sent
                failures[name] = error.args[0]
        deadline = time.monotonic() + _CONFIRM_S + 1
        while self._producer.flush(0.2) and time.monotonic() < deadline and not self._trouble.is_refused:
            pass
        if len(self._producer):  # only then: a purge also takes messages that are produced right after it
            self._producer.purge()
        return failures


def _is_too_large(error: KafkaError) -> bool:
    return bool(error.code() == KafkaError.MSG_SIZE_TOO_LARGE)
