"""The pages in a real browser: they work by mouse and keyboard, keep nobody out, and break no rule of their own."""

import asyncio
import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from api.access import Right, Role, Scope
from api.access.keys import new_key
from api.services import Services
from callsift.embedded import free_port
from schemas import Speaker, Turn, Word
from store.api_keys import ApiKeyStore
from store.calls import OutcomeStore
from streams.payloads import PREPARED
from tests.api.recordings.conftest import made
from tests.pages.chromium import CHROMIUM, OPTIONS
from tests.pages.conftest import app_of
from tests.patience import PATIENCE_S, until
from tests.store.outcomes import done, failed

__all__ = ["made"]
pytestmark = [pytest.mark.integration, pytest.mark.slow]  # make test-slow
CALL = "çağrı 1"
LIMIT_MS = 15_000
PAINTED = """((canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean))(
    document.querySelector("canvas"))"""


def said(speaker: Speaker, text: str, start_s: float, unsure: str = "") -> Turn:
    """A turn of two and a half seconds."""
    words = tuple(
        Word(text=one, start_s=start_s, end_s=start_s + 2.5, confidence=0.3 if one == unsure else 0.95)
        for one in text.split()
    )
    return Turn(speaker=speaker, start_s=start_s, end_s=start_s + 2.5, text=text, confidence=0.9, words=words)


TURNS = (
    said(Speaker.AGENT, "servis hattı buyurun", 0.2),
    said(Speaker.CUSTOMER, "klimam soğutmuyor", 3.0, unsure="soğutmuyor"),
    said(Speaker.AGENT, "yarın gelelim", 6.0),
)


async def keep(services: Services, flac: bytes, peaks: bytes) -> None:
    """Keep three calls, one of them with its sound."""
    store = OutcomeStore(services.database)
    await store.save(done("outcome-1", CALL), TURNS)
    await store.save(done("outcome-2", "call-2").model_copy(update={"category": "uncertain", "sub_category": None}))
    await store.save(failed("outcome-3", "call-3"))
    name = PREPARED.of_call(CALL, f"-{hashlib.sha256(flac).hexdigest()[:32]}")
    services.audio.put(f"{name}.flac", flac)
    services.audio.put(f"{name}.dat", peaks)


@dataclass
class Served:
    """The pages, served on this machine by a thread of its own."""

    services: Services
    sound: tuple[bytes, bytes]
    server: uvicorn.Server
    loop: asyncio.AbstractEventLoop = field(init=False)

    async def serve(self) -> None:
        """Serve until the server is told to end."""
        self.loop = asyncio.get_running_loop()
        await keep(self.services, *self.sound)
        await self.server.serve()

    def new_key(self) -> str:
        """Return a key that may do everything."""
        key, text = new_key("browser", Role.ADMIN, frozenset({Right.LISTEN}), Scope(), datetime.now(UTC), None)
        adding = ApiKeyStore(self.services.database).add(key)
        asyncio.run_coroutine_threadsafe(adding, self.loop).result(PATIENCE_S)
        return text


@pytest.fixture
def served(services: Services, made: tuple[bytes, bytes]) -> Iterator[Served]:
    config = uvicorn.Config(app_of(services), port=free_port(), log_config=None)
    running = Served(services, made, uvicorn.Server(config))
    thread = threading.Thread(target=asyncio.run, args=[running.serve()])
    thread.start()
    until(lambda: running.server.started, within_s=PATIENCE_S)
    yield running
    running.server.should_exit = True
    thread.join(PATIENCE_S)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium to open the pages with: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(OPTIONS))
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, served: Served) -> Iterator[Page]:
    with tab_of(chromium, f"http://localhost:{served.server.config.port}") as tab:
        yield tab


@contextmanager
def tab_of(chromium: Browser, address: str) -> Iterator[Page]:
    """Open a tab; what it complains about fails the test, refusals of the Content-Security-Policy above all."""
    context = chromium.new_context(base_url=address, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(LIMIT_MS)
    tab, complaints = context.new_page(), list[str]()
    tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.add_init_script(
        "addEventListener('securitypolicyviolation', (e) => console.error('CSP: ' + e.violatedDirective))"
    )
    yield tab
    context.close()
    assert [one for one in complaints if "status of 401" not in one] == []


def wait_for(page: Page, expression: str) -> None:
    """Wait until the page says so; Playwright's own way needs eval, which our pages refuse."""
    until(lambda: bool(page.evaluate(expression)), lambda: expression, within_s=LIMIT_MS / 1000)


def look_for_barriers(page: Page) -> None:
    """Have axe look at the page."""
    found = Axe().run(page).response["violations"]
    serious = [
        (one["id"], [node["target"] for node in one["nodes"]])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
    assert serious == []


def test_a_call_is_found_heard_and_read(page: Page) -> None:
    page.goto("/calls?when=all")
    expect(page.locator("tbody tr")).to_have_count(3)

    page.get_by_label("Said").fill("klima")
    page.get_by_label("Said").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/calls\?when=all&words=klima$"))
    page.go_back()
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_label("State").select_option("failed")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("[role=status]")).to_have_text("1 call")
    page.get_by_role("link", name="Remove this filter").click()
    expect(page.locator("tbody tr")).to_have_count(3)
    page.locator(f"tbody a[href='/calls/{quote(CALL)}']").click()

    turns, audio = page.locator(".turns .turn"), page.locator("audio")
    expect(turns).to_have_count(3)
    expect(turns.nth(1).locator(".unsure")).to_contain_text("soğutmuyor?")
    wait_for(page, "document.querySelector('audio').duration > 8")
    wait_for(page, PAINTED)

    turns.nth(1).click()
    expect(turns.nth(1)).to_have_attribute("aria-current", "true")
    assert 3.0 <= audio.evaluate("one => one.currentTime") < 6.0
    wait_for(page, "!document.querySelector('audio').paused")
    page.get_by_label("Speed").select_option("2")
    expect(turns.nth(2)).to_have_attribute("aria-current", "true")

    page.get_by_role("button", name="Mute Customer").click()
    expect(page.get_by_role("button", name="Mute Customer")).to_have_attribute("aria-pressed", "true")
    audio.evaluate("one => one.pause()")
    box = page.locator("canvas").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    assert audio.evaluate("one => one.currentTime") == pytest.approx(4.5, abs=0.2)


def test_the_keyboard_alone_leads_to_a_call_and_its_sound(page: Page) -> None:
    page.goto("/calls?when=all")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('tbody') !== null"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_be_visible()
    page.wait_for_url("**/calls/*")
    page.goto(f"/calls/{CALL}")
    page.locator(".turns .turn").nth(2).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".turns .turn").nth(2)).to_have_attribute("aria-current", "true")


def test_who_signs_in_hears_reads_and_changes_what_their_key_allows(page: Page, served: Served) -> None:
    key = served.new_key()
    page.goto(f"/calls/{quote(CALL)}")
    look_for_barriers(page)
    page.get_by_label("API key").fill("cs_live_wrong")
    page.get_by_label("API key").press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("API key").fill(key)
    page.get_by_label("API key").press("Enter")
    page.wait_for_url(f"**/calls/{quote(CALL)}")
    wait_for(page, "document.querySelector('audio').duration > 8")
    wait_for(page, PAINTED)

    page.get_by_text("Forget this call").click()
    page.get_by_role("button", name="Forget it for ever").click()
    expect(page.locator("h1")).to_have_text("The call is being forgotten")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("API key")).to_be_focused()
    page.goto("/calls")
    expect(page.locator("h1")).to_have_text("Sign in")


@pytest.mark.parametrize(("language", "title", "theme"), [("TR", "Çağrılar", "light"), ("EN", "Calls", "dark")])
def test_no_page_keeps_anybody_out(page: Page, language: str, title: str, theme: str) -> None:
    page.goto("/calls?when=all")
    page.get_by_role("button", name=language, exact=True).click()
    expect(page.locator("h1")).to_have_text(title)
    chosen = page.locator(f"[name=theme][value={theme}]")
    chosen.click()
    expect(chosen).to_have_attribute("aria-pressed", "true")
    look_for_barriers(page)
    for path in (f"/calls/{CALL}", "/calls/call-3"):
        page.goto(path)
        look_for_barriers(page)


@pytest.mark.slow  # make test-slow
@pytest.mark.parametrize("path", ["/calls?when=all", "/calls?queue=none", f"/calls/{CALL}"])
def test_nothing_is_cut_off_from_a_phone_to_a_large_screen(page: Page, path: str) -> None:
    page.goto(path)
    page.get_by_role("button", name="TR", exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", "tr")
    nothing_is_cut_off(page)


def nothing_is_cut_off(page: Page) -> None:
    """Look at the page in every width."""
    for width in (360, 761, 1000, 1181, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 740})
        wide = page.evaluate(
            "[document.documentElement, ...document.querySelectorAll('.panel')]"
            ".filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.className)"
        )
        assert wide == [], width
