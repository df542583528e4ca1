"""Kafka on a laptop: it can be killed, frozen and started again, and nothing of it is left behind."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from deploy.laptop.kafka import CannotRunKafka, Cluster
from deploy.laptop.kafka_jars import jars, java
from streams.kafka import KafkaUnavailable, TopicReader, produce
from streams.kafka.topic_admin import create_topics, find_topics
from streams.settings import KafkaSettings
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
StartCluster = Callable[..., Cluster]


def settings(cluster: Cluster, replication_factor: int = 1) -> KafkaSettings:
    return KafkaSettings(bootstrap_servers=cluster.bootstrap_servers, replication_factor=replication_factor)


def first_value(kafka: KafkaSettings) -> bytes:
    reader = TopicReader(kafka, "calls.ended", from_start=True)
    try:
        return next(reader.values(timeout_s=PATIENCE_S))
    finally:
        reader.close()


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def runnable() -> None:
    """Skip where there is no Java or no jars."""
    try:
        java()
        jars()
    except CannotRunKafka as reason:
        pytest.skip(f"cannot run Kafka on this machine: {reason}")


@pytest.fixture
def fake_maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An mvn that takes its time, counts its calls in a file, and copies one jar; no jars are there yet."""
    calls = tmp_path / "calls"
    (tmp_path / "bin").mkdir()
    maven = tmp_path / "bin" / "mvn"
    maven.write_text(
        f"#!/bin/sh\necho called >> {calls}\nsleep 0.3\n"
        'for option; do case "$option" in -DoutputDirectory=*) folder="${option#*=}";; esac; done\n'
        'mkdir -p "$folder" && touch "$folder/kafka.jar"\n'
    )
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("KAFKA_JARS", str(tmp_path / "cache" / "jars"))
    yield calls


def test_jars_are_fetched_once_however_many_ask(fake_maven: Path) -> None:
    program = "from deploy.laptop.kafka_jars import jars; print(jars()[0].name)"
    asking = [
        subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    assert [process.communicate(timeout=PATIENCE_S)[0] for process in asking] == ["kafka.jar\n"] * 3
    assert fake_maven.read_text() == "called\n"


def test_a_fetch_that_fails_leaves_nothing_behind_and_says_why(fake_maven: Path, tmp_path: Path) -> None:
    (tmp_path / "bin" / "mvn").write_text("#!/bin/sh\necho '[ERROR] no way to the repository'\nexit 1\n")
    with pytest.raises(CannotRunKafka, match="no way to the repository"):
        jars()
    assert not fake_maven.exists()
    assert list((tmp_path / "cache").glob("*jars*[!k]")) == []


def test_without_java_the_cure_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(CannotRunKafka, match="Install a Java 17"):
        java()


def test_an_old_java_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    old = tmp_path / "bin" / "java"
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    old.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(CannotRunKafka, match="expected Java 17 or newer, found openjdk version"):
        java()


@pytest.mark.integration
@pytest.mark.slow  # make test-slow
def test_a_broker_that_was_killed_comes_back_with_its_data_and_a_frozen_one_goes_on(
    start_cluster: StartCluster,
) -> None:
    cluster = start_cluster()
    [broker] = cluster.brokers
    kafka = settings(cluster)
    create_topics(kafka)
    produce(kafka, "calls.ended", [("a", b"kept")])

    broker.kill()
    assert not broker.is_running
    broker.restart()
    assert first_value(kafka) == b"kept"

    broker.freeze()
    with pytest.raises(KafkaUnavailable):
        produce(kafka, "calls.ended", [("a", b"unheard")], timeout_s=1)
    broker.thaw()
    produce(kafka, "calls.ended", [("a", b"heard")])

    os.kill(broker.pid, signal.SIGKILL)  # by somebody else
    deadline = time.monotonic() + PATIENCE_S
    while broker.is_running:
        assert time.monotonic() < deadline
    broker.restart()
    broker.stop()
    broker.restart()
    assert first_value(kafka) == b"kept"


@pytest.mark.integration
@pytest.mark.slow  # make test-slow
def test_of_three_brokers_one_may_be_missing(start_cluster: StartCluster) -> None:
    cluster = start_cluster(brokers=3)
    kafka = settings(cluster, replication_factor=3)
    create_topics(kafka)
    deadline = time.monotonic() + PATIENCE_S
    while {topic.replication for topic in find_topics(kafka).values()} != {3}:  # brokers list it a moment later
        assert time.monotonic() < deadline
        time.sleep(0.05)
    cluster.brokers[0].kill()
    produce(kafka, "calls.ended", [(f"call {number}", b"kept") for number in range(50)], timeout_s=PATIENCE_S)
    cluster.brokers[0].restart()
    assert first_value(kafka) == b"kept"


@pytest.mark.integration
@pytest.mark.usefixtures("runnable")
def test_a_broker_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib, time; from deploy.laptop.kafka import Cluster\n"
        "cluster = Cluster(pathlib.Path(sys.argv[1])); cluster.start(); cluster.brokers[0].freeze()\n"
        "print(cluster.brokers[0].pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "orphan")], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert is_running(pid)
    parent.kill()
    parent.communicate(timeout=PATIENCE_S)
    deadline = time.monotonic() + PATIENCE_S
    while is_running(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.integration
@pytest.mark.slow  # make test-slow
@pytest.mark.usefixtures("runnable")
def test_the_command_tells_what_to_set_keeps_its_data_and_ends_cleanly(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deploy.laptop.kafka", "--port", "0", "--folder", str(tmp_path / "kafka")]
    for is_first in (True, False):
        running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert running.stdout is not None
        said = "".join(running.stdout.readline() for _ in range(3))
        address = re.search(r"CALLSIFT_KAFKA_BOOTSTRAP_SERVERS=(\S+)", said)
        assert address is not None, said
        created = create_topics(KafkaSettings(bootstrap_servers=address[1]))
        assert bool(created) is is_first
        running.terminate()
        running.communicate(timeout=PATIENCE_S)
        assert running.returncode == 0
