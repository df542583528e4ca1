"""The pipeline as a user sees it: a recording goes in, an outcome comes out, and nothing stops the stream."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from callsift.calls import emit
from callsift.demo_files import RECORDINGS
from streams.kafka import TopicReader, produce
from streams.settings import KafkaSettings
from streams.topics import ENDED, OUTCOMES, PIPELINE, STAGES
from tests.callsift.conftest import Up
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration

GOOD = RECORDINGS / "leaking-washing-machine.wav"


def kafka(up: Up) -> KafkaSettings:
    return KafkaSettings(bootstrap_servers=up.state["environment"]["CALLSIFT_KAFKA_BOOTSTRAP_SERVERS"])


def outcomes_of(up: Up, call_id: str, count: int) -> list[dict[str, Any]]:
    """Wait for the first ``count`` outcomes of a call, in the order of the topic."""
    reader = TopicReader(kafka(up), OUTCOMES.name, from_start=True)
    found: list[dict[str, Any]] = []
    for value in reader.values(timeout_s=PATIENCE_S):
        outcome = json.loads(value)
        found += [outcome] if outcome["call_id"] == call_id else []
        if len(found) == count:
            break
    reader.close()
    return found


def test_a_call_becomes_an_outcome_and_one_document(up: Up) -> None:
    with up.start("emit", "--wait", "--json", str(GOOD)) as emitting:
        printed, _ = emitting.communicate(timeout=PATIENCE_S)
    [outcome] = map(json.loads, printed.splitlines())
    assert (outcome["state"], outcome["category"], outcome["revision"]) == ("done", "potential_customer", 1)
    assert outcome["classifier"] == "offline"
    assert outcome["evidence"][0]["quote"]
    assert set(outcome["stage_seconds"]) == set(PIPELINE)
    assert [hop["stage"] for hop in outcome["hops"]] == list(PIPELINE)
    assert outcome["figures"]["speakers"]["customer"]["talk_s"] > 5
    with MongoClient[dict[str, object]](up.state["environment"]["CALLSIFT_MONGO_URI"]) as client:
        [document] = client["callsift"]["calls"].find({"_id": outcome["call_id"]})
    assert document["state"] == "done"
    assert document["category"] == "potential_customer"
    assert document["turns"]


def test_bad_recordings_fail_visibly_and_the_next_call_goes_through(up: Up, tmp_path: Path) -> None:
    text, empty, truncated = (tmp_path / name for name in ("text.wav", "empty.wav", "truncated.wav"))
    text.write_text("this is no audio")
    empty.write_bytes(b"")
    truncated.write_bytes(GOOD.read_bytes()[: GOOD.stat().st_size // 2])
    of_text, of_empty, of_truncated, of_good = up.emit(text, empty, truncated, GOOD)
    for outcome in (of_text, of_empty):
        assert (outcome["state"], outcome["category"]) == ("failed", None)
        assert outcome["failure"]["stage"] == "audio"
        assert outcome["failure"]["cure"]
    assert of_truncated["state"] == "done"
    assert of_truncated["recording_facts"]["damaged"]
    assert of_truncated["recording_facts"]["lost_s"] == pytest.approx(21.5, abs=1)
    assert of_good["category"] == "potential_customer"


@pytest.mark.parametrize(
    ("call_id", "value", "error_type", "says"),
    [
        ("raw-1", b"no json at all", "UnreadableEvent", "Invalid JSON"),
        ("raw-2", b'{"hello": "world"}', "UnreadableEvent", "call_id: Field required"),
        (
            "raw-3",
            b'{"call_id": "raw-3", "ended_at": "2026-11-22T09:03:10Z", "recording": {"uri": "file:///nowhere.wav"}}',
            "RecordingGone",
            "no recording at file:///nowhere.wav",
        ),
        (
            "raw-4",
            b'{"call_id": "raw-4", "ended_at": "2026-11-22T09:03:10Z", "recording": {"uri": "http://localhost/a.wav"}}',
            "AddressNotAllowed",
            "the host localhost (127.0.0.1) is not allowed: it is no public address",
        ),
    ],
)
def test_an_event_that_leads_nowhere_ends_as_a_failed_outcome(
    up: Up, call_id: str, value: bytes, error_type: str, says: str
) -> None:
    produce(kafka(up), ENDED.name, [(call_id, value)])
    [outcome] = outcomes_of(up, call_id, 1)
    failure = outcome["failure"]
    assert (failure["stage"], failure["error_type"]) == ("audio", error_type)
    assert says in failure["message"]


def test_a_changed_call_gives_a_new_revision_and_its_repetition_none(up: Up) -> None:
    [first] = up.emit(GOOD)
    call_id = first["call_id"]
    event = {
        "call_id": call_id,
        "ended_at": first["ended_at"],
        "recording": {"uri": (RECORDINGS / "wrong-number.mp3").as_uri()},
    }
    value = json.dumps(event).encode()
    produce(kafka(up), ENDED.name, [(call_id, value)] * 2)
    outcomes_of(up, call_id, 2)
    corrected = json.dumps(event | {"queue": "sales"}).encode()
    produce(kafka(up), ENDED.name, [(call_id, value), (call_id, corrected)])
    original, second, third = outcomes_of(up, call_id, 3)
    assert (original["outcome_id"], original["revision"]) == (first["outcome_id"], 1)
    assert (second["revision"], third["revision"], third["queue"]) == (2, 3, "sales")
    assert len({first["outcome_id"], second["outcome_id"], third["outcome_id"]}) == 3


def test_a_corrected_event_with_the_same_words_gives_a_new_revision_that_the_first_one_does_not_undo(up: Up) -> None:
    first = up.call_ended(GOOD).model_copy(update={"queue": "sales", "metadata": {"campaign": "autumn"}})
    right = first.model_copy(update={"queue": "service", "metadata": {"campaign": "winter"}})
    before, after = up.send(first), up.send(right)
    assert (before.queue, before.revision) == ("sales", 1)
    assert (after.queue, after.metadata, after.revision) == ("service", {"campaign": "winter"}, 2)
    assert after.category == before.category
    assert after.outcome_id != before.outcome_id
    emit(kafka(up), [first, right])  # again: nothing comes of them
    last = up.send(right.model_copy(update={"queue": "parts"}))
    assert (last.queue, last.revision) == ("parts", 3)
    assert [found["revision"] for found in outcomes_of(up, first.call_id, 3)] == [1, 2, 3]


def test_every_worker_is_ready_and_shows_its_metrics(up: Up) -> None:
    for stage, address in up.state["health"].items():
        with urllib.request.urlopen(f"{address}/health/ready", timeout=5) as response:
            assert response.status == 200
        with urllib.request.urlopen(f"{address}/metrics", timeout=5) as response:
            expected = f'callsift_in_flight_events{{stage="{stage}"}}' if stage in STAGES else "callsift_retries_moved"
            assert expected in response.read().decode()


def test_no_log_line_holds_what_was_said(up: Up) -> None:
    [outcome] = up.emit(GOOD)
    log = up.log.read_text(errors="replace")
    assert outcome["call_id"] in log
    for evidence in outcome["evidence"]:
        assert evidence["quote"] not in log


def test_a_second_pipeline_in_the_same_home_is_refused(up: Up) -> None:
    ended = up.run("up")
    assert ended.returncode == 1
    assert "up already" in ended.stderr


def test_topics_are_listed_and_their_creation_refused(up: Up) -> None:
    listed = json.loads(up.run("topics", "list", "--json").stdout)
    assert {"topic": "calls.outcomes", "partitions": 4} in listed
    created = up.run("topics", "create")
    assert created.returncode == 1
    assert "answers no admin request" in created.stderr


def test_a_failed_call_makes_emit_fail_and_says_why(up: Up, tmp_path: Path) -> None:
    (tmp_path / "empty.wav").write_bytes(b"")
    ended = up.run("emit", "--wait", str(tmp_path / "empty.wav"))
    assert ended.returncode == 1
    assert "0 bytes" in ended.stdout


def test_the_test_call_gets_its_outcome_and_is_known_by_its_queue(up: Up) -> None:
    ended = up.run("emit", "--test-call", "--wait", "--json")
    assert ended.returncode == 0, ended.stderr
    outcome = json.loads(ended.stdout)
    assert (outcome["state"], outcome["sub_category"], outcome["queue"]) == ("done", "installation", "callsift-test")


def test_outcomes_can_be_followed_from_the_command_line(up: Up) -> None:
    [outcome] = up.emit(GOOD)
    tail = ("outcomes", "tail", "--from-start", "--seconds", "60")
    with up.start(*tail, "--json") as as_json, up.start(*tail) as plain:
        assert outcome["call_id"] in (json.loads(line)["call_id"] for line in as_json.stdout or ())
        assert any(f"{outcome['call_id']}  done    Potential Customer" in line for line in plain.stdout or ())
        for following in (as_json, plain):
            following.terminate()
    assert (up.run("outcomes", "tail", "--seconds", "0.5").returncode, plain.returncode) == (0, 0)


def test_while_the_audio_store_is_away_calls_wait_and_spend_no_tries(up: Up) -> None:
    audio, away = up.home / "audio", up.home / "audio.away"
    event = {"call_id": "patient", "ended_at": "2026-11-22T09:03:10Z", "recording": {"uri": GOOD.as_uri()}}
    audio.rename(away)
    audio.write_text("no folder")
    try:
        produce(kafka(up), ENDED.name, [("patient", json.dumps(event).encode())])
        wait_until(lambda: readiness(up, "audio") == {"alive": True, "ready": True, "paused": "the audio store"})
    finally:
        audio.unlink()
        away.rename(audio)
    [outcome] = outcomes_of(up, "patient", 1)
    assert (outcome["state"], outcome["category"]) == ("done", "potential_customer")
    assert outcome["hops"][0]["attempts"] <= 3
    wait_until(lambda: readiness(up, "audio")["paused"] is None)


def test_a_braked_stage_stops_until_it_is_released(up: Up) -> None:
    assert up.run("brake", "apply", "classify", "--reason", "a test").returncode == 0
    wait_until(lambda: readiness(up, "classify")["paused"] == "a test")
    assert readiness(up, "classify")["ready"]  # a rollout replaces it
    event = {"call_id": "braked", "ended_at": "2026-11-22T09:03:10Z", "recording": {"uri": GOOD.as_uri()}}
    produce(kafka(up), ENDED.name, [("braked", json.dumps(event).encode())])
    assert "applied" in up.run("brake", "list").stdout
    assert up.run("brake", "release", "classify").returncode == 0
    [outcome] = outcomes_of(up, "braked", 1)
    assert outcome["state"] == "done"
    wait_until(lambda: readiness(up, "classify")["paused"] is None)


def readiness(up: Up, stage: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(f"{up.state['health'][stage]}/health/ready", timeout=5) as response:
            body = response.read()
    except urllib.error.HTTPError as error:
        body = error.read()
    state: dict[str, Any] = json.loads(body)
    return state


def wait_until(condition: Callable[[], bool], within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)
