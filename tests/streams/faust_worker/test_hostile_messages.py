"""No message ends a worker: what nobody should send, among good calls, on a real Kafka."""

import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from callsift.embedded import EmbeddedStore
from schemas import AudioReady, CallOutcome, DeadLetter
from streams.decoding import decode
from streams.errors import UnreadableEvent
from streams.kafka import TopicReader
from streams.kafka.lag import consumer_lag
from streams.settings import KafkaSettings
from streams.topics import AUDIO, CLASSIFIED, DEAD_LETTER, ENDED, OUTCOMES, RETRIES, Topic
from tests.raw_producer import PARTITIONS, Raw, send
from tests.schemas.examples import call_classified, call_ended, dead_letter
from tests.streams.faust_worker.test_worker import worker
from tests.streams.hostile import configure, hostile

pytestmark = [pytest.mark.integration, pytest.mark.slow]  # make test-slow
_TRACED = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}  # nobody listens; trace headers are read all the same


def take_any_time(kafka: KafkaSettings, topic: Topic) -> None:
    """Let a topic take every timestamp that Kafka's format can hold, and keep what is old by it."""
    longest = 2**63 - 1
    times = {"message_timestamp_after_max_ms": longest, "message_timestamp_before_max_ms": longest}
    configure(kafka, topic, retention_ms=-1, message_timestamp_type="CreateTime", **times)


def values(kafka: KafkaSettings, topic: Topic) -> list[bytes]:
    reader = TopicReader(kafka, topic.name, from_start=True)
    try:
        return list(reader.up_to_now())
    finally:
        reader.close()


def wait_until_all_is_done(
    running: "subprocess.Popen[bytes]", log: Path, kafka: KafkaSettings, stage: str, topic: Topic, within_s: float = 60
) -> None:
    partitions = [(kafka.prefix + topic.name, number) for number in range(PARTITIONS)]
    deadline = time.monotonic() + within_s
    while consumer_lag(kafka, f"{kafka.prefix}callsift.{stage}", partitions) != 0:
        assert running.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.3)


def good_calls(count: int) -> list[Raw]:
    calls = [call_ended().model_copy(update={"call_id": f"good-{number}"}) for number in range(count)]
    return [Raw(call.call_id.encode(), call.model_dump_json().encode()) for call in calls]


def among(hostile_ones: list[Raw], good_ones: list[Raw]) -> Iterator[Raw]:
    every = len(hostile_ones) // len(good_ones)
    for number, message in enumerate(hostile_ones):
        if number % every == 0 and number // every < len(good_ones):
            yield good_ones[number // every]
        yield message


@pytest.mark.slow  # make test-slow
async def test_every_one_of_2000_hostile_messages_is_accounted_for_and_every_good_call_is_done(
    real_kafka: KafkaSettings, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    take_any_time(real_kafka, ENDED)
    good = good_calls(100)
    seeded = int(os.environ.get("CALLSIFT_TEST_SEED", "7"))
    count = int(os.environ.get("CALLSIFT_TEST_HOSTILE", "2000"))
    messages = among(hostile(count, seeded, call_ended().model_dump_json().encode()), good)
    with worker(real_kafka, log, "tests.streams.unbraked_worker", "audio", **_TRACED) as running:
        positions = await send(real_kafka, ENDED.name, messages)
        wait_until_all_is_done(running, log, real_kafka, "audio", ENDED)
    done = [AudioReady.model_validate_json(value, strict=True) for value in values(real_kafka, AUDIO)]
    letters = [DeadLetter.model_validate_json(value, strict=True) for value in values(real_kafka, DEAD_LETTER)]
    given_up = {(letter.partition, letter.offset) for letter in letters}
    assert len(positions) == count + len(good)
    assert given_up <= set(positions)
    assert len(given_up) == len(letters)
    assert len(done) + len(letters) == len(positions)
    assert {f"good-{number}" for number in range(len(good))} <= {event.call_id for event in done}
    assert not [value for topic in RETRIES for value in values(real_kafka, topic)]
    assert "set aside" not in log.read_text()
    assert "unknown error" not in log.read_text()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[str]:
    running = EmbeddedStore(tmp_path / "nx-27017")
    yield running.uri
    running.stop()


def poison(number: int) -> Raw:
    """Return a dead letter whose event no store can hold: more of them than the window has slots."""
    hops: list[dict[str, Any]] = [
        {"stage": "pbx", "taken_at": "2026-10-05T11:00:00Z", "finished_at": "2026-10-05T10:00:00Z"},
        {"stage": "pbx", "taken_at": "2026-10-05T11:00:00Z", "finished_at": "2026-10-05T11:00:00Z", "x": {"nul\0": 1}},
        {"stage": "pbx", "taken_at": "2026-10-05T11:00:00Z", "finished_at": "2026-10-05T11:00:00Z", "x": 2**64},
    ]
    call = json.loads(call_ended().model_dump_json()) | {"call_id": f"poison-{number}", "hops": [hops[number % 3]]}
    return letter_of(call["call_id"], json.dumps(call).encode())


def letter_of(call_id: str, value: bytes) -> Raw:
    letter = dead_letter().model_copy(update={"event_id": f"letter-{call_id}", "call_id": call_id, "value": value})
    return Raw(call_id.encode(), letter.model_dump_json().encode())


async def test_no_dead_letter_whatever_is_in_it_keeps_the_sink_from_the_next(
    real_kafka: KafkaSettings, tmp_path: Path, store: str
) -> None:
    log = tmp_path / "worker.log"
    take_any_time(real_kafka, DEAD_LETTER)
    poisoned = [poison(number) for number in range(24)]
    good = [letter_of(f"good-{number}", call.value or b"") for number, call in enumerate(good_calls(20))]
    garbage = hostile(200, 11, dead_letter().model_dump_json().encode())
    with worker(real_kafka, log, "tests.streams.unbraked_worker", "sink", CALLSIFT_MONGO_URI=store) as running:
        positions = await send(real_kafka, DEAD_LETTER.name, [*poisoned, *among(garbage, good)])
        wait_until_all_is_done(running, log, real_kafka, "sink", DEAD_LETTER)
    said = {CallOutcome.model_validate_json(value).call_id for value in values(real_kafka, OUTCOMES)}
    assert {f"poison-{number}" for number in range(24)} | {f"good-{number}" for number in range(20)} <= said
    letters = [letter for letter in map(readable, values(real_kafka, DEAD_LETTER)) if letter is not None]
    set_aside = {(letter.partition, letter.offset) for letter in letters if letter.is_about_a_failure}
    unreadable = sum(readable(message.value) is None for message in garbage)
    assert unreadable > 100
    assert len(set_aside & set(positions)) == unreadable
    assert not [value for topic in RETRIES for value in values(real_kafka, topic)]


def readable(value: bytes | None) -> DeadLetter | None:
    try:
        return decode(DeadLetter, value)
    except UnreadableEvent:
        return None


def large_calls(count: int, metadata_bytes: int, *, gzipped: bool = False) -> list[Raw]:
    calls = [
        call_ended().model_copy(update={"call_id": f"large-{number}", "metadata": {"note": "x" * metadata_bytes}})
        for number in range(count)
    ]
    return [Raw(call.call_id.encode(), call.model_dump_json().encode(), gzipped=gzipped) for call in calls]


async def test_results_that_the_topic_refuses_for_their_size_block_no_partition(
    real_kafka: KafkaSettings, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    configure(real_kafka, AUDIO, max_message_bytes=12_000)
    with worker(real_kafka, log, "tests.chaos.worker", "audio") as running:
        too_large = [*large_calls(8, 200_000), *large_calls(8, 13_000), *large_calls(8, 5_000_000, gzipped=True)]
        await send(real_kafka, ENDED.name, [*too_large, *good_calls(100)])
        wait_until_all_is_done(running, log, real_kafka, "audio", ENDED)
    letters = [DeadLetter.model_validate_json(value, strict=True) for value in values(real_kafka, DEAD_LETTER)]
    kept = Counter((letter.error_type, letter.value is not None) for letter in letters)
    assert kept == {("MessageTooLarge", True): 16, ("UnreadableEvent", False): 8}
    assert len(values(real_kafka, AUDIO)) == 100  # each fits, though several together would not


async def test_an_outcome_that_its_topic_refuses_leaves_without_what_is_large(
    real_kafka: KafkaSettings, tmp_path: Path, store: str
) -> None:
    log = tmp_path / "worker.log"
    configure(real_kafka, OUTCOMES, max_message_bytes=20_000)
    classified = call_classified().model_copy(
        update={"call_id": "large-done", "metadata": {"note": "x" * 500_000}, "turns": ()}
    )
    failure = letter_of("large-failed", large_calls(1, 900_000)[0].value or b"")
    with worker(real_kafka, log, "tests.chaos.worker", "sink", CALLSIFT_MONGO_URI=store) as running:
        await send(real_kafka, CLASSIFIED.name, [Raw(b"large-done", classified.model_dump_json().encode())])
        await send(real_kafka, DEAD_LETTER.name, [failure])
        wait_until_all_is_done(running, log, real_kafka, "sink", CLASSIFIED)
        wait_until_all_is_done(running, log, real_kafka, "sink", DEAD_LETTER)
    outcomes = [CallOutcome.model_validate_json(value) for value in values(real_kafka, OUTCOMES)]
    assert {outcome.state: outcome.metadata for outcome in outcomes} == {"done": {}, "failed": {}}
    assert {outcome.left_out for outcome in outcomes} == {("metadata",)}
    with MongoClient[dict[str, Any]](store) as client:
        notes = {found["state"]: len(found["outcome"]["metadata"]["note"]) for found in client.callsift.calls.find()}
    assert notes == {"done": 500_000, "failed": 900_000}
