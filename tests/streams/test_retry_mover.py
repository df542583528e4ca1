"""The retry mover, against a broker over TCP: what is due goes back, what is not waits and holds nobody up."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from confluent_kafka import Consumer, Message, Producer, TopicPartition

from streams.health import Health
from streams.kafka import client_config
from streams.message import ORIGIN
from streams.retry_mover import RetryMover
from streams.settings import KafkaSettings
from streams.topics import DEAD_LETTER, ENDED, RETRIES
from tests import patience
from tests.raw_producer import Raw, send
from tests.streams.faust_worker.test_worker import dead_letters
from tests.streams.hostile import configure

pytestmark = pytest.mark.integration
until = partial(patience.until, within_s=30)
SHORT, LONG = RETRIES[0], RETRIES[-1]


@pytest.fixture
def kafka(real_kafka: KafkaSettings) -> KafkaSettings:
    """A real Kafka, whose groups take a new member in at once; the embedded broker lets it wait for three seconds."""
    return real_kafka


@contextmanager
def moving(kafka: KafkaSettings, now_s: Callable[[], float]) -> Iterator[Health]:
    stop, health = threading.Event(), Health()
    thread = threading.Thread(target=RetryMover(kafka, now_s).run, args=(health, stop.is_set))
    thread.start()
    yield health
    stop.set()
    thread.join(30)
    assert not thread.is_alive()


def put(kafka: KafkaSettings, topic: str, *keys: str, origin: str | None = ENDED.name) -> None:
    producer = Producer(client_config(kafka) | {"acks": "all"})
    headers: list[tuple[str, str | bytes | None]] = [("callsift-retries", b"1"), ("source", b"pbx")]
    headers += [(ORIGIN, origin.encode())] if origin else []
    for key in keys:
        producer.produce(kafka.prefix + topic, key=key, value=f"value of {key}", headers=headers)
    assert producer.flush(20) == 0


def arrivals(kafka: KafkaSettings, count: int, within_s: float = 30) -> list[Message]:
    reader = Consumer(client_config(kafka) | {"group.id": "reader", "enable.auto.commit": False})
    topic = kafka.prefix + ENDED.name
    numbers = reader.list_topics(topic, timeout=within_s).topics[topic].partitions
    reader.assign([TopicPartition(topic, number, 0) for number in numbers])
    found: list[Message] = []
    deadline = time.monotonic() + within_s
    while len(found) < count and time.monotonic() < deadline:
        found += [message for message in reader.consume(10, 0.2) if message.error() is None]
    reader.close()
    return found


@pytest.mark.parametrize("broker", ["embedded_kafka", "real_kafka"])
def test_a_due_message_goes_back_unchanged_with_its_headers(broker: str, request: pytest.FixtureRequest) -> None:
    kafka: KafkaSettings = request.getfixturevalue(broker)
    put(kafka, SHORT.name, "a")
    with moving(kafka, now_s=lambda: time.time() + 31):
        [message] = arrivals(kafka, 1)
    assert (message.key(), message.value()) == (b"a", b"value of a")
    assert dict(message.headers() or [])["callsift-retries"] == b"1"
    assert dict(message.headers() or [])["source"] == b"pbx"


def test_a_message_that_is_not_due_waits_and_holds_up_nothing_on_other_topics(kafka: KafkaSettings) -> None:
    clock = {"ahead_s": 31.0}
    put(kafka, LONG.name, "late")
    put(kafka, SHORT.name, "soon")
    with moving(kafka, now_s=lambda: time.time() + clock["ahead_s"]):
        assert [message.key() for message in arrivals(kafka, 1)] == [b"soon"]
        clock["ahead_s"] = 3601.0
        assert sorted(message.key() or b"" for message in arrivals(kafka, 2)) == [b"late", b"soon"]


def test_a_second_mover_leaves_nothing_behind_in_the_partitions_that_stay_with_the_first(kafka: KafkaSettings) -> None:
    clock = {"ahead_s": 0.0, "asked": 0.0}

    def now_s() -> float:
        clock["asked"] += 1
        return time.time() + clock["ahead_s"]

    keys = [f"{number}".encode() for number in range(24)]
    put(kafka, SHORT.name, *(key.decode() for key in keys))
    with moving(kafka, now_s):
        until(lambda: clock["asked"] >= 4 * SHORT.partitions)  # once for a message, then for each paused partition
        with moving(kafka, now_s) as second:
            until(lambda: second.ready)
            clock["ahead_s"] = 31.0
            found = arrivals(kafka, len(keys))
    assert sorted(message.key() or b"" for message in found) == sorted(keys)


def test_a_moved_message_is_not_moved_again_by_the_next_mover(kafka: KafkaSettings) -> None:
    put(kafka, SHORT.name, "a", "b", "c")
    with moving(kafka, now_s=lambda: time.time() + 31):
        assert len(arrivals(kafka, 3)) == 3
    put(kafka, SHORT.name, "d")
    with moving(kafka, now_s=lambda: time.time() + 31):
        keys = [message.key() for message in arrivals(kafka, 4)]
    assert sorted(key or b"" for key in keys) == [b"a", b"b", b"c", b"d"]


def test_a_message_without_an_origin_is_left_and_the_next_one_moves(kafka: KafkaSettings) -> None:
    put(kafka, SHORT.name, "stray", origin=None)
    put(kafka, SHORT.name, "astray", origin="somebody.elses")
    put(kafka, SHORT.name, "ours")
    with moving(kafka, now_s=lambda: time.time() + 31):
        assert [message.key() for message in arrivals(kafka, 1)] == [b"ours"]


def test_the_mover_is_ready_once_it_has_joined_its_group(kafka: KafkaSettings) -> None:
    with moving(kafka, now_s=time.time) as health:
        until(lambda: health.ready)


async def test_a_header_name_that_is_not_utf8_and_an_absurd_time_hold_up_nothing(kafka: KafkaSettings) -> None:
    times = {"message_timestamp_type": "CreateTime", "message_timestamp_after_max_ms": 2**63 - 1}
    configure(kafka, SHORT, retention_ms=-1, **times)
    back = (ORIGIN.encode(), ENDED.name.encode())
    odd = [
        Raw(b"odd", b"1", ((b"\xff\xfe", b"x"), back), timestamp_ms=0),
        Raw(b"past", b"2", (back,), timestamp_ms=-(2**62)),
        Raw(b"future", b"3", (back,), timestamp_ms=2**62),
    ]
    await send(kafka, SHORT.name, odd, partitions=1)
    with moving(kafka, now_s=time.time):
        assert [message.key() for message in arrivals(kafka, 2)] == [b"past", b"future"]


def test_a_message_that_its_topic_refuses_becomes_a_dead_letter_and_holds_up_nothing(kafka: KafkaSettings) -> None:
    put(kafka, SHORT.name, "k" * 5000, "small")
    configure(kafka, ENDED, max_message_bytes=2000)
    with moving(kafka, now_s=lambda: time.time() + 31):
        assert [message.key() for message in arrivals(kafka, 1)] == [b"small"]
        [letter] = dead_letters(kafka, 1)
    assert (letter.stage, letter.topic, letter.value) == ("audio", ENDED.name, b"value of " + b"k" * 5000)
    assert "calls.retry.30s" in letter.message


def test_a_refused_message_whose_dead_letter_is_too_large_leaves_its_position(kafka: KafkaSettings) -> None:
    put(kafka, SHORT.name, "k" * 5000, "small")
    configure(kafka, ENDED, max_message_bytes=2000)
    configure(kafka, DEAD_LETTER, max_message_bytes=3000)
    with moving(kafka, now_s=lambda: time.time() + 31):
        assert [message.key() for message in arrivals(kafka, 1)] == [b"small"]
        [letter] = dead_letters(kafka, 1)
    assert (letter.key, letter.value) == (None, None)
    assert f"it stays at {kafka.prefix}{SHORT.name}/" in letter.cure
