"""Whether the live page stays smooth: ``python -m tests.pages.smooth`` sends it outcomes, and asks how it fared.

A long task (W3C Long Tasks) is one of more than 50 ms, in which a page answers nobody.
"""

import argparse
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from playwright.sync_api import Page, sync_playwright
from pydantic import SecretStr

from api.access.authentication import Authentication
from api.access.keys import Keys
from api.services import Services
from api.settings import ApiSettings
from callsift.embedded import EmbeddedBroker, EmbeddedStore
from schemas import CallOutcome
from store.api_keys import ApiKeyStore
from store.database import Database
from store.settings import StoreSettings
from streams.kafka import produce
from streams.payloads import ClaimCheckStore
from streams.settings import KafkaSettings
from streams.topics import OUTCOMES
from tests.pages.chromium import CHROMIUM, OPTIONS
from tests.pages.serving import served
from tests.store.outcomes import done

_WATCH = """
addEventListener("load", () => {
  window.tasks = []; window.frames_ = 0;
  const note = (list) => tasks.push(...list.getEntries().map((one) => one.duration));
  new PerformanceObserver(note).observe({ type: "longtask" });
  const count = () => { frames_++; requestAnimationFrame(count); };
  count();
});
"""
_BURSTS_A_SECOND = 10


def main(per_second: int, seconds: int) -> None:
    """Send so many outcomes a second for so long, and print what the browser says."""
    with tempfile.TemporaryDirectory() as folder:
        broker, store = EmbeddedBroker(), EmbeddedStore(Path(folder))
        database = Database(StoreSettings(uri=SecretStr(store.uri)))
        services = Services(
            settings=ApiSettings(),
            kafka=KafkaSettings(bootstrap_servers=broker.bootstrap_servers),
            database=database,
            audio=ClaimCheckStore(Path(folder).as_uri()),
            authentication=Authentication(Keys(ApiKeyStore(database))),
        )
        with served(services) as running, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(OPTIONS))
            page = browser.new_page(base_url=running.address, viewport={"width": 1280, "height": 800})
            page.add_init_script(_WATCH)
            page.goto("/live")
            page.wait_for_selector(".pulse[data-state=live]")
            page.wait_for_timeout(3000)
            _send(services.kafka, page, per_second, seconds)
            browser.close()
        store.stop()


def _send(kafka: KafkaSettings, page: Page, per_second: int, seconds: int) -> None:
    page.evaluate("tasks.length = 0; frames_ = 0")
    began, sent = time.monotonic(), 0
    while (elapsed := time.monotonic() - began) < seconds:
        fresh = [_outcome() for _ in range(round(elapsed * per_second) - sent)]
        produce(kafka, OUTCOMES.name, [(one.call_id, one.model_dump_json().encode()) for one in fresh])
        sent += len(fresh)
        page.wait_for_timeout(1000 / _BURSTS_A_SECOND)
    elapsed = time.monotonic() - began
    tasks, frames, rows = page.evaluate("[tasks, frames_, document.querySelectorAll('#rows tr').length]")
    print(
        f"{sent / elapsed:.0f} outcomes a second for {elapsed:.0f} s, {rows} rows: {frames / elapsed:.0f} frames "
        f"a second, {len(tasks)} long tasks, the longest {max(tasks, default=0):.0f} ms"
    )


def _outcome() -> CallOutcome:
    return done(uuid4().hex, uuid4().hex).model_copy(update={"ended_at": datetime.now(UTC)})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--per-second", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=15)
    chosen = parser.parse_args()
    main(chosen.per_second, chosen.seconds)
