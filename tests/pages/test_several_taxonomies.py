"""Two taxonomies at once, on the pages: each call is corrected and reviewed in its own categories."""

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from api.services import Services
from schemas import Taxonomies
from schemas.taxonomy import use
from store.calls import OutcomeStore
from store.labels import LabelStore
from tests.api.sinking import sinking_all
from tests.brands import brands
from tests.pages.test_review import drawn, next_of, post, read
from tests.schemas.examples import call_transcribed
from tests.store.outcomes import done

pytestmark = pytest.mark.integration
PATHS = ("/", "/calls?category=complaint", "/insight?category=emergency", "/live", "/live/today", "/call-backs")


@pytest.fixture(autouse=True)
def two_companies(tmp_path: Path) -> Iterator[None]:
    use(brands(tmp_path / "brands"))
    yield
    use(None)


@pytest.fixture
async def call(services: Services) -> str:
    """Store a call of the clinic, and return its identifier: the tests share a broker."""
    outcome, call_id = done("a"), f"clinic-{uuid4().hex[:8]}"
    assert outcome.versions
    told = {
        "call_id": call_id,
        "outcome_id": f"of-{call_id}",
        "queue": "dental",
        "category": "appointment",
        "sub_category": "emergency",
        "versions": outcome.versions.model_copy(update={"taxonomy": "clinic-1"}),
    }
    await OutcomeStore(services.database).save(outcome.model_copy(update=told), call_transcribed().turns)
    return call_id


def leaves(text: str) -> set[str]:
    """Return the leaves that a page offers."""
    known = {leaf for one in Taxonomies.load().all for leaf in one.leaves}
    return {*re.findall(r'value="(\w+)"', text)} & known


async def test_a_call_is_corrected_in_its_own_categories_alone(
    browser: httpx.AsyncClient, services: Services, call: str
) -> None:
    text = (await browser.get(f"/calls/{call}")).text
    assert "Emergency" in text
    assert leaves(text) == {*Taxonomies.load().all[1].leaves}
    assert (await post(browser, f"/calls/{call}/labels", revision="1", leaf="price_research")).status_code == 422
    async with sinking_all(services):
        assert (await post(browser, f"/calls/{call}/labels", revision="1", leaf="insurance")).status_code == 303
    [given] = await LabelStore(services.database).of_call(call)
    assert (given.final.category, given.taxonomy_version) == ("no_appointment", "clinic-1")


async def test_a_call_is_reviewed_in_its_own_categories_alone(
    browser: httpx.AsyncClient, services: Services, call: str
) -> None:
    place = await next_of(browser, await drawn(browser, services))
    assert place is not None
    assert leaves((await browser.get(place)).text) == {*Taxonomies.load().all[1].leaves}
    assert (await post(browser, f"{place}/first", leaf="price_research", revision="1")).status_code == 422
    async with sinking_all(services):
        await read(browser, place, "complaint")
    [given] = await LabelStore(services.database).of_call(call)
    assert (given.final.category, given.final.sub_category, given.taxonomy_version) == ("complaint", None, "clinic-1")


@pytest.mark.usefixtures("call")
async def test_every_page_answers_with_calls_of_both(browser: httpx.AsyncClient, services: Services) -> None:
    await OutcomeStore(services.database).save(done("b", f"shipped-{uuid4().hex[:8]}"))
    for path in PATHS:
        answer = await browser.get(path, follow_redirects=True)
        assert answer.status_code == 200, (path, answer.text)
