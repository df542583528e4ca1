"""Insight as a browser gets it: who sees what, and where its links lead."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

import httpx
import pytest

from api.access import Role, Scope
from api.services import Services
from store.calls import OutcomeStore
from tests.pages.conftest import SignIn
from tests.pages.many_calls import calls, keep, read
from tests.pages.test_pages import HOSTILE
from tests.store.outcomes import done

pytestmark = pytest.mark.integration
LAST = datetime(2026, 11, 28, 12, tzinfo=UTC)
DAYS = "/insight?from=2026-11-20&to=2026-11-29"


async def test_nothing_out_of_scope_is_counted_or_named(signed_in: SignIn, services: Services) -> None:
    outcomes = [*calls(LAST, 8, 40)]
    await keep(services.database, iter(outcomes))
    scoped = await signed_in(Role.VIEWER, Scope(queues=frozenset({"ankara"})))
    text = (await scoped.get(DAYS)).text
    assert f"{sum(one.queue == 'ankara' for one in outcomes)} calls" in text
    assert "ankara" in text and "izmir" not in text and "istanbul" not in text
    assert "0 calls" in (await scoped.get(f"{DAYS}&queue=izmir")).text
    own = await signed_in(Role.VIEWER, Scope(agents=frozenset({"agent-01"})))
    text = (await own.get(DAYS)).text
    assert f"{sum(one.agent_id == 'agent-01' for one in outcomes)} calls" in text
    assert "Your own calls only" in text
    everything = (await (await signed_in(Role.VIEWER)).get(DAYS)).text
    assert f"{len(outcomes)} calls" in everything
    assert "agent-0" not in everything, "agents are not compared"


async def test_shares_are_corrected_by_a_sample_of_just_the_calls_that_somebody_may_see(
    signed_in: SignIn, services: Services
) -> None:
    await keep(services.database, calls(LAST, 8, 20))
    everything, scoped = await signed_in(Role.VIEWER), await signed_in(Role.VIEWER, Scope(queues=frozenset({"ankara"})))
    assert "Not reviewed on these days." in (await everything.get(DAYS)).text
    sample = await read(services, date(2026, 11, 21), date(2026, 11, 27), 40)
    text = (await everything.get(f"{DAYS}&step=week")).text
    counted = sum(n for leaf, n in sample.machine if leaf == "potential_customer") / sum(n for _, n in sample.machine)
    note = re.search(r"Corrected by review, 21 Nov – 27 Nov: \d+% \(\d+% – \d+%\); the machine counted (\d+)%", text)
    assert note and int(note[1]) == pytest.approx(100 * counted, abs=0.5)
    assert "21 Nov – 27 Nov, reviewed" in text and 'class="line reviewed"' in text
    others = [
        (scoped, DAYS),
        (everything, f"{DAYS}&queue=ankara"),
        (everything, "/insight?from=2026-10-01&to=2026-10-02"),
    ]
    for browser, address in others:
        assert "Corrected by review," not in (await browser.get(address)).text


async def test_a_picture_leads_to_just_its_calls(browser: httpx.AsyncClient, services: Services) -> None:
    await keep(services.database, calls(LAST, 8, 20))
    text = unescape((await browser.get(f"{DAYS}&queue=ankara")).text)
    row = re.search(r'<a href="([^"]+)">Price Research</a></th>\s*<td class="number right">(\d+)', text)
    assert row
    assert "queue=ankara" in row[1]
    listed = (await browser.get(row[1])).text
    assert len(re.findall(r'class="when"><a', listed)) == int(row[2])


async def test_hostile_names_and_versions_are_inert(browser: httpx.AsyncClient, services: Services) -> None:
    store = OutcomeStore(services.database)
    for number in range(2):
        call = done(f"outcome-{number}", f"call-{number}")
        assert call.versions is not None
        versions = call.versions.model_copy(update={"model": f"{number}{HOSTILE}", "prompt": HOSTILE})
        told = {"queue": HOSTILE, "ended_at": LAST - timedelta(days=1 - number), "versions": versions}
        await store.save(call.model_copy(update=told | {"category": HOSTILE, "sub_category": None}))
    for address in (DAYS, str(httpx.URL(DAYS, params={"queue": HOSTILE, "from": "2026-11-20", "category": HOSTILE}))):
        answer = await browser.get(address)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text and "<img" not in answer.text
        assert "&lt;script&gt;" in answer.text


async def test_nothing_is_styled_or_scripted_in_the_page(browser: httpx.AsyncClient, services: Services) -> None:
    await keep(services.database, calls(LAST, 8, 40))
    text = (await browser.get(DAYS, headers={"Accept-Language": "tr"})).text
    assert "<svg viewBox" in text and "Gereksiz Çağrı" in text
    assert not re.search(r"<style|\sstyle=|\son\w+=", text)


@pytest.mark.parametrize("given", ["from=2026-11-20&to=2026-11-19", "from=1999-01-01", "when=ever", "step=hour"])
async def test_days_that_mean_nothing_are_refused_as_a_page(browser: httpx.AsyncClient, given: str) -> None:
    answer = await browser.get(f"/insight?{given}")
    assert (answer.status_code, answer.headers["content-type"][:9]) == (422, "text/html")


async def test_no_call_at_all_is_said(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/insight")
    assert answer.status_code == 200
    assert "No call ended in these days." in answer.text
