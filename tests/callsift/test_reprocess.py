"""Old calls judged anew, in a lane of their own: with another model, and after the hosted model was away."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymongo
import pytest

from schemas import CallAnnotated
from streams.kafka import produce
from streams.settings import KafkaSettings
from streams.topics import ANNOTATIONS
from tests.agents.demo_calls import RECORDINGS
from tests.callsift.conftest import Up, start_up
from tests.patience import PATIENCE_S, until
from tests.servers.gemini import GeminiServer, Reply, answered, failed, gemini_server
from tests.store.annotations import facts, label

pytestmark = pytest.mark.integration
CALLS = [RECORDINGS / f"{name}.wav" for name in ("leaking-washing-machine", "broken-again", "dead-line")]


@pytest.fixture
def server() -> Iterator[GeminiServer]:
    with gemini_server() as running:
        yield running


@contextmanager
def pipeline(home: Path, server: GeminiServer, **environment: str) -> Iterator[Up]:
    gemini = {
        "CALLSIFT_CLASSIFIER": "gemini",
        "CALLSIFT_GEMINI_API_KEY": "none",
        "CALLSIFT_CLASSIFY_GEMINI_ENDPOINT": server.address,
        "CALLSIFT_CLASSIFY_PRICES": '{"old": {"prompt": 1, "answer": 10}, "new": {"prompt": 1, "answer": 10}}',
        **environment,
    }
    running = start_up(home, **gemini)
    try:
        yield running
    finally:
        running.process.terminate()
        assert running.process.wait(PATIENCE_S) == 0, running.log.read_text()


def documents(up: Up) -> dict[str, dict[str, Any]]:
    with pymongo.MongoClient[dict[str, Any]](up.state["environment"]["CALLSIFT_MONGO_URI"]) as client:
        return {str(document["_id"]): document for document in client["callsift"]["calls"].find()}


def revised(up: Up, call_ids: set[str]) -> dict[str, dict[str, Any]]:
    """The documents of calls once each has a second revision."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = {call_id: document for call_id, document in documents(up).items() if call_id in call_ids}
        if all(document["revision"] > 1 for document in found.values()):
            return found
        assert time.monotonic() < deadline, up.log.read_text()
        time.sleep(0.1)


def reprocess(up: Up, *arguments: str) -> dict[str, Any]:
    ended = up.run("reprocess", "--json", *arguments)
    assert ended.returncode == 0, ended.stderr
    plan: dict[str, Any] = json.loads(ended.stdout)
    return plan


@pytest.mark.slow  # make test-slow
def test_stored_calls_are_classified_again_by_another_model(server: GeminiServer, tmp_path: Path) -> None:
    with pipeline(tmp_path, server, CALLSIFT_CLASSIFY_GEMINI_MODEL="old") as up:
        first = up.emit(*CALLS)
        assert [outcome["category"] for outcome in first] == ["potential_customer", "potential_customer", "empty_call"]
        assert reprocess(up, "--dry-run") == {
            "calls": 0, "labelled": 0, "up_to_date": 3, "tokens": 0, "cost": None, "currency": None, "published": 0
        }  # fmt: skip
    server.answer = lambda: answered(category="unnecessary_call", sub_category="complaint")
    asked = len(server.received)
    with pipeline(tmp_path, server, CALLSIFT_CLASSIFY_GEMINI_MODEL="new") as up:
        plan = reprocess(up, "--dry-run")
        assert (plan["calls"], plan["up_to_date"], plan["published"]) == (2, 1, 0)  # a rule asks no model
        assert plan["cost"] == pytest.approx((plan["tokens"] - 2 * 400) / 1e6 + 2 * 400 / 1e5)
        assert reprocess(up, "--dry-run", "--since", "0s")["calls"] == 0
        assert reprocess(up, "--dry-run", "--category", "complaint")["calls"] == 0
        assert up.run("reprocess", "--category", "nonsense").returncode == 2
        assert up.run("reprocess").returncode == 2  # nobody is there to be asked
        assert len(server.received) == asked

        assert reprocess(up, "--yes", "--category", "potential_customer")["published"] == 2
        spoken = {outcome["call_id"]: outcome for outcome in first if outcome["category"] == "potential_customer"}
        for call_id, document in revised(up, set(spoken)).items():
            assert (document["revision"], document["sub_category"]) == (2, "complaint")
            old, new = document["history"]
            assert old["outcome_id"] == spoken[call_id]["outcome_id"] != new["outcome_id"]
            assert (old["versions"]["model"], new["versions"]["model"]) == ("old", "new")
            assert {name: old[name] for name in ("figures", "recording_facts", "language", "ended_at")} == {
                name: new[name] for name in ("figures", "recording_facts", "language", "ended_at")
            }
            assert [hop["stage"] for hop in new["hops"]] == ["audio", "transcribe", "reprocess"]
        assert [request.model for request in server.received[asked:]] == ["new", "new"]
        again = reprocess(up, "--yes")
        assert (again["calls"], again["up_to_date"]) == (0, 3)
        superseded_when_that_is_asked_for(up, next(iter(spoken)))


def said(up: Up, annotation: CallAnnotated) -> None:
    """Say something of a call, as the API does."""
    kafka = KafkaSettings(bootstrap_servers=up.state["environment"]["CALLSIFT_KAFKA_BOOTSTRAP_SERVERS"])
    produce(kafka, ANNOTATIONS.name, [(annotation.call_id, annotation.model_dump_json().encode())])


def at(up: Up, call_id: str, revision: int) -> dict[str, Any]:
    """Return a call's document at a revision."""
    until(lambda: documents(up)[call_id]["revision"] >= revision, up.log.read_text, within_s=PATIENCE_S)
    found = documents(up)[call_id]
    assert found["revision"] == revision
    return found


def superseded_when_that_is_asked_for(up: Up, call_id: str) -> None:
    """A label holds, also against the same answer again, until somebody asks for the machine's."""
    said(up, label("l1", 2, "price_research", call_id=call_id))
    labelled = at(up, call_id, 3)
    assert (labelled["outcome"]["source"], labelled["sub_category"]) == ("human", "price_research")
    assert labelled["outcome"]["machine"]["sub_category"] == "complaint"
    assert reprocess(up, "--dry-run")["up_to_date"] == 3
    plan = reprocess(up, "--yes", "--supersede-labels")
    assert (plan["published"], plan["labelled"]) == (1, 1)
    again = at(up, call_id, 4)
    assert (again["outcome"]["source"], again["sub_category"]) == ("machine", "complaint")
    said(up, label("l1", 2, "price_research", call_id=call_id))
    said(up, facts("f1", call_id=call_id, job_booked=True))
    told = at(up, call_id, 5)
    assert (told["outcome"]["source"], told["outcome"]["facts"]) == ("machine", {"job_booked": True})


@pytest.mark.slow  # make test-slow
def test_after_a_change_of_the_floor_a_call_has_another_outcome_and_its_category_is_published(
    server: GeminiServer, tmp_path: Path
) -> None:
    strict = {"CALLSIFT_CLASSIFIER": "offline", "CALLSIFT_CLASSIFY_CONFIDENCE_FLOOR": "1"}
    with pipeline(tmp_path, server, CALLSIFT_CLASSIFIER="offline") as up:
        event = up.call_ended(CALLS[0])
        first = up.send(event)
        assert (first.category, first.revision) == ("potential_customer", 1)
        assert reprocess(up, "--dry-run")["up_to_date"] == 1
    with pipeline(tmp_path, server, **strict) as up:
        assert (plan := reprocess(up, "--dry-run"))["calls"] == 1, plan
        second = up.send(event)
        assert (second.category, second.best_guess, second.revision) == ("uncertain", "potential_customer", 2)
        assert second.outcome_id != first.outcome_id
        assert reprocess(up, "--dry-run")["up_to_date"] == 1


@pytest.mark.slow  # make test-slow
def test_a_provisional_decision_is_made_again_when_the_model_is_back(server: GeminiServer, tmp_path: Path) -> None:
    away: list[Reply] = [failed(403)]
    server.answer = lambda: away[0] if away else answered(category="unnecessary_call", sub_category="complaint")
    with pipeline(tmp_path, server, CALLSIFT_CLASSIFY_WHEN_AWAY="offline") as up:
        [outcome] = up.emit(CALLS[0])
        assert (outcome["classifier"], outcome["provisional"], outcome["revision"]) == ("offline", True, 1)
        away.clear()
        [document] = revised(up, {outcome["call_id"]}).values()
        assert document["outcome"]["classifier"] == "gemini"
        assert document["outcome"]["provisional"] is False
        assert (document["revision"], document["sub_category"]) == (2, "complaint")
