"""The monitor: what waits is shown while no worker lives, and nothing stale while the brokers are away."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from callsift.embedded import free_port
from deploy.laptop.kafka import Cluster
from streams.health import Health
from streams.kafka import produce, publish_retention
from streams.kafka.brake_topic import publish_notice
from streams.kafka.topic_admin import create_topics
from streams.monitor import Monitor
from streams.settings import RETAINED, KafkaSettings, MonitorSettings
from streams.topics import CLASSIFIED, DEAD_LETTER, ENDED, REPROCESS, RETRIES, STAGES
from tests import patience
from tests.patience import PATIENCE_S
from tests.schemas import examples
from tests.streams.monitor.test_observer import member

pytestmark = pytest.mark.integration
until = partial(patience.until, within_s=30)


def shown(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"callsift_{name}", labels)


def looked_since(moment_s: float) -> bool:
    return (shown("monitor_last_look_timestamp_seconds") or 0) > moment_s


@contextmanager
def watching(kafka: KafkaSettings) -> Iterator[Callable[[], None]]:
    """Run a monitor; gives what returns when it has looked once more from the beginning."""
    stop, health = threading.Event(), Health()
    thread = threading.Thread(target=Monitor(kafka, MonitorSettings(interval_s=0.05)).run, args=(health, stop))
    thread.start()

    def look() -> None:
        for _ in range(2):  # the first one may have begun before
            until(partial(looked_since, time.time()))
        assert health.ready

    yield look
    stop.set()
    thread.join(30)
    assert not thread.is_alive()


def test_an_idle_pipeline_shows_zeros_and_not_nothing(kafka: KafkaSettings) -> None:
    with watching(kafka) as look:
        look()
        for stage in STAGES.values():
            assert [shown("consumer_lag_messages", stage=stage.name, topic=topic.name) for topic in stage.consumes] == [
                0
            ] * len(stage.consumes)
            assert shown("oldest_unprocessed_age_seconds", stage=stage.name) == 0
            assert shown("brake_applied_ratio", stage=stage.name) == 0
        assert shown("oldest_unprocessed_age_seconds", stage="retry") == 0
        assert [shown("retries_waiting_messages", topic=topic.name) for topic in RETRIES] == [0, 0, 0]
        assert shown("dead_letters_messages") == 0
        assert [shown("retention_last_success_timestamp_seconds", kind=kind) for kind in RETAINED] == [0, 0, 0]


def test_waiting_messages_are_shown_although_no_worker_runs(kafka: KafkaSettings) -> None:
    produce(kafka, ENDED.name, [("one call", f"{number}".encode()) for number in range(5)])
    produce(kafka, RETRIES[2].name, [("a", b"1")])
    letters = [examples.dead_letter().model_copy(update={"event_id": name}) for name in "ab"]
    produce(kafka, DEAD_LETTER.name, [(letter.event_id, letter.model_dump_json().encode()) for letter in letters])
    with watching(kafka) as look:
        look()
        assert shown("consumer_lag_messages", stage="audio", topic=ENDED.name) == 5
        assert shown("consumer_lag_messages", stage="sink", topic=DEAD_LETTER.name) == 2
        assert shown("consumer_lag_messages", stage="sink", topic=CLASSIFIED.name) == 0
        assert shown("retries_waiting_messages", topic=RETRIES[2].name) == 1
        assert shown("dead_letters_messages") == 2
        assert shown("dead_letters_old_messages") == 0  # they were given up a moment ago
        age_s = shown("oldest_unprocessed_age_seconds", stage="audio")
        assert age_s is not None
        assert 0 < age_s < 300
        assert shown("oldest_unprocessed_age_seconds", stage="retry") == 0  # it is due in an hour

        consumer = member(kafka, "audio")
        name = kafka.prefix + ENDED.name
        numbers = consumer.list_topics(name, timeout=30).topics[name].partitions  # the embedded broker has fewer
        consumer.commit(offsets=[TopicPartition(name, number, 5) for number in numbers], asynchronous=False)
        consumer.close()
        look()
        assert shown("consumer_lag_messages", stage="audio", topic=ENDED.name) == 0
        assert shown("oldest_unprocessed_age_seconds", stage="audio") == 0


def test_a_brake_is_shown_until_it_is_released(kafka: KafkaSettings) -> None:
    with watching(kafka) as look:
        publish_notice(kafka, "reprocess", applied=True, reason="a test")
        look()
        assert [shown("brake_applied_ratio", stage=stage) for stage in STAGES] == [0, 0, 0, 0, 1]
        publish_notice(kafka, "reprocess", applied=False, reason="a test")
        look()
        assert shown("brake_applied_ratio", stage="reprocess") == 0


def test_when_each_kind_of_data_was_last_removed_is_shown_and_0_for_never(kafka: KafkaSettings) -> None:
    first, second = (datetime(2026, 11, day, 3, 17, tzinfo=UTC) for day in (27, 28))
    publish_retention(kafka, RETAINED, first)
    publish_retention(kafka, ["audio_store"], second)
    with watching(kafka) as look:
        look()
        shown_s = [shown("retention_last_success_timestamp_seconds", kind=kind) for kind in RETAINED]
        assert dict(zip(RETAINED, shown_s, strict=True)) == {
            "audio_store": second.timestamp(),
            "documents": first.timestamp(),
            "dead_letters": first.timestamp(),
        }


class Worker:
    """A real ``callsift worker monitor``, seen from outside."""

    def __init__(self, kafka: KafkaSettings, log: Path) -> None:
        self.port = free_port()
        own = {name: value for name, value in os.environ.items() if not name.startswith("CALLSIFT_")}
        own |= {
            "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "CALLSIFT_MONITOR_INTERVAL_S": "0.2",
            "CALLSIFT_HTTP_PORT": f"127.0.0.1:{self.port}",
        }
        with log.open("wb") as output:
            command = [sys.executable, "-m", "callsift", "worker", "monitor"]
            self.process = subprocess.Popen(command, env=own, stdout=output, stderr=output)

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:  # it does not listen yet
            return 0, ""

    @property
    def waits_for(self) -> str | None:
        _, body = self.get("/health/ready")
        told: str | None = json.loads(body)["paused"]
        return told

    @property
    def lag(self) -> dict[str, float]:
        status, text = self.get("/metrics")
        assert status == 200
        families = text_string_to_metric_families(text)
        lags = [family for family in families if family.name == "callsift_consumer_lag_messages"]
        return {sample.labels["topic"]: sample.value for family in lags for sample in family.samples}


@pytest.mark.slow  # make test-slow
def test_a_real_monitor_survives_brokers_that_go_and_come_back(
    start_cluster: Callable[..., Cluster], tmp_path: Path
) -> None:
    cluster = start_cluster()
    [broker] = cluster.brokers
    kafka = KafkaSettings(bootstrap_servers=cluster.bootstrap_servers)
    create_topics(kafka)
    worker = Worker(kafka, tmp_path / "log")
    try:
        until(lambda: worker.get("/health/ready")[0] == 200)
        produce(kafka, REPROCESS.name, [("a call", b"1")])
        until(lambda: worker.lag.get(REPROCESS.name) == 1)
        broker.kill()
        until(lambda: worker.lag == {})
        assert worker.waits_for is not None
        assert worker.get("/health/ready")[0] == worker.get("/health/live")[0] == 200
        broker.restart()
        until(lambda: worker.lag.get(REPROCESS.name) == 1, within_s=PATIENCE_S)
        until(lambda: worker.waits_for is None)
        worker.process.send_signal(signal.SIGTERM)
        assert worker.process.wait(PATIENCE_S) == 0, (tmp_path / "log").read_text()
    finally:
        worker.process.kill()
        worker.process.wait()
