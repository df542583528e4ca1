"""docs/publishing.md's producers against a real Kafka: they send events, and to the partitions of callsift's own."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from callsift.publishing_reference import publishing_page
from deploy.laptop.kafka import CannotRunKafka, version
from deploy.laptop.kafka_jars import fetched, java
from schemas import CallEnded, OneFile, Speaker
from streams.decoding import decode
from streams.kafka import client_config
from streams.kafka.producer import produce
from streams.settings import KafkaSettings
from streams.topics import ENDED

FOLDER = Path(__file__).parents[2] / "docs" / "publishing"
CACHE = Path.home() / ".cache" / "callsift"
CALLS = [f"pbx-{number}" for number in range(4711, 4735)]
LIMIT_S = 300


def _python() -> list[str]:
    return [sys.executable, str(FOLDER / "publish.py")]


def _java() -> list[str]:
    try:
        path, _ = java()
        jars = fetched(FOLDER / "pom.xml", CACHE / f"publishing-java-{version()}")
    except CannotRunKafka as reason:
        pytest.skip(f"the Java example cannot run on this machine: {reason}")
    return [path, "-Dfile.encoding=UTF-8", "-cp", os.pathsep.join(map(str, jars)), str(FOLDER / "Publish.java")]


def _node() -> list[str]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("the Node example cannot run on this machine: there is no node or no npm")
    [(name, wanted)] = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))["dependencies"].items()
    folder = CACHE / f"publishing-node-{wanted}"
    folder.mkdir(parents=True, exist_ok=True)
    for file in ("package.json", "publish.mjs"):
        shutil.copy(FOLDER / file, folder)
    if not (folder / "node_modules" / name / "package.json").is_file():
        command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        if ended.returncode != 0:
            pytest.skip(f"the Node example cannot run on this machine: npm install: {ended.stderr[-300:]}")
    return [node, str(folder / "publish.mjs")]


def _kcat() -> list[str]:
    if shutil.which("kcat") is None:
        pytest.skip("the kcat example cannot run on this machine: there is no kcat")
    return ["sh", str(FOLDER / "publish.sh")]


PRODUCERS: dict[str, Callable[[], list[str]]] = {"Python": _python, "Java": _java, "Node": _node, "kcat": _kcat}


def publish(command: Sequence[str], bootstrap_servers: str, topic: str) -> "subprocess.CompletedProcess[str]":
    told = {"BOOTSTRAP_SERVERS": bootstrap_servers, "TOPIC": topic, "LANG": "C.UTF-8"}
    return subprocess.run(
        [*command, *CALLS], env=os.environ | told, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )


def lying_on(kafka: KafkaSettings) -> list[tuple[str, int, bytes]]:
    """Return key, partition and value of every message on calls.ended."""
    consumer = Consumer(client_config(kafka) | {"group.id": "nobody", "enable.auto.commit": False})
    name = kafka.prefix + ENDED.name
    try:
        places = [TopicPartition(name, number, 0) for number in range(ENDED.partitions)]
        total = sum(consumer.get_watermark_offsets(place, timeout=30)[1] for place in places)
        consumer.assign(places)
        found: list[tuple[str, int, bytes]] = []
        while len(found) < total:
            for message in consumer.consume(total, timeout=30):
                key, partition, value = message.key(), message.partition(), message.value()
                assert message.error() is None
                assert isinstance(key, bytes)
                assert value is not None
                assert partition is not None
                found.append((key.decode(), partition, value))
        return found
    finally:
        consumer.close()


def partitions(found: Sequence[tuple[str, int, bytes]]) -> dict[str, set[int]]:
    where: dict[str, set[int]] = {}
    for key, partition, _ in found:
        where.setdefault(key, set()).add(partition)
    return where


@pytest.mark.integration
@pytest.mark.parametrize("language", PRODUCERS)
def test_what_an_example_sends_is_an_event_and_lies_where_callsifts_own_would(
    language: str, real_kafka: KafkaSettings
) -> None:
    ended = publish(PRODUCERS[language](), real_kafka.bootstrap_servers, real_kafka.prefix + ENDED.name)
    assert ended.returncode == 0, ended.stderr
    sent = lying_on(real_kafka)
    assert sorted(key for key, _, _ in sent) == CALLS
    for key, _, value in sent:
        event = decode(CallEnded, value)
        assert (event.call_id, event.agent_id) == (key, "ayşe")
        assert isinstance(event.recording, OneFile)
        assert event.recording.uri == f"https://pbx.example.com/recordings/{key}.wav"
        assert event.recording.channels in (None, {Speaker.CUSTOMER: 0, Speaker.AGENT: 1})
    produce(real_kafka, ENDED.name, [(call_id, b"{}") for call_id in CALLS])
    both = partitions(lying_on(real_kafka))
    assert {len(where) for where in both.values()} == {1}
    assert len(set().union(*both.values())) > ENDED.partitions / 2  # they are spread


@pytest.mark.integration
def test_librdkafkas_own_partitioner_would_choose_others(real_kafka: KafkaSettings) -> None:
    producer = Producer(client_config(real_kafka))
    for call_id in CALLS:
        producer.produce(real_kafka.prefix + ENDED.name, b"{}", call_id.encode())
    assert producer.flush(30) == 0
    produce(real_kafka, ENDED.name, [(call_id, b"{}") for call_id in CALLS])
    assert [key for key, where in partitions(lying_on(real_kafka)).items() if len(where) == 2]


@pytest.mark.integration
@pytest.mark.parametrize("language", PRODUCERS)
def test_an_example_says_when_the_brokers_have_not_got_a_call(language: str, real_kafka: KafkaSettings) -> None:
    command = PRODUCERS[language]()
    ended = publish(command, real_kafka.bootstrap_servers, real_kafka.prefix + "not a name")
    assert ended.returncode != 0
    assert ended.stderr


def test_the_pages_examples_and_tables_are_current_and_every_file_is_on_it() -> None:
    page = publishing_page()
    assert page == (FOLDER.parent / "publishing.md").read_text(encoding="utf-8"), "run `make docs`"
    for path in FOLDER.iterdir():
        assert f"\n{path.read_text(encoding='utf-8').rstrip()}\n```" in page, path.name
    for name in CallEnded.model_fields:
        assert len(re.findall(rf"^\| `{name}` \|", page, re.MULTILINE)) == 1, name


def test_what_must_be_there_is_what_the_schema_wants() -> None:
    musts = set(re.findall(r"^\| `(\w+)` \| \*\*must\*\*", publishing_page().partition("\n### ")[0], re.MULTILINE))
    assert musts == {"call_id", "ended_at", "recording"}
    least = re.search(r"```json\n(.*)\n```", publishing_page())
    assert least is not None
    assert decode(CallEnded, least[1].encode()).model_fields_set == musts


def test_the_java_example_has_the_client_of_the_tests_kafka() -> None:
    pom = (FOLDER / "pom.xml").read_text(encoding="utf-8")
    assert f"<artifactId>kafka-clients</artifactId>\n      <version>{version()}</version>" in pom
