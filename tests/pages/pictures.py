"""Pictures of the pages of a running callsift, for docs/page.md: ``python -m tests.pages.pictures http://127.0.0.1:8080``."""

import argparse
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.pages.chromium import CHROMIUM, OPTIONS
from tests.patience import PATIENCE_S
from tests.test_rooms import ROOT

DESKTOP, PHONE = (1280, 800), (390, 844)
LOOKS = (("light", "en", DESKTOP), ("dark", "tr", DESKTOP), ("light", "tr", PHONE), ("dark", "en", PHONE))
PATHS = {"live": "/live", "call_backs": "/call-backs", "operations": "/operations"}
REVIEW = ("review", "blind")
FIRST_CALL = "tbody tr:not(:has(.failed)) th a"


def main(address: str, folder: Path, names: Sequence[str]) -> None:
    """Write a picture of each named page in both themes and languages, on a desktop and on a phone."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(OPTIONS))
        for theme, language, (width, height) in LOOKS:
            page = browser.new_page(
                base_url=address,
                viewport={"width": width, "height": height},
                color_scheme="dark" if theme == "dark" else "light",
                locale=language,
            )
            page.set_default_timeout(PATIENCE_S * 1000)
            kind = "phone" if (width, height) == PHONE else "desktop"
            for name in names:
                _open(page, name)
                page.screenshot(path=folder / f"{name}-{kind}-{theme}.png", full_page=name == "insight")
            page.close()
        browser.close()


def _open(page: Page, name: str) -> None:
    if name in REVIEW:
        _review(page)
        if name == "blind":
            page.locator("form[action$='/next'] button").first.click()
            page.wait_for_selector("fieldset")
        return
    page.goto("/insight" if name == "insight" else PATHS.get(name, "/calls?when=7d"))
    if name in PATHS:
        page.wait_for_timeout(12_000)  # what it asks for comes, and a rate is known after two looks
    if name == "call":
        page.locator(FIRST_CALL).first.click()
        page.wait_for_url(re.compile("/calls/."))
        page.locator(".turns .turn").nth(3).click()
        page.wait_for_timeout(1500)
        page.locator("audio").evaluate("one => one.pause()")
        page.evaluate("scrollTo(0, 0)")


def _review(page: Page) -> None:
    """Open the review; where nothing is drawn yet, draw all calls."""
    page.goto("/review")
    if page.locator(".samples").count():
        return
    page.locator("[name=to]").fill(date.today().isoformat())
    page.locator("[name=by]").select_option("random")
    page.locator("form[action='/review'] button").click()
    page.wait_for_selector(".samples")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", help="where `callsift up` serves the pages, with the demo's calls in")
    parser.add_argument(
        "names", nargs="*", default=["calls", "call", *PATHS, *REVIEW], help="which pages; also insight"
    )
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "page")
    chosen = parser.parse_args()
    chosen.folder.mkdir(exist_ok=True)
    main(chosen.address, chosen.folder, chosen.names)
