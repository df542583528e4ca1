"""The summary of a day: the same figures as the API's statistics and the pages, and nothing of a caller."""

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from api.services import Services
from pages.insight.lost import WAYS_BEFORE
from pages.insight.question import InsightQuestion, Span
from pages.insight.view import WAYS, insight
from pages.summary import Pipeline, Summary, as_csv, as_html, as_text, pipeline_of, summarize, title
from pages.summary.figures import day_of
from pages.words import Language
from schemas import CallOutcome
from store.calls import OutcomeStore
from store.search import CallSearch
from store.stats import survey
from streams.monitor import Status
from streams.monitor.status import DeadLetterStatus, GroupStatus, PartitionStatus
from tests.store.outcomes import done, failed, unrecorded

ISTANBUL = ZoneInfo("Europe/Istanbul")
DAY = date(2026, 11, 27)
NOW = datetime(2026, 11, 28, 5, tzinfo=UTC)  # 08:00 in Istanbul
NOBODY = Pipeline(dead_letters=0, late={})


def at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=ISTANBUL)


def as_category(name: str, category: str, sub: str | None, **facts: Any) -> CallOutcome:
    changes = {"category": category, "sub_category": sub, "caller": f"+9053211122{len(name):02}", **facts}
    return done(f"outcome-{name}", name).model_copy(update=changes)


async def fill(services: Services) -> None:
    """Calls of four days, some in the last and the first minutes of one; two call-backs, of which one is late."""
    store, before = OutcomeStore(services.database), timedelta(minutes=1)
    week_ago, day_before = DAY - timedelta(days=7), DAY - timedelta(days=1)
    calls = [
        (at(DAY, 0), as_category("a", "unnecessary_call", "price_research")),
        (at(DAY, 9), as_category("b", "unnecessary_call", "complaint")),
        (at(DAY, 10), as_category("c", "potential_customer", None)),
        (at(DAY, 11), unrecorded("d", "missed", "d")),
        (at(DAY, 12), unrecorded("e", "answered", "e")),
        (at(DAY, 13), failed("f", "f")),
        (at(DAY + timedelta(days=1), 0) - before, as_category("g", "unnecessary_call", "price_research")),
        (at(DAY + timedelta(days=1), 0), as_category("h", "unnecessary_call", "price_research")),
        (at(day_before, 9), as_category("i", "uncertain", None)),
        (at(week_ago, 9), as_category("j", "unnecessary_call", "of_another_taxonomy")),
        (at(week_ago, 9), unrecorded("k", "abandoned", "k")),
        (at(day_before - timedelta(days=1), 9), as_category("l", "unnecessary_call", "complaint")),
    ]
    for number, (ended_at, outcome) in enumerate(calls):
        due = {"a": NOW - timedelta(hours=1), "b": NOW + timedelta(hours=1), "c": NOW + timedelta(days=2)}
        wish = due.get(outcome.call_id)
        insights = outcome.insights and outcome.insights.model_copy(update={"callback_at": wish})
        changes = {"ended_at": ended_at, "revision": 1, "insights": insights, "queue": f"queue-{number}"}
        if wish:
            changes |= {"caller": f"+90532999220{number}"}
        await store.save(outcome.model_copy(update=changes))


async def of(services: Services, day: date = DAY) -> Summary:
    return await summarize(services.database, day, ISTANBUL, NOW, NOBODY)


def occurring(found: Mapping[str, Any]) -> dict[str, tuple[int, int, int]]:
    counts = {code: (one.count, one.day_before, one.same_weekday) for code, one in found.items()}
    return {code: three for code, three in counts.items() if any(three)}


@pytest.mark.integration
async def test_a_day_is_counted_beside_the_day_before_and_the_same_weekday(services: Services) -> None:
    await fill(services)
    found = await of(services)
    assert occurring({"": found.calls}) == {"": (7, 1, 2)}
    assert occurring(found.categories) == {
        "potential_customer": (1, 0, 0),
        "unnecessary_call": (3, 0, 1),
        "uncertain": (0, 1, 0),
    }
    assert occurring(found.lost_by_reason) == {
        "price_research": (2, 0, 0),
        "complaint": (1, 0, 0),
        "of_another_taxonomy": (0, 0, 1),
    }
    assert occurring(found.without_recording) == {"missed": (1, 0, 0), "answered": (1, 0, 0), "abandoned": (0, 0, 1)}
    assert occurring({"lost": found.lost, "failed": found.failed}) == {"lost": (4, 0, 2), "failed": (1, 0, 0)}
    assert "basic_job" in found.lost_by_reason, "what did not occur is 0, and not missing"
    assert dict(found.call_backs) == {"open": 3, "late": 1, "due_today": 1}


@pytest.mark.integration
async def test_its_figures_are_those_of_the_api_and_of_insight(services: Services, browser: httpx.AsyncClient) -> None:
    await fill(services)
    found = await of(services)
    for position, day in enumerate((DAY, DAY - timedelta(days=1), DAY - timedelta(days=7))):
        bounds = {"ended_at.gte": at(day, 0).isoformat(), "ended_at.lt": at(day + timedelta(days=1), 0).isoformat()}

        async def counted(by: str, bounds: dict[str, str] = bounds) -> dict[str, int]:
            answer = (await browser.get("/v1/stats", params={**bounds, "group_by": by})).json()
            groups = {str(group["group"][by]): group["calls"] for group in answer["groups"]}
            return {"": answer["total"]["calls"], "failed": answer["total"]["failed"], **groups}

        def summed(figures: Mapping[str, Any], position: int = position) -> dict[str, int]:
            return {code: three[position] for code, three in occurring(figures).items() if three[position]}

        by_category, by_sub = await counted("category"), await counted("sub_category")
        by_disposition = await counted("disposition")
        assert summed({"": found.calls}).get("", 0) == by_category[""]
        assert summed({"": found.failed}).get("", 0) == by_category["failed"]
        taxonomys = {code: n for code, n in by_category.items() if code in found.categories}
        assert summed(found.categories) == taxonomys
        assert summed(found.lost_by_reason) == {n: by_sub[n] for n in by_sub if n not in {"", "failed", "None"}}
        assert summed(found.without_recording).get("missed", 0) == by_disposition.get("missed", 0)
    span = Span(DAY, DAY)
    there = await survey(CallSearch(services.database), day_of(DAY, ISTANBUL), (), (*WAYS, *WAYS_BEFORE), ISTANBUL)
    before = replace(there, counts=there.counts[len(WAYS) :])
    seen = insight(there, before, InsightQuestion(), span, Language("en", ISTANBUL))
    of_insight = {row.title: row.count for row in seen.lost}
    assert of_insight == {"Price Research": 2, "Complaint": 1, "Missed": 1}
    assert {row.of for row in seen.lost} == {found.lost.count}


@pytest.mark.integration
@pytest.mark.parametrize("code", ["en", "tr"])
async def test_no_form_of_it_says_anything_of_a_caller(services: Services, code: str) -> None:
    await fill(services)
    found, say = await of(services), Language(code, ISTANBUL)
    outcome = done("x", "x")
    assert outcome.summary and outcome.justification and outcome.agent_id
    personal = ["+9053", "90532", "queue-", outcome.agent_id, outcome.summary, outcome.justification, "outcome-"]
    for text in (as_csv(found), as_text(found, say), as_html(found, say), json.dumps(found.model_dump(mode="json"))):
        assert [one for one in personal if one in text] == []
        assert "7" in text


def summary(**changes: Any) -> Summary:
    three = {"count": 3, "day_before": 2, "same_weekday": 1}
    given = {
        "day": "2026-11-27",
        "time_zone": "Europe/Istanbul",
        "made_at": NOW,
        "calls": {"count": 1234, "day_before": 0, "same_weekday": 0},
        "categories": {"unnecessary_call": three, "<b>": three},
        "lost": three,
        "lost_by_reason": {"price_research": three},
        "without_recording": {"missed": three},
        "failed": three,
        "call_backs": {"open": 5, "late": 4, "due_today": 1},
        "pipeline": {"dead_letters": 9, "late": {"transcribe": 7200.0, "retry": 3600.0}},
    }
    return Summary.model_validate({**given, **changes})


def test_csv_has_a_line_for_each_figure() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(summary()))))
    assert rows[0] == {"figure": "calls", "code": "", "count": "1234", "day_before": "0", "same_weekday": "0"}
    assert ("late_s", "transcribe", "7200") in [(row["figure"], row["code"], row["count"]) for row in rows]
    assert len(rows) == 1 + 2 + 1 + 1 + 1 + 1 + 3 + 3


@pytest.mark.parametrize(("code", "said"), [("en", "On the way for too long: "), ("tr", "Çok uzun süredir yolda: ")])
def test_text_and_html_say_the_same_in_each_language(code: str, said: str) -> None:
    say = Language(code, ISTANBUL)
    text, html = as_text(summary(), say), as_html(summary(), say)
    assert title(summary(), say) in text
    assert text.count(said) == html.count(said) == 2
    assert "<b>" not in html, "a code of another taxonomy is text"
    assert say.number(1234) in text and say.number(1234) in html
    assert not re.search(r"<(script|img|link)|https?://", html), "a mail loads nothing"


def test_a_pipeline_that_is_not_known_is_said_to_be_so() -> None:
    say = Language("en", ISTANBUL)
    assert "The brokers did not say" in as_text(summary(pipeline=None), say)
    assert "dead_letters" not in as_csv(summary(pipeline=None))


def test_a_stage_is_late_whose_oldest_message_waits_for_too_long() -> None:
    def group(name: str, minutes: float) -> GroupStatus:
        part = PartitionStatus("t", 0, 0, 1, 1, NOW - timedelta(minutes=minutes))
        return GroupStatus(name, name, 1, (part,))

    groups = (group("audio", 29), group("transcribe", 31), GroupStatus("sink", "sink", 1, ()))
    status = Status(NOW, groups, (), DeadLetterStatus(7, 2))
    assert pipeline_of(status, timedelta(minutes=30)) == Pipeline(dead_letters=2, late={"transcribe": 1860.0})
