"""Correcting a call on its page, and saying what became of it."""

from uuid import uuid4

import httpx
import pytest

from api.services import Services
from store.calls import OutcomeStore
from store.labels import LabelStore
from tests.api.sinking import said_of, sink, sinking
from tests.pages.conftest import OWN
from tests.store.annotations import label
from tests.store.outcomes import done

pytestmark = pytest.mark.integration


@pytest.fixture
async def call(services: Services) -> str:
    """Store a call, and return its identifier: the tests share a broker."""
    call_id = f"call-{uuid4().hex}"
    await OutcomeStore(services.database).save(done("a", call_id))
    return call_id


async def test_a_correction_becomes_the_category_beside_the_machines_answer(
    browser: httpx.AsyncClient, services: Services, call: str
) -> None:
    said = {"revision": "1", "leaf": "complaint", "cause": "misread", "note": "<b>angry</b>"}
    async with sinking(services, call):
        answer = await browser.post(f"/calls/{call}/labels", data=said, headers=OWN)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/calls/{call}?notice=corrected")
    [given] = await LabelStore(services.database).of_call(call)
    assert (given.drawn.by, given.drawn.p, given.decides, given.blind) == ("correction", None, True, False)
    assert (given.final.sub_category, given.cause, given.revision_seen) == ("complaint", "misread", 1)
    text = (await browser.get(answer.headers["location"])).text
    title = text.partition("<h1")[2].partition("</h1>")[0]
    assert "Complaint" in title and "by a person" in title
    machine = text.partition("What the machine says")[2].partition("</section>")[0]
    assert "Price Research" in machine
    assert "&lt;b&gt;angry&lt;/b&gt;" in text and "Misread" in text
    assert "r2" in text and "r1" in text


async def test_a_correction_of_what_has_changed_since_is_refused_with_the_newest_and_keeps_what_was_written(
    browser: httpx.AsyncClient, services: Services, call: str
) -> None:
    await OutcomeStore(services.database).annotate(label("l1", 1, "others", call))
    said = {"revision": "1", "leaf": "complaint", "note": "seen too late"}
    answer = await browser.post(f"/calls/{call}/labels", data=said, headers=OWN)
    assert answer.status_code == 412
    assert "has changed since you looked" in answer.text
    assert 'name="revision" value="2"' in answer.text
    assert "seen too late</textarea>" in answer.text and 'value="complaint" selected' in answer.text
    assert said_of(services.kafka, call) == []


async def test_a_correction_without_a_category_says_nothing(
    browser: httpx.AsyncClient, services: Services, call: str
) -> None:
    for leaf in ("", "unnecessary_call", "no_such"):
        answer = await browser.post(f"/calls/{call}/labels", data={"revision": "1", "leaf": leaf}, headers=OWN)
        assert (answer.status_code, "Choose a category." in answer.text) == (422, True)
    assert said_of(services.kafka, call) == []


async def test_what_became_of_a_call_is_told_shown_and_taken_back(
    browser: httpx.AsyncClient, services: Services, call: str
) -> None:
    told = {"job_booked": "yes", "value": "1450.5", "currency": "TRY"}
    answer = await browser.post(f"/calls/{call}/facts", data=told, headers=OWN)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/calls/{call}?notice=told")
    await sink(services, call)
    assert "1,450.5 TRY" in (await browser.get(f"/calls/{call}")).text
    await browser.post(f"/calls/{call}/facts", data={"job_booked": "", "value": ""}, headers=OWN)
    await sink(services, call)
    assert "1,450.5 TRY" not in (await browser.get(f"/calls/{call}")).text
    assert (await browser.post(f"/calls/{call}/facts", data={"value": "-1"}, headers=OWN)).status_code == 422
