"""Calls that end up in a sample's days after its draw: drawn by their own rank, shown, counted, and in the report."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from pydantic import SecretStr

from api.access import Role
from api.services import Services
from pages.settings import PageSettings
from review.drawing import rank
from review.report import read_report
from store.arrivals import Arrivals, ArrivalStore
from store.calls import OutcomeStore
from store.samples import Item, Sample, SampleStore
from tests.api.sinking import sinking_all
from tests.pages.conftest import SignIn
from tests.pages.test_review import SALES, drawn, keep, next_of, post, read
from tests.store.outcomes import done

pytestmark = pytest.mark.integration


async def kept(services: Services, sample_id: str) -> tuple[Sample, list[Item], Arrivals]:
    sample = await SampleStore(services.database).find(sample_id)
    came = await ArrivalStore(services.database).find(sample_id)
    assert sample is not None and came is not None
    return sample, await SampleStore(services.database).items(sample_id), came


async def look(browser: httpx.AsyncClient, sample_id: str) -> None:
    answer = await post(browser, f"/review/{sample_id}/late")
    assert (answer.status_code, answer.headers["location"]) == (303, "/review")


async def as_if_long_ago(services: Services, sample_id: str) -> None:
    """Let it be two hours since somebody looked for late calls."""
    store = ArrivalStore(services.database)
    before = await store.find(sample_id)
    assert before is not None
    earlier = before.model_copy(update={"looked_at": datetime.now(UTC) - timedelta(hours=2), "looks": before.looks + 1})
    assert await store.note(before, earlier, await store.known(sample_id))


async def test_a_late_call_is_drawn_by_its_own_rank_and_counted_whether_it_is_drawn_or_not(
    browser: httpx.AsyncClient, services: Services
) -> None:
    await keep(services, 20)
    sample_id = await drawn(browser, services, size="10")
    assert "calls came later" not in (await browser.get("/review")).text
    late = await keep(services, 24, tag="late")
    await look(browser, sample_id)
    sample, items, came = await kept(services, sample_id)
    expected = {call_id for call_id in late if rank(str(sample.seed), call_id) < 0.5}
    assert {one.call_id for one in items if one.is_late} == expected
    assert [(one.name, one.size, one.p) for one in came.strata] == [("", 24, 0.5)]
    assert came.machine == (("price_research", 24),)
    assert [one.size for one in sample.strata] == [20], "the list stays closed"
    assert sum(not one.is_late for one in items) == 10
    for page in ("/review", f"/review/figures?sample={sample_id}"):
        text = (await browser.get(page)).text
        assert f"24 calls came later, {len(expected)} drawn (50%)" in text
        assert "10 calls of 20" in text


async def test_looking_again_draws_nothing_twice_and_only_what_came_since(
    browser: httpx.AsyncClient, services: Services
) -> None:
    await keep(services, 10)
    sample_id = await drawn(browser, services, size="10")
    await look(browser, sample_id)
    assert (await kept(services, sample_id))[2].strata == ()
    for number in (1, 2):
        await keep(services, 3, tag=f"late-{number}")
        await asyncio.gather(*(look(browser, sample_id) for _ in range(3)))
        _, items, came = await kept(services, sample_id)
        assert [one.size for one in came.strata] == [3 * number]
        assert len(items) == 10 + 3 * number == len({one.call_id for one in items})
        assert sorted(one.place for one in items) == list(range(1, len(items) + 1))


async def test_a_call_that_was_classified_again_is_not_late(browser: httpx.AsyncClient, services: Services) -> None:
    [call_id] = await keep(services, 1)
    sample_id = await drawn(browser, services)
    again = done("another-outcome", call_id).model_copy(update={"revision": 2, "queue": "sales"})
    await OutcomeStore(services.database).save(again)
    await look(browser, sample_id)
    _, items, came = await kept(services, sample_id)
    assert (len(items), came.strata) == (1, ())


async def test_whoever_reads_the_next_call_gets_what_came_late_after_a_while(
    browser: httpx.AsyncClient, services: Services
) -> None:
    await keep(services, 1)
    sample_id = await drawn(browser, services)
    async with sinking_all(services):
        place = await next_of(browser, sample_id)
        assert place is not None
        await read(browser, place, "price_research")
        [late] = await keep(services, 1, tag="late")
        assert await next_of(browser, sample_id) is None, "somebody looked a moment ago"
        await as_if_long_ago(services, sample_id)
        assert await next_of(browser, sample_id) == f"/review/{sample_id}/2"
    assert late in {one.call_id for one in (await kept(services, sample_id))[1]}


async def test_a_late_call_of_a_stratum_that_had_none_has_the_whole_frames_chance(
    browser: httpx.AsyncClient, services: Services
) -> None:
    await keep(services, 20)
    sample_id = await drawn(browser, services, by="stratum", size="10")
    unsure = [
        done(f"outcome-of-unsure-{n}", f"unsure-{n}").model_copy(update={"queue": "sales", "confidence": 0.4})
        for n in range(12)
    ]
    for one in unsure:
        await OutcomeStore(services.database).save(one)
    await look(browser, sample_id)
    sample, items, came = await kept(services, sample_id)
    assert [(one.name, one.size, one.p) for one in came.strata] == [("price_research/0", 12, 0.5)]
    assert {one.stratum for one in items if one.is_late} <= {"price_research/0"}
    drawn_late = {one.call_id for one in items if one.is_late}
    assert drawn_late == {f"unsure-{n}" for n in range(12) if rank(str(sample.seed), f"unsure-{n}") < 0.5}


async def test_the_figures_and_the_report_are_about_the_late_calls_too(
    browser: httpx.AsyncClient, services: Services, app: FastAPI, tmp_path: Path
) -> None:
    """Of two calls the machine is right about the one in time, and wrong about the late one."""
    app.state.pages.settings = PageSettings(report_key=SecretStr("0f" * 32))
    await keep(services, 1)
    sample_id = await drawn(browser, services)
    await keep(services, 1, tag="late")
    await look(browser, sample_id)
    async with sinking_all(services):
        for leaf in ("price_research", "complaint"):
            place = await next_of(browser, sample_id)
            assert place is not None
            await read(browser, place, leaf if place.endswith("/1") else "complaint")
            if place.endswith("/2"):
                late_place = place
    assert late_place
    lines = (await browser.get(f"/review/figures/report?sample={sample_id}")).text.splitlines()
    report = read_report(lines, Ed25519PrivateKey.from_private_bytes(bytes.fromhex("0f" * 32)).public_key())
    [draw] = report.head["draws"]
    assert (draw["drawn"], draw["drawn_late"], draw["strata"]) == (1, 1, [["", 1, 1, 1.0]])
    assert report.head["machine"] == {"price_research": 2}
    assert sorted(call.drawn.late for call in report.calls) == [False, True]
    page = (await browser.get(f"/review/figures/report/page?sample={sample_id}")).text
    assert "came later" in page and "Calls drawn of those that came later" in page
    assert json.loads(lines[-2])["measured"] == 2


async def test_only_who_sees_just_the_samples_calls_looks_for_late_ones(signed_in: SignIn, services: Services) -> None:
    await keep(services, 2, "sales", "seen")
    sales, everywhere = await signed_in(Role.REVIEWER, SALES), await signed_in(Role.REVIEWER)
    sample_id = await drawn(sales, services)
    await keep(services, 2, "another", "hidden")
    await look(everywhere, sample_id)
    _, items, came = await kept(services, sample_id)
    assert (len(items), came.strata) == (2, ()), "calls of other queues are not late, they are not in the frame"
    assert f"/review/{sample_id}/late" not in (await everywhere.get("/review")).text
    assert f"/review/{sample_id}/late" in (await sales.get("/review")).text
    await keep(services, 1, "sales", "late")
    await look(sales, sample_id)
    assert {one.call_id for one in (await kept(services, sample_id))[1]} == {"seen-0", "seen-1", "late-0"}
