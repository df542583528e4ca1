"""Calls without a recording on the pages: told from failures, from Empty Call, and counted among what was lost."""

import html
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from api.services import Services
from store.calls import OutcomeStore
from tests.store.outcomes import failed, unrecorded

pytestmark = pytest.mark.integration


async def fill(services: Services) -> None:
    store, now = OutcomeStore(services.database), datetime.now(UTC) - timedelta(minutes=1)
    for outcome in (
        unrecorded("1", "missed", "a"),
        unrecorded("2", "abandoned", "b"),
        unrecorded("3", "answered", "c"),
        failed("4", "d"),
    ):
        await store.save(outcome.model_copy(update={"ended_at": now, "revision": 1}))


def shown(page: str, call_id: str) -> str:
    [row] = re.findall(rf'<tr data-call="{call_id}">.+?</tr>', page, re.DOTALL)
    return str(row)


async def test_the_list_says_how_each_went_and_finds_them(browser: httpx.AsyncClient, services: Services) -> None:
    await fill(services)
    page = (await browser.get("/calls?when=all")).text
    assert "Missed" in shown(page, "a")
    assert "Gave up waiting" in shown(page, "b")
    assert "Failed" in shown(page, "d")
    assert all("Failed" not in shown(page, one) for one in "abc")
    page = (await browser.get("/calls?when=all&state=unrecorded&disposition=missed")).text
    assert re.findall(r'data-call="(\w+)"', page) == ["a"]
    assert "How it went: Missed" in page
    assert "State: No recording" in page


async def test_the_page_of_a_call_says_that_there_is_no_recording(
    browser: httpx.AsyncClient, services: Services
) -> None:
    await fill(services)
    answer = await browser.get("/calls/b")
    assert answer.status_code == 200
    assert "Gave up waiting" in answer.text
    assert "No recording" in answer.text
    assert "Failed" not in answer.text


async def test_today_counts_them_apart(browser: httpx.AsyncClient, services: Services) -> None:
    await fill(services)
    page = (await browser.get("/live/today")).text
    assert re.findall(r'href="/calls\?state=(\w+)"', page) == ["unrecorded", "failed"]
    live = html.unescape((await browser.get("/live")).text)
    assert '"abandoned": "Gave up waiting"' in live  # how the script names calls as they arrive


async def test_those_who_reached_nobody_are_among_what_was_lost(browser: httpx.AsyncClient, services: Services) -> None:
    await fill(services)
    page = (await browser.get("/insight")).text
    lost = re.findall(r"state=unrecorded&(?:amp;)?disposition=(\w+)", page)
    assert set(lost) == {"missed", "abandoned"}  # who was answered has reached somebody
    assert "state=unrecorded" in page and "state=failed" in page
