"""What the API adds to the store's own time: ``python -m benchmarks.api_reads --documents 100000``.

Fills a store with the calls of 90 days, starts ``callsift api`` as a process of its own, and asks each question in turn
over HTTP and of the store itself, through the same driver: medians, 95th percentiles, and the median of the ratios
within a turn; beside them the CPU time that the API's process takes for an answer. Then it exports all calls in both
formats, and watches the process's memory. The store is nx-27017; ``--store URI`` takes any other, and leaves a database
there.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import parse_qs

import httpx
import psutil
from pydantic import SecretStr

from api.access.keys import principal_of
from api.calls.listing import ListParameters
from benchmarks.api_calls import LAST
from benchmarks.filled_store import ANSWER_LIMIT_S, KEY, SECRET, filled, serving
from benchmarks.processes import cpu_s, peak_mb
from callsift.commands.output import print_json, print_table
from callsift.commands.progress import shown
from store.calls import OutcomeStore
from store.database import Database
from store.search import CallQuery, CallSearch
from store.searchable import order_of
from store.settings import StoreSettings
from store.stats import A_PAGE, WANTED

_PAGE = 50
_DEEP_PAGES = 10
"""Pages of 1,000 calls before the one that is called deep."""
_WEEK = f"ended_at.gte={LAST - timedelta(days=7):%Y-%m-%dT%H:%M:%SZ}"
_FILTERS = {
    "all": "",
    "of a week": _WEEK,
    "category": "category=potential_customer",
    "sub-category": "sub_category=complaint",
    "category, of a week": f"category=unnecessary_call&{_WEEK}",
    "queue": "queue=queue-3",
    "agent": "agent=agent-17",
    "direction": "direction=outbound",
    "state": "state=failed",
    "provisional": "provisional=true",
    "source": "source=machine",
    "confidence": "confidence.lt=0.5",
    "service": "service=KOMBİ",
    "brand": "brand=arcelik",
    "urgency": "urgency=urgent",
    "callback": f"callback_at.gte={LAST - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}",
    "metadata": "metadata.brand=brand-2",
}
_WORDS = {
    "a word": "words=klima",
    "two words of the customer": "words=klima fiyat&speaker=customer",
    "a word of one call": "words=00000007&speaker=customer",
}
_GROUPS = ("day", "queue", "category")

_Ask = Callable[[], Awaitable[int]]
"""Asks, and returns how many calls were found."""


@dataclass(frozen=True)
class Compared:
    """What one question took; milliseconds."""

    question: str
    calls: int
    api_median_ms: float
    api_p95_ms: float
    store_median_ms: float
    store_p95_ms: float
    ratio: float
    """Median of the API's time by the store's, turn by turn."""
    api_cpu_ms: float
    """CPU time of the API's process for an answer."""


@dataclass(frozen=True)
class Exported:
    """What an export of all calls took."""

    format: str
    lines: int
    mb: float
    seconds: float
    api_cpu_s: float
    api_peak_mb: float
    """The most memory that the API's process had had by then."""


class Trial:
    """An API and its store, asked side by side."""

    def __init__(self, uri: str, api: psutil.Process, client: httpx.AsyncClient, turns: int) -> None:
        """Ask each of them ``turns`` times."""
        self._database = Database(StoreSettings(uri=SecretStr(uri), timeout_s=ANSWER_LIMIT_S))
        self._search = CallSearch(self._database)
        self._api, self._client, self._turns = api, client, turns

    async def listed(self, name: str, question: str, *, deep: bool = False) -> Compared:
        """Compare a page of a list."""
        more, after = await self._far() if deep else ({}, None)
        query = _query(question)

        async def api() -> int:
            return len((await self._page(question, **more))["calls"])

        async def store() -> int:
            return min(_PAGE, len(await self._search.page(query, _PAGE + 1, after)))

        return await self._compared(name, api, store)

    async def one(self) -> Compared:
        """Compare one call."""
        call = "pbx7-00000007"
        calls = OutcomeStore(self._database)

        async def api() -> int:
            (await self._client.get(f"/v1/calls/{call}")).raise_for_status()
            return 1

        async def store() -> int:
            return int(await calls.find(call, {"outcome": 1}) is not None)

        return await self._compared("one call", api, store)

    async def counted(self, group: str, question: str) -> Compared:
        """Compare statistics with reading what they are made of."""
        query = _query(question)

        async def api() -> int:
            answer = await self._client.get(f"/v1/stats?group_by={group}&{question}")
            return int(answer.raise_for_status().json()["total"]["calls"])

        async def store() -> int:
            return sum([len(page) async for page in self._search.pages(query, A_PAGE, WANTED)])

        return await self._compared(f"stats by {group}", api, store)

    async def exported(self, form: str) -> Exported:
        """Export all calls."""
        began_s, cpu, size, lines = time.monotonic(), cpu_s(self._api.pid), 0, 0
        async with self._client.stream("GET", f"/v1/calls:export?format={form}") as answer:
            answer.raise_for_status()
            async for chunk in answer.aiter_bytes():
                size += len(chunk)
                lines += chunk.count(b"\n")
        seconds, cpu = time.monotonic() - began_s, cpu_s(self._api.pid) - cpu
        return Exported(form, lines, round(size / 2**20, 1), round(seconds, 1), round(cpu, 1), peak_mb(self._api))

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    async def _page(self, question: str, **more: str) -> dict[str, Any]:
        answer = await self._client.get("/v1/calls", params={**parse_qs(question), "page_size": str(_PAGE), **more})
        page: dict[str, Any] = answer.raise_for_status().json()
        return page

    async def _far(self) -> tuple[dict[str, str], str | None]:
        """Return the parameter that leads to a deep page of all calls, and the order of the call before it."""
        more, after = dict[str, str](), None
        for _ in range(_DEEP_PAGES):
            page = await self._page("", page_size="1000", **more)
            if not page["next_page_token"]:
                break
            more, last = {"page_token": page["next_page_token"]}, page["calls"][-1]["outcome"]
            after = f"{order_of(datetime.fromisoformat(last['ended_at']))} {last['call_id']}"
        return more, after

    async def _compared(self, question: str, api: _Ask, store: _Ask) -> Compared:
        times: dict[str, list[float]] = {"api": [], "store": []}
        cpu, found = 0.0, 0
        for turn in range(self._turns + 1):  # the first is not counted
            for name, ask in (("api", api), ("store", store)):
                began_s, cpu_before = time.perf_counter(), cpu_s(self._api.pid)
                answered = await ask()
                took_ms = (time.perf_counter() - began_s) * 1e3
                if turn:
                    times[name].append(took_ms)
                    cpu += cpu_s(self._api.pid) - cpu_before if name == "api" else 0.0
                if name == "store" and answered != found:
                    raise AssertionError(f"{question}: the API found {found} calls, the store {answered}")
                found = answered
        ratios = [one / other for one, other in zip(times["api"], times["store"], strict=True)]
        middle = {name: round(median(own), 1) for name, own in times.items()}
        late = {name: round(p95(own), 1) for name, own in times.items()}
        each = round(cpu * 1e3 / self._turns, 1)
        ratio = round(median(ratios), 2)
        return Compared(question, found, middle["api"], late["api"], middle["store"], late["store"], ratio, each)


def _query(question: str) -> CallQuery:
    """Return what the API makes of a question."""
    return ListParameters.model_validate(_read(question)).query(principal_of(KEY))


def _read(question: str) -> dict[str, Any]:
    many = {"category", "sub_category", "agent", "queue", "direction", "state", "urgency"}
    read = parse_qs(question)
    return {name: values if name in many else values[0] for name, values in read.items()}


def p95(values: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


async def measure(uri: str, url: str, process: psutil.Process, turns: int) -> dict[str, list[Any]]:
    """Ask everything, and return what it took."""
    headers = {"Authorization": f"Bearer {SECRET}"}
    questions = len(_FILTERS) + len(_WORDS) + len(_GROUPS) + 4
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=ANSWER_LIMIT_S) as client:
        trial, few = Trial(uri, process, client, turns), Trial(uri, process, client, max(1, turns // 10))
        found: list[Compared] = []
        with shown(questions) as steps:

            async def take(asking: Awaitable[Compared]) -> None:
                found.append(await asking)
                steps.done(f"{found[-1].question}: {found[-1].api_median_ms} ms, the store {found[-1].store_median_ms}")

            await take(trial.one())
            await take(trial.listed("a deep page", "", deep=True))
            for name, question in _FILTERS.items():
                await take(trial.listed(name, question))
            for name, question in _WORDS.items():
                await take(few.listed(name, question))
            for group in _GROUPS:
                await take(few.counted(group, _WEEK))
            exports = []
            for form in ("jsonl", "csv"):
                exports.append(await trial.exported(form))
                steps.done(f"all as {form}: {exports[-1].seconds} s, {exports[-1].api_peak_mb:.0f} MB")
        trial.close()
        few.close()
    return {"questions": found, "exports": exports}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.api_reads", description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=20, help="how often each question is asked of both; default 20")
    parser.add_argument("--store", metavar="URI", help="a store to fill and ask; default: nx-27017, removed afterwards")
    parser.add_argument(
        "--without-times", action="store_true", help="leave out the words' times, four tenths of a document"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="callsift-benchmark-") as name:
        folder = Path(name)
        with (
            filled(asked.store, folder, asked.documents, timed=not asked.without_times) as uri,
            serving(uri, folder) as (process, url),
        ):
            found = asyncio.run(measure(uri, url, process, asked.turns))
    as_json = {part: [asdict(one) for one in figures] for part, figures in found.items()}
    if asked.json:
        print_json({"documents": asked.documents, **as_json})
        return
    for title, rows in as_json.items():
        print_table(title, list(rows[0]), [[str(value) for value in row.values()] for row in rows])


if __name__ == "__main__":
    main()
