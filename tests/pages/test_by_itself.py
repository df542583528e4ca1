"""Pages that change by themselves, in a real browser: what arrives is shown, what is paused stands still."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from api.services import Services
from pages.page import LANGUAGE_COOKIE
from schemas import CallOutcome, DeadLetter
from streams.dead_letters import read_replays
from streams.kafka import notices, produce, publish_notice, publish_tombstones
from streams.topics import DEAD_LETTER, ENDED
from tests.api.sinking import said_of
from tests.api.test_under_way import ended
from tests.pages.serving import Served, served
from tests.pages.test_browser import chromium, look_for_barriers, nothing_is_cut_off, tab_of
from tests.pages.test_pages import HOSTILE
from tests.schemas.examples import dead_letter
from tests.store.outcomes import done

__all__ = ["chromium"]
pytestmark = [pytest.mark.integration, pytest.mark.slow]  # make test-slow
Sink = Callable[[CallOutcome], None]
SEEN = """Object.defineProperty(document, "hidden", {get: () => %s, configurable: true});
    document.dispatchEvent(new Event("visibilitychange"))"""


@pytest.fixture
def serving(services: Services) -> Iterator[Served]:
    with served(services) as running:
        yield running


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    with tab_of(chromium, address) as tab:
        yield tab


@pytest.fixture
def address(serving: Served) -> str:
    return serving.address


@pytest.fixture
def sink(serving: Served) -> Sink:
    return serving.sink


def given_up(services: Services) -> DeadLetter:
    """Give a message up, and leave nothing else to replay."""
    letter = dead_letter().model_copy(update={"event_id": uuid4().hex, "call_id": uuid4().hex, "message": HOSTILE})
    produce(services.kafka, DEAD_LETTER.name, [(str(letter.call_id), letter.model_dump_json().encode())])
    return letter


def new(**facts: object) -> CallOutcome:
    return done(uuid4().hex, uuid4().hex).model_copy(update={"ended_at": datetime.now(UTC), **facts})


@pytest.mark.parametrize("language", ["en", "tr"])
def test_an_outcome_arrives_as_the_server_would_show_it(page: Page, address: str, sink: Sink, language: str) -> None:
    page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": address}])
    page.goto("/live")
    expect(page.locator(".pulse[data-state=live]")).to_be_visible()
    first = new(summary=HOSTILE, queue=HOSTILE)
    rows = page.locator("#rows tr")
    sink(first)
    expect(rows).to_have_count(1)
    arrived = rows.first.inner_text()
    assert HOSTILE in arrived and rows.locator("img").count() == 0
    page.reload()
    expect(rows).to_have_count(1)
    assert rows.first.inner_text() == arrived, "a row that arrives is another than one that was there"
    second = new()
    sink(second)
    expect(rows).to_have_count(2)
    expect(rows.first).to_have_attribute("data-call", second.call_id)
    expect(page.locator(".today .total")).to_be_visible()
    expect(page.locator(".flow li")).to_have_count(4)
    look_for_barriers(page)


def test_a_corrected_call_moves_up_and_one_that_is_gone_goes(page: Page, services: Services, sink: Sink) -> None:
    page.goto("/live")
    expect(page.locator(".pulse[data-state=live]")).to_be_visible()
    first, second = new(), new()
    rows = page.locator("#rows tr")
    for outcome in (first, second, first.model_copy(update={"outcome_id": uuid4().hex, "summary": "corrected"})):
        sink(outcome)
    expect(rows.first).to_contain_text("corrected")
    expect(rows).to_have_count(2)
    publish_tombstones(services.kafka, [first.call_id])
    expect(rows).to_have_count(1)


def test_nothing_moves_while_it_is_paused_and_nothing_is_lost(page: Page, sink: Sink) -> None:
    page.goto("/live")
    expect(page.locator(".pulse[data-state=live]")).to_be_visible()
    page.get_by_role("button", name="Pause").press("Enter")
    rows = page.locator("#rows tr")
    sink(new())
    expect(page.locator(".pulse")).to_have_text("Paused, 1 wait")
    expect(rows).to_have_count(0)
    page.get_by_role("button", name="Pause").press("Enter")
    expect(rows).to_have_count(1)


def test_who_comes_back_gets_the_list_and_not_what_was_missed(page: Page, sink: Sink) -> None:
    page.goto("/live")
    expect(page.locator(".pulse[data-state=live]")).to_be_visible()
    page.evaluate(SEEN % "true")
    expect(page.locator(".pulse[data-state=away]")).to_be_visible()
    for _ in range(3):
        sink(new())
    assert page.locator("#rows tr").count() == 0
    with page.expect_request("**/live/rows"):
        page.evaluate(SEEN % "false")
    expect(page.locator("#rows tr")).to_have_count(3)


def test_those_who_listen_are_told_a_summary(page: Page, sink: Sink) -> None:
    page.clock.install()
    page.goto("/live")
    expect(page.locator(".pulse[data-state=live]")).to_be_visible()
    summary = page.get_by_role("status")
    for _ in range(2):
        sink(new())
    expect(page.locator("#rows tr.new")).to_have_count(2)
    page.clock.fast_forward(10_000)
    expect(summary).to_have_text("Arrived in the last ten seconds: 2. Price Research 2")


def test_a_dead_letter_is_read_and_replayed(page: Page, services: Services) -> None:
    letter = given_up(services)
    page.goto("/operations")
    shown = page.locator(".letters li").filter(has_text=str(letter.call_id))
    expect(shown).to_contain_text(letter.cure)
    expect(shown).to_contain_text(HOSTILE)
    look_for_barriers(page)
    shown.get_by_role("button", name="Replay").press("Enter")
    expect(shown.get_by_role("status")).to_contain_text("replayed")
    expect(shown.get_by_role("status")).to_be_focused()
    assert letter.event_id in read_replays(services.kafka)
    page.reload()
    expect(page.get_by_text("Dead letters")).to_be_visible()
    expect(shown).to_have_count(0)


def test_a_brake_is_released(page: Page, services: Services) -> None:
    publish_notice(services.kafka, "classify", applied=True, reason=HOSTILE)
    page.goto("/operations")
    expect(page.locator(".brake")).to_contain_text(HOSTILE)
    look_for_barriers(page)
    page.get_by_role("button", name="Release the brake").click()
    expect(page.locator("tbody tr").filter(has_text="Retries")).to_be_visible()
    expect(page.locator(".brake")).to_have_count(0)
    assert not notices(services.kafka)["classify"].applied


@pytest.mark.parametrize("language", ["en", "tr"])
def test_a_call_on_its_way_becomes_its_page_by_itself(
    page: Page, address: str, services: Services, sink: Sink, language: str
) -> None:
    page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": address}])
    outcome = new()
    produce(services.kafka, ENDED.name, [(outcome.call_id, ended(outcome.call_id))])
    page.goto(f"/calls/{outcome.call_id}")
    expect(page.locator("[aria-current=step]")).to_be_visible()
    look_for_barriers(page)
    nothing_is_cut_off(page)
    sink(outcome)
    expect(page.locator(".turns, .transcript")).to_be_visible()
    expect(page.locator("h1 .category")).to_be_visible()


@pytest.mark.slow  # make test-slow
@pytest.mark.parametrize("path", ["/live", "/operations", "/call-backs"])
def test_nothing_is_cut_off_in_turkish_either(
    page: Page, address: str, sink: Sink, services: Services, path: str
) -> None:
    page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": "tr", "url": address}])
    sink(new())
    given_up(services)
    publish_notice(services.kafka, "audio", applied=True, reason="a reason of many words " * 9)
    page.goto(path)
    if path != "/call-backs":
        expect(page.locator(".refreshed li").first).to_be_visible()
    look_for_barriers(page)
    nothing_is_cut_off(page)
    publish_notice(services.kafka, "audio", applied=False, reason="the test is over")


def test_whoever_was_called_back_is_noted_by_the_keyboard(page: Page, sink: Sink, services: Services) -> None:
    wish = new(caller="+905321112233")
    assert wish.insights is not None
    late = wish.insights.model_copy(update={"callback_at": datetime.now(UTC) - timedelta(hours=3)})
    sink(wish.model_copy(update={"insights": late, "summary": HOSTILE}))
    page.goto("/call-backs")
    line = page.locator(".backs li")
    expect(line).to_contain_text(HOSTILE)
    expect(line).to_contain_text("late by 3 h")
    look_for_barriers(page)
    line.get_by_role("textbox").fill(HOSTILE)
    line.get_by_role("textbox").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Noted.")
    [said] = said_of(services.kafka, wish.call_id)
    assert said.facts is not None and said.facts["called_back_note"] == HOSTILE
