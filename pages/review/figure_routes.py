"""``/review/figures``: what a sample says, its audit report, and its gold."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Annotated

from fastapi import Query, Request, Response

from api.access import Principal
from api.calls.lookup import visible_with
from api.problems import Problem
from api.services import Services, Used
from pages.page import Asked, Page
from pages.review.audit import audit_page
from pages.review.figures import figures_view
from pages.review.measure import chosen_calls, draw_of, machine_of, measured_calls
from pages.review.routes import Reviewer, known_sample
from pages.review.sampling import may_see
from pages.review.view import row
from pages.routes import page_router
from review.adjudication import gold
from review.drawing import Draw
from review.report import write_report
from review.reviewed import ReviewedCall
from review.sample import Sample as Measured
from schemas import Taxonomies
from store.arrivals import Arrivals, ArrivalStore
from store.labels import LabelStore
from store.samples import Item, Sample, SampleStore

router = page_router()
SampleId = Annotated[str, Query(max_length=100)]
JSON_LINES = "application/jsonl"


@dataclass(frozen=True)
class _Read:
    """A sample with what people said."""

    sample: Sample
    items: Sequence[Item]
    drawn: Sequence[ReviewedCall]
    chosen: Sequence[ReviewedCall]
    came: Arrivals | None

    @property
    def draw(self) -> Draw:
        """The draw, with what came late."""
        return draw_of(self.sample, self.items, self.came)

    @property
    def sizes(self) -> dict[tuple[str, str], int]:
        """Calls in the frame, by frame and stratum."""
        return self.draw.group_sizes

    @property
    def machine(self) -> dict[str, int]:
        """Calls in the frame, by what the machine says."""
        return machine_of(self.sample, self.came)


@router.get("/review/figures")
async def figures_page(page: Asked, who: Reviewer, services: Used, sample: SampleId | None = None) -> Response:
    """Show the figures of a sample; unless one is named, of the newest."""
    samples = [one for one in await SampleStore(services.database).all() if may_see(one, who)]
    if sample is None and not samples:
        return page.answer("review_figures.html", who, row=None, figures=None, others=())
    read = await _read(services, who, sample or samples[0].sample_id)
    shown = await asyncio.to_thread(figures_view, read.drawn, read.chosen, read.sizes, read.machine, page.language)
    now, language = datetime.now(UTC), page.language
    return page.answer(
        "review_figures.html",
        who,
        row=row(read.sample, read.items, read.came, who.name, now, language),
        figures=shown,
        others=[row(one, (), None, who.name, now, language) for one in samples if one != read.sample],
        is_report_signed=page.pages.settings.signing_key is not None,
    )


@router.get("/review/figures/report")
async def report(page: Asked, who: Reviewer, services: Used, request: Request, sample: SampleId = "") -> Response:
    """Give the audit report: every figure with every label that it rests on, signed where there is a key."""
    lines, name = await _report(page, who, services, request, sample)
    return _file("".join(f"{line}\n" for line in lines), f"{name}.jsonl", JSON_LINES)


@router.get("/review/figures/report/page")
async def report_page(page: Asked, who: Reviewer, services: Used, request: Request, sample: SampleId = "") -> Response:
    """Give the audit report as a page to read and to print, with how to check it."""
    lines, name = await _report(page, who, services, request, sample)
    content = await asyncio.to_thread(audit_page, page.pages, lines, f"{name}.jsonl", page.language)
    return _file(content, f"{name}.html", "text/html")


@router.get("/review/figures/gold")
async def gold_calls(who: Reviewer, services: Used, request: Request, sample: SampleId = "") -> Response:
    """Give the calls that two people agree on, or a third decided, with words, as ``callsift eval`` reads them."""
    read = await _read(services, who, sample)
    await services.audit.record(who, "exported", None, request)
    measured = Measured(read.drawn, read.sizes)
    found = {
        call.call_id: (leaf, weight)
        for call, weight in zip(measured.calls, measured.weights, strict=True)
        if (leaf := gold(call)) is not None
    }
    lines = [
        line
        for item in read.items
        if item.call_id in found and (line := await _dialogue(services, who, item.call_id, *found[item.call_id]))
    ]
    return _file("".join(lines), f"gold-{read.sample.first_day}-{read.sample.sample_id}.jsonl", JSON_LINES)


async def _read(services: Services, who: Principal, sample_id: str) -> _Read:
    sample = await known_sample(services, who, sample_id)
    items, labels = await SampleStore(services.database).items(sample_id), LabelStore(services.database)
    given = {one.label_id: one for one in await labels.given([name for item in items for name in item.label_ids])}
    since = datetime.combine(sample.first_day, time(), UTC) - timedelta(days=1)
    others = [one async for one in labels.between(since, datetime.now(UTC))] if who.scope.is_everywhere else []
    drawn, chosen = await asyncio.to_thread(lambda: (measured_calls(sample, items, given), chosen_calls(others, items)))
    return _Read(sample, items, drawn, chosen, await ArrivalStore(services.database).find(sample_id))


async def _report(
    page: Page, who: Principal, services: Services, request: Request, sample_id: str
) -> tuple[list[str], str]:
    """Return the lines of a sample's audit report, and what its files are called."""
    read = await _read(services, who, sample_id)
    await services.audit.record(who, "exported", None, request)
    calls, key = [*read.drawn, *read.chosen], page.pages.settings.signing_key
    lines = await asyncio.to_thread(write_report, [read.draw], calls, read.sizes, read.machine, key)
    return lines, f"review-{read.sample.first_day}-{sample_id}"


async def _dialogue(services: Services, who: Principal, call_id: str, code: str, weight: float) -> str | None:
    try:
        outcome, document = await visible_with(services, who, call_id, "turns")
    except Problem:
        return None
    leaf = Taxonomies.load().behind(outcome).leaves.get(code)
    turns = [{"speaker": turn["speaker"], "text": turn["text"]} for turn in document.get("turns", ())]
    if leaf is None or not turns:
        return None
    label = {"category": leaf.category, "sub_category": leaf.sub_category}
    call = {"id": call_id, **label, "turns": turns, "weight": round(weight, 4)}
    return json.dumps(call, ensure_ascii=False) + "\n"


def _file(content: str, name: str, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(content, media_type=kind, headers=headers)
