"""What a page costs beside the API's answers with the same data.

``python -m benchmarks.page_reads --documents 100000`` fills a store as ``benchmarks.api_reads`` does, starts
``callsift api``, and asks for each page, and over the API for what is on it, in turns: medians, 95th percentiles, and
the median of the ratios within a turn.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

import httpx

from api.access.sessions import COOKIE
from benchmarks.api_calls import LAST
from benchmarks.api_reads import p95
from benchmarks.filled_store import ANSWER_LIMIT_S, SECRET, filled, serving
from callsift.commands.output import print_json, print_table
from callsift.commands.progress import shown

_WEEK, _BEFORE = (LAST - timedelta(days=7), LAST), (LAST - timedelta(days=14), LAST - timedelta(days=7))
_SPAN = f"from={_WEEK[0]:%Y-%m-%d}&to={_WEEK[1] - timedelta(days=1):%Y-%m-%d}"
_CALL = "pbx7-00000007"


def _stats(group: str, week: tuple[datetime, datetime] = _WEEK) -> str:
    since, until = week
    return f"/v1/stats?group_by={group}&ended_at.gte={since:%Y-%m-%dT00:00:00Z}&ended_at.lt={until:%Y-%m-%dT00:00:00Z}"


_OF = "/v1/calls?page_size=50"
PAGES: dict[str, tuple[str, Sequence[str]]] = {
    "calls": ("/calls?when=all", [_OF]),
    "calls of a category": ("/calls?when=all&sub_category=complaint", [f"{_OF}&sub_category=complaint"]),
    "calls of a queue": ("/calls?when=all&queue=queue-3", [f"{_OF}&queue=queue-3"]),
    "one call": (f"/calls/{_CALL}", [f"/v1/calls/{_CALL}{more}" for more in ("", "/transcript", "/revisions")]),
    "live": ("/live", ["/v1/calls?page_size=100"]),
    "insight, a week": (f"/insight?{_SPAN}", [_stats("day"), _stats("category", _BEFORE)]),
}
"""Each page, and what the API is asked for the same data."""


@dataclass(frozen=True)
class Compared:
    """What one page took; milliseconds."""

    page: str
    page_median_ms: float
    page_p95_ms: float
    api_median_ms: float
    api_p95_ms: float
    ratio: float
    """Median of the page's time by the API's, turn by turn."""


async def _took_ms(client: httpx.AsyncClient, addresses: Sequence[str]) -> float:
    began_s = time.perf_counter()
    for address in addresses:
        (await client.get(address)).raise_for_status()
    return (time.perf_counter() - began_s) * 1e3


async def measure(url: str, turns: int) -> list[Compared]:
    """Ask for every page and for what is on it, ``turns`` times."""
    found = []
    async with (
        httpx.AsyncClient(base_url=url, timeout=ANSWER_LIMIT_S) as browser,
        httpx.AsyncClient(base_url=url, timeout=ANSWER_LIMIT_S, headers={"Authorization": f"Bearer {SECRET}"}) as api,
    ):
        await browser.post("/login", data={"key": SECRET}, headers={"Origin": url})
        if COOKIE not in browser.cookies:
            raise RuntimeError("the page let nobody in")
        with shown(len(PAGES)) as steps:
            for name, (page, asked) in PAGES.items():
                pairs = [(await _took_ms(browser, [page]), await _took_ms(api, asked)) for _ in range(turns + 1)][1:]
                pages, answers = zip(*pairs, strict=True)
                ratio = median(one / other for one, other in pairs)
                page_ms, page_p95, api_ms, api_p95 = (
                    round(value, 1) for value in (median(pages), p95(pages), median(answers), p95(answers))
                )
                found.append(Compared(name, page_ms, page_p95, api_ms, api_p95, round(ratio, 2)))
                steps.done(f"{name}: {found[-1].ratio}")
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page_reads", description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=20, help="how often each page is asked for; default 20")
    parser.add_argument("--store", metavar="URI", help="a store to fill and ask; default: nx-27017, removed afterwards")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="callsift-benchmark-") as name:
        folder = Path(name)
        with filled(asked.store, folder, asked.documents, timed=True) as uri, serving(uri, folder) as (_, url):
            found = asyncio.run(measure(url, asked.turns))
    if asked.json:
        print_json({"documents": asked.documents, "pages": [asdict(one) for one in found]})
        return
    rows = [[str(value) for value in asdict(one).values()] for one in found]
    print_table("Pages", [*asdict(found[0])], rows)


if __name__ == "__main__":
    main()
