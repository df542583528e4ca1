"""Insight in a real browser, without a script of its own."""

import asyncio
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.pages.many_calls import calls, keep
from tests.pages.test_browser import Served, chromium, look_for_barriers, made, page, served
from tests.patience import PATIENCE_S

__all__ = ["chromium", "made", "page", "served"]
pytestmark = pytest.mark.integration
WIDE = """[document.documentElement, ...document.querySelectorAll('.panel')]
    .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.className)"""


def test_insight_keeps_nobody_out_and_leads_to_its_calls(page: Page, served: Served) -> None:
    keeping = keep(served.services.database, calls(datetime.now(UTC), 8, 40))
    asyncio.run_coroutine_threadsafe(keeping, served.loop).result(PATIENCE_S)
    page.goto("/insight?when=7d")
    expect(page.locator("svg[role=img]").first).to_be_visible()
    look_for_barriers(page)
    page.get_by_label("Category looked at").select_option("uncertain")
    expect(page.locator("#control strong")).to_have_text("Uncertain: usual or not")
    expect(page.get_by_label("Category looked at")).to_have_value("uncertain")
    page.get_by_role("button", name="TR", exact=True).click()
    page.locator("[name=theme][value=dark]").click()
    expect(page.locator("#control strong")).to_have_text("Belirsiz: olağan mı?")
    page.locator("#volume summary").click()
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate(WIDE) == []
    look_for_barriers(page)
    page.locator("#volume tbody a").last.click()
    expect(page.locator("h1")).to_have_text("Çağrılar")
    expect(page.locator("tbody tr").first).to_be_visible()
