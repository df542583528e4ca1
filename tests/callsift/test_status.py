"""``callsift status``: of a pipeline that is up, and of brokers where nothing else is."""

import json
import signal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from callsift.cli import app
from callsift.embedded import EmbeddedBroker
from streams.kafka import produce, publish_notice
from streams.settings import KafkaSettings
from streams.topics import ENDED, RETRIES, STAGES
from tests.callsift import terminal
from tests.callsift.conftest import Up
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration


def test_a_pipeline_that_is_up_shows_every_stage_with_what_is_in_flight(up: Up) -> None:
    ended = up.run("status", "--json")
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert [group["name"] for group in found["groups"]] == [*STAGES, "retry"]
    assert all(group["in_flight"] >= 0 for group in found["groups"] if group["name"] in STAGES)
    assert [retry["topic"] for retry in found["retries"]] == [topic.name for topic in RETRIES]
    assert found["dead_letters"]["total"] >= found["dead_letters"]["not_replayed"]
    assert "in flight" in up.run("status").stdout


def test_only_the_broker_is_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broker = EmbeddedBroker()
    monkeypatch.setenv("CALLSIFT_HOME", str(tmp_path))
    monkeypatch.setenv("CALLSIFT_KAFKA_BOOTSTRAP_SERVERS", broker.bootstrap_servers)
    produce(KafkaSettings.read(), ENDED.name, [("a", b"1"), ("a", b"2")])
    shown = CliRunner().invoke(app, ["status", "--partitions"])
    assert shown.exit_code == 0, shown.output
    lines = [line.split("\t") for line in shown.stdout.splitlines()]
    assert ["stage", "members", "waiting", "oldest"] in lines
    assert ["audio", "unknown", "2"] in [line[:3] for line in lines]
    assert ["audio", ENDED.name] in [line[:2] for line in lines]
    del broker


def test_a_stage_with_its_brake_applied_says_what_it_waits_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broker = EmbeddedBroker()
    monkeypatch.setenv("CALLSIFT_HOME", str(tmp_path))
    monkeypatch.setenv("CALLSIFT_KAFKA_BOOTSTRAP_SERVERS", broker.bootstrap_servers)
    publish_notice(KafkaSettings.read(), "audio", applied=True, reason="nearly all recordings are empty")
    shown = CliRunner().invoke(app, ["status"])
    assert ["stage", "members", "waiting", "oldest", "waits for"] in [
        line.split("\t") for line in shown.stdout.splitlines()
    ]
    assert "release of its brake: nearly all recordings are empty" in shown.stdout
    del broker


def test_watching_looks_again_until_ctrl_c(up: Up) -> None:
    with up.start("status", "--watch", "--json") as watching:
        assert watching.stdout is not None
        first, second = (json.loads(watching.stdout.readline())["asked_at"] for _ in range(2))
        watching.send_signal(signal.SIGINT)
        assert watching.wait(PATIENCE_S) == 0
    assert first < second


def test_an_unreachable_broker_is_reported_in_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("streams.kafka.client.ask.__defaults__", (1.0,))  # seconds; commands ask for ten
    nowhere = {"CALLSIFT_HOME": str(tmp_path), "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    ended = terminal.run(nowhere, "status")
    assert ended.returncode == 1
    assert "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS" in ended.stderr
    assert "Traceback" not in ended.stderr
