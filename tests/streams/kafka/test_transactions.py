"""Producers with transactions: what is aborted is never processed, and what nobody can read does not wait."""

from functools import partial
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from streams.kafka.client import client_config
from streams.kafka.groups import committed
from streams.kafka.lag import consumer_lag
from streams.monitor.observer import Observer
from streams.settings import KafkaSettings
from streams.topics import ENDED
from tests import patience
from tests.streams.faust_worker.test_worker import arrived, send, worker
from tests.streams.transactions import TransactionalProducer

pytestmark = pytest.mark.integration
until = partial(patience.until, within_s=60)


def place(kafka: KafkaSettings) -> tuple[str, int]:
    return kafka.prefix + ENDED.name, 0


def group(kafka: KafkaSettings) -> str:
    return f"{kafka.prefix}callsift.audio"


def commit(kafka: KafkaSettings, offset: int) -> None:
    consumer = Consumer(client_config(kafka) | {"group.id": group(kafka)})
    consumer.commit(offsets=[TopicPartition(*place(kafka), offset)], asynchronous=False)
    consumer.close()


def shown(kafka: KafkaSettings) -> tuple[int, bool]:
    """Return what ``status`` and the monitor show of the audio stage: how many wait, and whether one has an age."""
    audio = Observer(kafka).look().groups[0]
    return audio.lag, audio.waiting_since is not None


def passable(kafka: KafkaSettings) -> dict[tuple[str, int], int]:
    """Return how far an idle worker may commit."""
    told: dict[tuple[str, int], int] = {}
    consumer_lag(kafka, group(kafka), [place(kafka)], told.update)
    return told


def test_markers_and_what_was_aborted_or_is_still_open_do_not_wait(real_kafka: KafkaSettings) -> None:
    def lag() -> int | None:
        return consumer_lag(real_kafka, group(real_kafka), [place(real_kafka)])

    producer = TransactionalProducer(real_kafka)
    producer.put("first")
    until(lambda: lag() == 0, str)  # still open; a fresh broker may not answer at once
    assert shown(real_kafka) == (0, False)
    producer.commit()
    until(lambda: (lag() or 0) > 0, str)
    assert shown(real_kafka) == (lag(), True)
    commit(real_kafka, 1)  # what is left is the marker
    assert (lag(), shown(real_kafka)) == (0, (0, False))
    producer.put("aborted", "aborted too")
    assert (lag(), shown(real_kafka)) == (0, (0, False))
    assert passable(real_kafka) == {place(real_kafka): 2}  # not past what may yet be committed
    producer.abort()
    until(lambda: passable(real_kafka) == {place(real_kafka): 5}, str)
    assert (lag(), shown(real_kafka)) == (0, (0, False))
    send(real_kafka, *(f"call-{number}" for number in range(40)))
    until(lambda: (lag() or 0) > 0, str)  # some of them are on this partition
    assert shown(real_kafka)[1]


def test_deleted_messages_do_not_wait(real_kafka: KafkaSettings) -> None:
    producer = TransactionalProducer(real_kafka)
    producer.put("first", "second")
    producer.commit()
    admin = AdminClient(client_config(real_kafka))
    for answer in admin.delete_records([TopicPartition(*place(real_kafka), 2)]).values():
        answer.result(30)
    assert consumer_lag(real_kafka, group(real_kafka), [place(real_kafka)]) == 0  # only the marker is left
    assert shown(real_kafka) == (0, False)


@pytest.mark.slow  # make test-slow
def test_an_idle_worker_commits_past_markers_and_never_takes_what_was_aborted(
    real_kafka: KafkaSettings, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    producer = TransactionalProducer(real_kafka)

    def position() -> int | None:
        return committed(real_kafka, {group(real_kafka): [place(real_kafka)]}).get(place(real_kafka))

    producer.put("good-0")
    producer.commit()
    producer.put("bad-0", "bad-1")
    producer.abort()
    producer.put("good-1")
    producer.commit()
    stalls = {"CALLSIFT_RUNNER_STALL_LIMIT_S": "6"}  # one more look than an idle worker has until it is past
    with worker(real_kafka, log, "tests.chaos.worker", "audio", **stalls) as process:
        found = arrived(real_kafka, "good-0", "good-1")
        until(lambda: position() == 7, log.read_text)  # 2 messages, 2 aborted ones, 3 markers
        producer.put("bad-2")
        producer.abort()
        until(lambda: position() == 9, log.read_text)
        producer.put("good-2")
        producer.commit()
        found += arrived(real_kafka, "good-2")
        until(lambda: position() == 11, log.read_text)
        assert process.poll() is None, log.read_text()
    assert set(found) == {"good-0", "good-1", "good-2"}
    assert "stuck" not in log.read_text()


def test_the_embedded_broker_takes_committed_transactions(embedded_kafka: KafkaSettings, tmp_path: Path) -> None:
    producer = TransactionalProducer(embedded_kafka)
    producer.put("good-0", "good-1")
    producer.commit()
    with worker(embedded_kafka, tmp_path / "worker.log", "tests.chaos.worker", "audio"):
        arrived(embedded_kafka, "good-0", "good-1")
