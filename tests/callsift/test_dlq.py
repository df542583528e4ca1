"""``callsift dlq`` as an operator uses it: from a call that failed to a call that is done."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from callsift.cli import app
from callsift.demo_files import RECORDINGS
from callsift.embedded import EmbeddedBroker
from callsift.running import adopt_running
from streams.kafka import produce
from streams.settings import KafkaSettings
from streams.topics import DEAD_LETTER, ENDED
from tests.callsift.conftest import Up
from tests.callsift.test_pipeline import kafka, outcomes_of
from tests.schemas import examples

LETTER = examples.dead_letter()


def listed(up: Up, *options: str) -> list[dict[str, Any]]:
    ended = up.run("dlq", "list", "--json", *options)
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


@pytest.mark.integration
def test_a_poison_message_is_listed_and_shown_and_a_dry_run_replays_nothing(up: Up) -> None:
    produce(kafka(up), ENDED.name, [("poison", b"this is \x1b[31mno event")])
    outcomes_of(up, "poison", 1)
    [letter] = listed(up, "--call", "poison", "--stage", "audio", "--since", "1h", "--not-replayed")
    assert (letter["error_type"], letter["permanent"], letter["replayed_at"]) == ("UnreadableEvent", True, None)
    assert letter["cure"]
    shown = up.run("dlq", "show", letter["id"]).stdout
    assert f"position\t{letter['position']}" in shown
    assert r"this is \x1b[31mno event" in shown
    whole = json.loads(up.run("dlq", "show", letter["id"][:12], "--json").stdout)
    assert (whole["event_id"], whole["call_id"], whole["original"]) == (letter["id"], "poison", None)
    dry = up.run("dlq", "replay", "--call", "poison", "--dry-run")
    assert (dry.returncode, "1 dead letter(s) would be replayed" in dry.stderr) == (0, True)
    assert letter["id"] in dry.stdout
    assert listed(up, "--call", "poison") == [letter]


@pytest.mark.integration
def test_a_call_whose_recording_came_late_is_mended_by_a_replay(up: Up, tmp_path: Path) -> None:
    call_id, recording = f"late-{uuid4().hex}", tmp_path / "late.wav"
    event = {"call_id": call_id, "ended_at": "2026-01-05T09:03:10Z", "recording": {"uri": recording.as_uri()}}
    produce(kafka(up), ENDED.name, [(call_id, json.dumps(event).encode())])
    [failed] = outcomes_of(up, call_id, 1)
    [letter] = listed(up, "--call", call_id)
    assert (failed["state"], failed["failure"]["error_type"]) == ("failed", letter["error_type"])
    assert json.loads(up.run("dlq", "show", letter["id"], "--json").stdout)["original"] == event

    recording.write_bytes((RECORDINGS / "leaking-washing-machine.wav").read_bytes())
    replayed = up.run("dlq", "replay", "--call", call_id, "--json")
    assert replayed.returncode == 0, replayed.stderr
    assert json.loads(replayed.stdout) == {"id": letter["id"], "call_id": call_id, "replayed": True}
    _, done = outcomes_of(up, call_id, 2)
    assert (done["state"], done["revision"], done["category"]) == ("done", 2, "potential_customer")

    [after] = listed(up, "--call", call_id, "--replayed")
    assert after["replayed_at"] > letter["gave_up_at"]
    assert listed(up, "--call", call_id, "--not-replayed") == []
    assert "nothing to replay" in up.run("dlq", "replay", "--call", call_id).stderr
    assert f"left out, replayed at {after['replayed_at'][:10]}" in up.run("dlq", "replay", letter["id"]).stderr


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[KafkaSettings]:
    """A broker without any worker, which the commands of this process find."""
    embedded = EmbeddedBroker()
    monkeypatch.setenv("CALLSIFT_HOME", str(tmp_path))
    monkeypatch.setenv("CALLSIFT_KAFKA_BOOTSTRAP_SERVERS", embedded.bootstrap_servers)
    adopt_running()
    yield KafkaSettings.read()
    del embedded


@pytest.mark.integration
def test_filters_choose_what_is_listed_oldest_first(broker: KafkaSettings) -> None:
    days = {"a": 3, "b": 1, "c": 2}
    for name, day in days.items():
        changes = {"event_id": name, "gave_up_at": datetime(2026, 10, day, tzinfo=UTC), "message": "tab\there [/red]"}
        letter = LETTER.model_copy(update=changes)
        produce(broker, DEAD_LETTER.name, [(name, letter.model_dump_json().encode())])

    def shown(*options: str) -> list[str]:
        ended = CliRunner().invoke(app, ["dlq", "list", *options])
        assert ended.exit_code == 0, ended.output
        return [line.split("\t")[0] for line in ended.stdout.splitlines()[1:]]

    assert shown() == ["b", "c", "a"]
    assert shown("--since", "2026-10-02T00:00Z") == ["c", "a"]
    assert shown("--until", "2026-10-02T00:00Z") == ["b"]
    assert shown("--error-type", "Other") == shown("--stage", "sink") == shown("--replayed") == []
    assert r"tab\there [/red]" in CliRunner().invoke(app, ["dlq", "list"]).stdout


@pytest.mark.integration
def test_a_letter_that_cannot_be_put_back_makes_the_replay_fail_after_the_others(broker: KafkaSettings) -> None:
    for name, topic in (("a", "somebody.elses"), ("b", ENDED.name)):
        letter = LETTER.model_copy(update={"event_id": name, "topic": topic})
        produce(broker, DEAD_LETTER.name, [("one call", letter.model_dump_json().encode())])
    ended = CliRunner().invoke(app, ["dlq", "replay", "--all"])
    assert ended.exit_code == 1
    assert "somebody.elses" in ended.stderr
    assert "1 of 2 dead letter(s) replayed" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["replay"], "--all"),
        (["replay", "--replayed"], "--all"),
        (["replay", "--since", "2026-10-02T00:00"], "offset"),
        (["list", "--until", "soon"], "expected a time"),
        (["list", "--stage", "mixing"], "transcribe"),
    ],
)
def test_misuse_is_refused_with_the_rule(arguments: list[str], says: str) -> None:
    refused = CliRunner().invoke(app, ["dlq", *arguments])
    assert refused.exit_code == 2
    assert says in refused.stderr


def test_the_help_says_that_the_original_may_hold_personal_data() -> None:
    assert "personal data" in CliRunner().invoke(app, ["dlq", "show", "--help"]).stdout
