"""A person says over HTTP what a call was: through Kafka and the sink to the store, and out to subscribers."""

import json
from typing import Any

import httpx
import pytest

from callsift.demo_files import RECORDINGS
from tests.callsift.conftest import Up
from tests.patience import PATIENCE_S, until

pytestmark = pytest.mark.integration


def test_a_label_and_facts_go_through_the_running_pipeline(up: Up) -> None:
    [outcome] = up.emit(RECORDINGS / "wrong-number.mp3")
    call_id = outcome["call_id"]
    patient = {"Prefer": f"wait={min(60, round(PATIENCE_S))}"}
    with httpx.Client(base_url=f"http://{up.state['environment']['CALLSIFT_API_LISTEN']}", timeout=90) as api:
        tag = api.get(f"/v1/calls/{call_id}").headers["etag"]
        label = {"category": "unnecessary_call", "sub_category": "complaint"}
        given = api.post(f"/v1/calls/{call_id}/labels", json=label, headers={"If-Match": tag, **patient})
        assert given.status_code == 201, given.text
        again = api.post(f"/v1/calls/{call_id}/labels", json=label, headers={"If-Match": tag, **patient})
        assert (again.status_code, again.headers["etag"]) == (412, given.headers["etag"])
        told = api.post(f"/v1/calls/{call_id}/facts", json={"job_booked": False})
        assert told.status_code == 202, told.text

        def newest() -> dict[str, Any]:
            found: dict[str, Any] = api.get(f"/v1/calls/{call_id}").json()["outcome"]
            return found

        until(lambda: newest()["revision"] == 3, up.log.read_text, within_s=PATIENCE_S)
        stored = newest()
    tail = up.run("outcomes", "tail", "--from-start", "--seconds", "3", "--json")
    published = [one for one in map(json.loads, tail.stdout.splitlines()) if one["call_id"] == call_id]
    assert [(one["revision"], one["source"], one["facts"]) for one in published] == [
        (1, "machine", {}),
        (2, "human", {}),
        (3, "human", {"job_booked": False}),
    ]
    assert (stored["sub_category"], stored["machine"]["category"]) == ("complaint", outcome["category"])
    assert {name: published[-1][name] for name in ("label", "machine", "facts_at")} == {
        name: stored[name] for name in ("label", "machine", "facts_at")
    }
