"""What the conveyor adds to one call when nothing else is to be done: four real workers, one call at a time."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from callsift.calls import call_ended
from callsift.embedded import EmbeddedStore, end
from schemas import CallOutcome, OneFile
from streams.kafka import PARTITIONER, client_config
from streams.settings import KafkaSettings
from streams.topics import ENDED, OUTCOMES, PIPELINE

FIRST_LIMIT_S = 90.0
"""Seconds that the first call may take: the workers join their groups meanwhile."""
LIMIT_S = 30.0
_WARM_UP_CALLS = 5


def overheads(
    kafka: KafkaSettings, folder: Path, *, calls: int, longest_gap_s: float, done: Callable[[], None]
) -> list[float]:
    """Return for each call the seconds from its produce to its outcome's arrival, less what the stages worked.

    Args:
        kafka: A broker with every topic.
        folder: Where the store and the workers' logs lie.
        calls: How many calls, one after the other.
        longest_gap_s: Seconds between an outcome and the next call at the most; chosen at random below that.
        done: Called after each call.
    """
    gaps = random.Random(7)
    with workers(kafka, folder, PIPELINE), line(kafka) as passage:
        passage("first", FIRST_LIMIT_S)  # the workers join their groups meanwhile
        for number in range(_WARM_UP_CALLS):
            passage(f"warm-up-{number}", LIMIT_S)
        found = []
        for number in range(calls):
            time.sleep(gaps.uniform(0, longest_gap_s))
            found.append(passage(f"call-{number}", LIMIT_S))
            done()
        return found


@contextmanager
def line(kafka: KafkaSettings) -> Iterator[Callable[[str, float], float]]:
    """Give a function that sends one call through within so many seconds, and returns its overhead in seconds."""
    producer = Producer(client_config(kafka) | {"linger.ms": 0, "acks": "all", "partitioner": PARTITIONER})
    consumer = Consumer(client_config(kafka) | {"group.id": "callsift.benchmark", "enable.auto.commit": False})
    name = kafka.prefix + OUTCOMES.name
    numbers = consumer.list_topics(name, timeout=10).topics[name].partitions
    places = [TopicPartition(name, number) for number in numbers]
    consumer.assign([TopicPartition(place.topic, place.partition, _end(consumer, place)) for place in places])

    def passage(call_id: str, limit_s: float) -> float:
        event = call_ended(call_id, OneFile(uri="file:///precomputed.wav")).model_dump_json().encode()
        began_s = time.monotonic()
        producer.produce(kafka.prefix + ENDED.name, key=call_id.encode(), value=event)
        while time.monotonic() - began_s < limit_s:
            producer.poll(0)
            message = consumer.poll(0.05)
            arrived_s = time.monotonic()
            if message is None or message.error() is not None:
                continue
            outcome = CallOutcome.model_validate_json(message.value() or b"")
            if outcome.call_id == call_id:
                return arrived_s - began_s - sum(hop.seconds for hop in outcome.hops)
        raise SystemExit(f"no outcome of {call_id} within {limit_s:g} s")

    try:
        yield passage
    finally:
        consumer.close()


def _end(consumer: Consumer, place: TopicPartition) -> int:
    """Return where a partition ends, as soon as it has a leader: topics that were just made have none at first."""
    deadline = time.monotonic() + LIMIT_S
    while True:
        try:
            end: int = consumer.get_watermark_offsets(place, timeout=10)[1]
        except KafkaException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return end


@contextmanager
def workers(kafka: KafkaSettings, folder: Path, stages: Sequence[str]) -> Iterator[None]:
    """Run one worker of each stage, whose speech is precomputed, with a store of this machine and no hosted model."""
    with ExitStack() as stack:
        store = EmbeddedStore(folder / "store")
        stack.callback(store.stop)
        variables = {
            "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "CALLSIFT_KAFKA_PREFIX": kafka.prefix,
            "CALLSIFT_MONGO_URI": store.uri,
            "CALLSIFT_CLASSIFIER": "offline",
            "CALLSIFT_HTTP_PORT": "127.0.0.1:0",
        }
        for stage in stages:
            with (folder / f"{stage}.log").open("wb") as log:
                process = subprocess.Popen(
                    [sys.executable, "-m", "benchmarks.worker", stage],
                    env={**os.environ, **variables},
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            stack.callback(end, process, 40)
        yield
