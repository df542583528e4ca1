"""The first command of the README, and the same calls from somebody else's producer."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from confluent_kafka import Producer

from callsift import calls
from callsift.demonstration import run_demo
from callsift.supervisor import pipeline
from schemas import CallEnded, Taxonomy
from streams.catalogue import ENDED
from streams.kafka_client import client_config
from streams.settings import KafkaSettings

pytestmark = pytest.mark.integration


def test_the_demo_ends_with_every_call_as_expected() -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("CALLSIFT_")}
    ended = subprocess.run(
        [sys.executable, "-m", "callsift", "demo", "--json"],
        env=own,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    assert report["correct"] == report["total"] == len(report["calls"]) >= 16
    taxonomy = Taxonomy.load()
    shown = {taxonomy.leaf(call["got"]["category"], call["got"]["sub_category"]) for call in report["calls"]}
    assert shown == set(taxonomy.leaves.values())
    for call in report["calls"]:
        assert call["got"]["justification"]
        assert call["seconds"]["end_to_end"] >= call["seconds"]["audio"] > 0


def _in_a_compressed_transaction(kafka: KafkaSettings, ended: Iterable[CallEnded]) -> None:
    """Publish call-ended events as a transactional producer that compresses."""
    own = {"transactional.id": "pbx", "compression.type": "zstd"}
    producer = Producer(client_config(kafka) | own)
    producer.init_transactions(30)
    producer.begin_transaction()
    for call in ended:
        producer.produce(kafka.prefix + ENDED.name, call.model_dump_json().encode(), call.call_id.encode())
    producer.commit_transaction(30)


def test_the_demo_calls_of_a_transactional_compressing_producer_end_as_expected(
    real_kafka: KafkaSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "emit", _in_a_compressed_transaction)
    monkeypatch.setenv("CALLSIFT_KAFKA_BOOTSTRAP_SERVERS", real_kafka.bootstrap_servers)
    monkeypatch.setenv("CALLSIFT_KAFKA_PREFIX", real_kafka.prefix)
    log: list[str] = []
    with pipeline(tmp_path, log.append) as workers:
        for name, value in workers.environment.items():
            monkeypatch.setenv(name, value)
        ended = run_demo(workers, lambda _: None)
    assert len(ended) == 20
    assert [call.label.name for call in ended if not call.is_right] == [], "\n".join(log)
