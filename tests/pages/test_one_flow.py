"""One call from beginning to end, as the person who waits for it has it: in a browser, with everything real behind it.

``callsift up`` runs the whole pipeline; the call comes by the API, and what the person says of it goes to Kafka.
"""

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from callsift.demo_files import RECORDINGS
from schemas import CallOutcome
from streams.kafka import TopicReader
from streams.settings import KafkaSettings
from streams.topics import OUTCOMES
from tests.callsift.conftest import Up, up
from tests.pages.test_browser import chromium, look_for_barriers, tab_of, wait_for
from tests.patience import PATIENCE_S

__all__ = ["chromium", "up"]
pytestmark = [pytest.mark.integration, pytest.mark.slow]  # make test-slow
RECORDING = RECORDINGS / "leaking-washing-machine.wav"
PATIENCE_MS = PATIENCE_S * 1000
PLAYS = "(({paused, currentTime}) => !paused && currentTime > %s)(document.querySelector('audio'))"


def hand_in(address: str) -> str:
    """Hand a recording in as a telephone system does, and return the call's identifier."""
    files = {"recording": (RECORDING.name, RECORDING.read_bytes(), "audio/wav")}
    answer = httpx.post(f"{address}/v1/calls", files=files, timeout=PATIENCE_S)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["call_id"])


def outcomes_of(up: Up, call_id: str, count: int) -> list[CallOutcome]:
    """Read the first outcomes of a call from calls.outcomes, as whoever consumes it does."""
    kafka = KafkaSettings(bootstrap_servers=up.state["environment"]["CALLSIFT_KAFKA_BOOTSTRAP_SERVERS"])
    reader, found = TopicReader(kafka, OUTCOMES.name, from_start=True), list[CallOutcome]()
    for value in reader.values(timeout_s=PATIENCE_S):
        outcome = CallOutcome.model_validate_json(value or b"")
        found += [outcome] if outcome.call_id == call_id else []
        if len(found) == count:
            break
    reader.close()
    return found


def correct(page: Page) -> None:
    """Say that the call was a complaint, and why the machine was wrong."""
    page.get_by_role("link", name="Correct").click()  # leads to the form, and opens it
    page.get_by_label("What the call was for").select_option("complaint")
    page.get_by_label("Why the machine was wrong").select_option("misread")
    page.get_by_role("button", name="Correct it").click()
    expect(page.locator(".notice").first).to_be_visible()


def test_a_call_is_handed_in_arrives_is_heard_and_corrected_and_everybody_is_told(chromium: Browser, up: Up) -> None:
    address = f"http://{up.state['environment']['CALLSIFT_API_LISTEN']}"
    with tab_of(chromium, address) as live, tab_of(chromium, address) as waiting:
        live.goto("/live")
        expect(live.locator(".pulse[data-state=live]")).to_be_visible()
        call_id = hand_in(address)
        waiting.goto(f"/calls/{call_id}")
        expect(waiting.locator("h1")).to_be_visible()

        row = live.locator(f"#rows tr[data-call='{call_id}']")
        expect(row).to_be_visible(timeout=PATIENCE_MS)
        expect(waiting.locator("h1 .category")).to_have_text("Potential Customer", timeout=PATIENCE_MS)
        row.locator("a").click()
        live.wait_for_url(f"**/calls/{call_id}")
        expect(live.locator("h1 .category")).to_have_text("Potential Customer")

        turns = live.locator(".turns .turn")
        wait_for(live, "document.querySelector('audio').duration > 30")
        start_s = float(turns.nth(2).get_attribute("data-start") or 0)
        turns.nth(2).click()
        expect(turns.nth(2)).to_have_attribute("aria-current", "true")
        wait_for(live, PLAYS % (start_s + 0.3))
        look_for_barriers(live)

        correct(live)
        first, second = outcomes_of(up, call_id, 2)
        assert (first.revision, first.source, first.category) == (1, "machine", "potential_customer")
        assert (second.revision, second.source, second.sub_category) == (2, "human", "complaint")
        assert second.machine is not None and second.machine.category == "potential_customer"

        live.goto(f"/calls/{call_id}")
        expect(live.locator("h1")).to_contain_text("Complaint")
        expect(live.locator("h1")).to_contain_text("by a person")
        live.goto("/live")
        expect(row).to_contain_text("Complaint")
