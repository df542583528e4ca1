"""The review in a real browser: drawn, read blind by keyboard, read twice, decided by a third, and shown as figures."""

import asyncio
import re
from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from schemas import LeafName
from store.calls import OutcomeStore
from store.samples import SampleStore
from tests.api.sinking import sinking_all
from tests.pages.test_browser import Served, chromium, look_for_barriers, made, page, served
from tests.patience import PATIENCE_S
from tests.schemas.examples import call_transcribed
from tests.store.annotations import label
from tests.store.outcomes import done

__all__ = ["chromium", "made", "page", "served"]
pytestmark = [pytest.mark.integration, pytest.mark.slow]  # make test-slow
PRICE = LeafName(category="unnecessary_call", sub_category="price_research")
OTHERS = 28


def run(served: Served, work: Coroutine[Any, Any, object]) -> None:
    """Run something where the pages are served."""
    asyncio.run_coroutine_threadsafe(work, served.loop).result(PATIENCE_S)


async def keep_others(served: Served) -> None:
    """Keep so many calls that a figure can be shown."""
    for _ in range(OTHERS):
        call_id = f"call-{uuid4().hex}"
        await OutcomeStore(served.services.database).save(done(f"of-{call_id}", call_id), call_transcribed().turns)


async def read_all_but_one(served: Served) -> None:
    """Have two people read all calls but the first, and agree with the machine."""
    outcomes, samples, now = (
        OutcomeStore(served.services.database),
        SampleStore(served.services.database),
        datetime.now(UTC),
    )
    [sample] = await samples.all()
    for item in (await samples.items(sample.sample_id))[1:]:
        for role, who in (("first", "dan"), ("second", "eve")):
            name = f"{item.place}-{who}-{uuid4().hex[:8]}"
            said = label(name, 1, call_id=item.call_id or "", first=PRICE, final=PRICE, decides=False, cause=None)
            await outcomes.annotate(said.model_copy(update={"who": who}))
            await samples.take(item, role, who, now)  # type: ignore[arg-type]
            taken = await samples.item(sample.sample_id, item.place)
            assert taken is not None
            await samples.finish(taken, role, "price_research", name)  # type: ignore[arg-type]


@pytest.fixture
def _sunk(served: Served) -> Iterator[None]:
    """Have a sink at work beside the pages."""

    async def for_ever() -> None:
        async with sinking_all(served.services):
            await asyncio.Event().wait()

    running = asyncio.run_coroutine_threadsafe(for_ever(), served.loop)
    yield
    running.cancel()


def signed_in(page: Page, served: Served) -> Page:
    """Sign in with a key of its own, in a context of its own."""
    assert page.context.browser is not None
    context = page.context.browser.new_context(
        base_url=f"http://localhost:{served.server.config.port}", locale="en-GB", reduced_motion="reduce"
    )
    context.set_default_timeout(15_000)
    tab = context.new_page()
    return sign_in(tab, served)


def sign_in(tab: Page, served: Served) -> Page:
    key = served.new_key()
    tab.goto("/review")
    tab.get_by_label("API key").fill(key)
    tab.get_by_label("API key").press("Enter")
    tab.wait_for_url("**/review")
    return tab


def read_blind(tab: Page, key: str, leaf: str) -> None:
    """Answer with one key."""
    tab.get_by_role("button", name="Read the next call").click()
    expect(tab.locator("h1")).to_have_text("What was this call for?")
    tab.wait_for_load_state()  # the script that hears keys has run then
    tab.keyboard.press(key)
    expect(tab.locator(f"[name=leaf][value={leaf}]")).to_be_checked()
    tab.keyboard.press("Enter")


@pytest.mark.usefixtures("_sunk")
def test_a_call_is_read_blind_by_two_who_differ_a_third_decides_and_the_figures_say_so(
    page: Page, served: Served
) -> None:
    ann = page
    run(served, keep_others(served))
    sign_in(ann, served)
    ann.get_by_label("From").fill("2026-10-01")
    ann.get_by_label("To", exact=True).fill("2026-10-07")
    ann.get_by_label("How").select_option("random")
    ann.get_by_label("Read twice").fill("100")
    ann.get_by_role("button", name="Draw").click()
    expect(ann.locator(".samples")).to_contain_text("30 calls of 30")
    look_for_barriers(ann)
    run(served, read_all_but_one(served))

    ann.reload()
    ann.get_by_role("button", name="Read the next call").click()
    look_for_barriers(ann)
    ann.get_by_label("One key for each category").uncheck()
    ann.keyboard.press("7")
    expect(ann.locator("[name=leaf][value=complaint]")).not_to_be_checked()
    ann.get_by_label("One key for each category").check()
    ann.goto("/review")
    read_blind(ann, "7", "complaint")
    expect(ann.locator("h1")).to_have_text("You and the machine differ")
    look_for_barriers(ann)
    ann.get_by_label("Why the machine was wrong").select_option("misread")
    ann.get_by_role("button", name="Keep, and read the next").click()
    expect(ann.get_by_role("alert")).to_contain_text("nothing left")

    bob = signed_in(ann, served)
    read_blind(bob, "2", "guaranteed_product")
    bob.get_by_role("button", name="Keep, and read the next").click()
    expect(bob.get_by_role("alert")).to_contain_text("nothing left")

    cem = signed_in(ann, served)
    expect(cem.locator(".samples")).to_contain_text("two people differ on 1")
    read_blind(cem, "7", "complaint")
    expect(cem.get_by_role("alert")).to_contain_text("nothing left")

    ann.get_by_role("link", name="Figures").click()
    gold = ann.locator(".figure", has_text="Machine against gold")
    expect(gold.locator("strong")).to_have_text(re.compile(r"^9\d%$"))
    expect(ann.locator(".figure", has_text="People against people").locator("strong")).to_have_text("97%")
    expect(ann.get_by_role("row", name=re.compile("^Misread"))).to_contain_text("3%")
    ann.get_by_role("button", name="TR", exact=True).click()
    expect(ann.locator("h1")).to_have_text("Sayılar")
    look_for_barriers(ann)
    for tab in (bob, cem):
        tab.context.close()


@pytest.mark.usefixtures("_sunk")
def test_a_call_is_corrected_by_the_button_at_its_top(page: Page, served: Served) -> None:
    run(served, OutcomeStore(served.services.database).save(done("a", f"call-{uuid4().hex}")))
    page.goto("/calls?when=all&sub_category=price_research")
    page.locator("tbody a[href^='/calls/call-']").first.click()
    page.get_by_role("link", name="Correct").click()
    page.get_by_label("What the call was for").select_option("complaint")
    page.get_by_role("button", name="Correct it").click()
    expect(page.get_by_role("status")).to_contain_text("has the category that you gave it")
    expect(page.locator("h1")).to_contain_text("Complaint")
    expect(page.locator("h1")).to_contain_text("by a person")
    look_for_barriers(page)
