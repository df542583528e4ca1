"""The file of sources, in the process of the API, with the pipeline behind it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from callsift.supervisor import any_address
from tests.callsift.conftest import Up
from tests.patience import PATIENCE_S, until
from tests.sources.test_presets import REPORT

pytestmark = pytest.mark.integration


@pytest.fixture
def beside(up: Up, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Another API of the same pipeline that knows a source; its address, and that of its metrics."""
    file, log = tmp_path / "sources.yaml", tmp_path / "api.log"
    file.write_text("webhooks: {threecx: {preset: 3cx-reportcall}, silent: {preset: twilio}}\n")
    api, metrics = any_address(), any_address()
    own = {
        "CALLSIFT_SOURCES_FILE": str(file),
        "CALLSIFT_API_LISTEN": api,
        "CALLSIFT_HTTP_PORT": metrics,
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "callsift", "api"],
            env=up.variables | up.state["environment"] | own,
            stdout=output,
            stderr=output,
        )

    def answers() -> bool:
        try:
            return httpx.get(f"http://{api}/v1/taxonomy").status_code == 200
        except httpx.TransportError:
            return False

    until(answers, log.read_text, within_s=PATIENCE_S)
    yield f"http://{api}", f"http://{metrics}"
    process.terminate()
    assert process.wait(PATIENCE_S) == 0, log.read_text()


def test_a_call_that_a_pbx_reports_in_its_own_form_has_an_outcome(beside: tuple[str, str]) -> None:
    api, metrics = beside
    with httpx.Client(base_url=api) as asking:
        answer = asking.post("/v1/webhooks/threecx", data=REPORT)
        assert answer.status_code == 202, answer.text
        where = answer.headers["location"]
        until(lambda: asking.get(where).json().get("state") == "unrecorded", within_s=PATIENCE_S)
        outcome = asking.get(where).json()["outcome"]
        assert (outcome["disposition"], outcome["category"], outcome["agent_id"]) == ("missed", None, "101")
        assert asking.get("/v1/stats", params={"disposition": "missed"}).json()["total"]["unrecorded"] == 1
    told = httpx.get(f"{metrics}/metrics").text
    assert 'callsift_source_events_total{result="taken",source="threecx"} 1.0' in told
    assert 'callsift_source_last_event_timestamp_seconds{result="taken",source="silent"} 0.0' in told
