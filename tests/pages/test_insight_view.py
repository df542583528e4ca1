"""What Insight makes of calls: numbers, scales, gaps, and what it leads to."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest

from api.problems import Problem
from pages.calls.question import CallsQuestion
from pages.insight.became import BY, became, tiles
from pages.insight.chart import MOST_STEPS, made, scale
from pages.insight.lost import WAYS_BEFORE
from pages.insight.question import InsightQuestion, Span
from pages.insight.shares import Counted, is_clear
from pages.insight.versions import Change, changes
from pages.insight.view import WAYS, Insight, insight
from pages.words import Language
from schemas import CallOutcome
from store.database import Document
from store.stats import Figures, Key, Survey, counted
from tests.pages.many_calls import BAD_DAY, PROMPT_CHANGED, calls
from tests.store.outcomes import done

ISTANBUL = ZoneInfo("Europe/Istanbul")
ENGLISH, TURKISH = (Language(code, ISTANBUL) for code in ("en", "tr"))
LAST = datetime(2026, 11, 28, 12, tzinfo=UTC)
DOCUMENTS: dict[str, Document] = {}


@cache
def everything() -> Sequence[CallOutcome]:
    """Make the calls once, and only where they are asked for: every process of the tests imports this module."""
    return [*calls(LAST, 45, 180)]


def document(outcome: CallOutcome) -> Document:
    """Return the fields that the store reads, each call's once."""
    if outcome.outcome_id not in DOCUMENTS:
        leaf = {"category": outcome.category, "sub_category": outcome.sub_category}
        DOCUMENTS[outcome.outcome_id] = leaf | {"state": outcome.state, "outcome": outcome.model_dump(mode="json")}
    return DOCUMENTS[outcome.outcome_id]


def survey_of(outcomes: Sequence[CallOutcome], by: tuple[str, ...] = (), ways: object = WAYS) -> Survey:
    """Count as the store does, without one."""
    found = Survey(Figures(), defaultdict(Figures), [Counter() for _ in ways])  # type: ignore[attr-defined]
    counted(found, [document(one) for one in outcomes], by, ways, ISTANBUL)  # type: ignore[arg-type]
    return found


def within(span: Span) -> list[CallOutcome]:
    return [
        one
        for one in everything()
        if one.ended_at and span.first <= one.ended_at.astimezone(ISTANBUL).date() <= span.last
    ]


def seen(outcomes: Sequence[CallOutcome] | None = None, language: Language = ENGLISH, **given: str) -> Insight:
    question = InsightQuestion.model_validate(given)
    span = question.span(LAST, ISTANBUL)
    now = within(span) if outcomes is None else outcomes
    before = survey_of(within(span.before) if outcomes is None else (), ways=WAYS_BEFORE)
    return insight(survey_of(now), before, question, span, language)


@pytest.fixture(scope="module")
def month() -> Insight:
    return seen()


def test_shares_are_those_of_the_calls(month: Insight) -> None:
    now = within(Span(date(2026, 10, 30), date(2026, 11, 28)))
    assert month.calls == len(now)
    now = [one for one in now if one.category is not None]
    shares = {one.name: one.value for one in month.categories}
    for code in ("potential_customer", "unnecessary_call", "empty_call", "uncertain"):
        assert shares[code] == ENGLISH.percent(sum(one.category == code for one in now) / len(now))
    lost = [one for one in now if one.category == "unnecessary_call"]
    first = month.lost[0]
    assert (first.title, first.count, first.of) == (
        "Price Research",
        sum(one.sub_category == "price_research" for one in lost),
        len(lost),
    )
    assert [row.count for row in month.lost] == sorted((row.count for row in month.lost), reverse=True)
    assert sum(row.count for row in month.lost) == len(lost)
    assert {row.title: row.of for row in month.queues} == Counter(one.queue for one in now)


def test_calls_without_a_category_are_no_part_of_a_share() -> None:
    decided = within(Span(date(2026, 11, 22), date(2026, 11, 28)))
    nothing = {"state": "unrecorded", "category": None, "sub_category": None}
    missed = [one.model_copy(update={"outcome_id": f"missed-{n}", **nothing}) for n, one in enumerate(decided)]
    alone, beside = (seen(outcomes, days="7") for outcomes in (decided, [*decided, *missed]))
    assert beside.calls == 2 * alone.calls
    for picture, same in zip(alone.categories, beside.categories, strict=True):
        assert (picture.value, picture.rows) == (same.value, same.rows)
    assert [(row.title, row.of) for row in beside.queues] == [(row.title, row.of) for row in alone.queues]


def test_every_day_has_its_row_and_a_link_to_its_calls(month: Insight) -> None:
    per_day = Counter(one.ended_at.astimezone(ISTANBUL).date() for one in everything() if one.ended_at)
    assert len(month.volume.rows) == 30
    for row in month.volume.rows:
        assert row.address is not None
        path, query = urlsplit(row.address).path, dict(parse_qsl(urlsplit(row.address).query))
        assert (path, query["from"]) == ("/calls", query["to"])
        assert row.cells == (ENGLISH.number(per_day[date.fromisoformat(query["from"])]),)


def test_links_keep_the_filters_and_the_list_of_calls_takes_them() -> None:
    picture = seen(queue="ankara", agent="agent-01", category="price_research").control
    query = dict(parse_qsl(urlsplit(picture.address).query))
    asked = CallsQuestion.model_validate(query | {name: (query[name],) for name in ("queue", "agent", "sub_category")})
    assert (asked.queue, asked.agent, asked.sub_category) == (("ankara",), ("agent-01",), ("price_research",))
    assert asked.first_day == date(2026, 10, 30)


def test_a_new_prompt_is_marked_where_it_began(month: Insight) -> None:
    [mark] = month.marks
    began = LAST.date() - timedelta(days=PROMPT_CHANGED - 1)
    assert (mark.day, mark.changes) == (began, (Change(began, "prompt", "p4", "p5"),))
    chart = month.volume.chart
    assert chart is not None
    assert chart.marks[0].at == chart.x((began - date(2026, 10, 30)).days)
    assert [one.text for picture in month.categories if picture.chart for one in picture.chart.marks] == ["1"] * 4


def test_a_day_out_of_the_ordinary_is_told_by_shape_and_by_word() -> None:
    control = seen(category="price_research").control
    assert control.chart is not None
    day = ENGLISH.short_day(LAST.date() - timedelta(days=BAD_DAY))
    assert next(row.title for row in control.rows if row.cells[-1] == "higher than usual") == day
    assert day in next(dot.title for dot in control.chart.dots if dot.kind == "shift")


def test_what_is_usual_is_learnt_anew_where_what_decides_has_changed(month: Insight) -> None:
    assert month.control.chart is not None
    drawn = Counter(line.kind for line in month.control.chart.lines)
    assert (drawn["share"], drawn["centre"], drawn["average"]) == (1, 2, 2)


def test_fewer_than_thirty_calls_are_a_number_and_no_picture() -> None:
    one = done("outcome-1").model_copy(update={"ended_at": LAST})
    for outcomes in ((), (one,), (one,) * 29):
        found = seen(outcomes)
        pictures = (found.volume, *found.categories, found.control, found.hours)
        assert [picture.chart for picture in pictures] == [None] * len(pictures)
        assert {row.share for row in (*found.lost, *found.queues)} <= {None}
        assert found.volume.rows[-1].cells == (str(len(outcomes)),)
    found = seen((one,) * 30)
    assert found.volume.chart and found.control.chart and found.hours.chart
    assert found.control.rows[-1].cells[0] == "30"


def test_a_line_is_broken_where_there_are_too_few_calls() -> None:
    days = [LAST - timedelta(days=back) for back in (0, 1, 4, 5)]
    outcomes = [done(f"ended-{day}").model_copy(update={"ended_at": day}) for day in days for _ in range(40)]
    picture = next(one for one in seen(outcomes, when="7d").categories if one.name == "unnecessary_call")
    assert picture.chart is not None
    assert len(picture.chart.lines) == len(picture.chart.bands) == 2
    assert len(picture.chart.dots) == 4
    assert [row.cells[1] for row in picture.rows] == ["–", "100%", "100%", "–", "–", "100%", "100%"]


def test_nothing_is_drawn_outside_its_picture(month: Insight) -> None:
    for picture in (month.volume, *month.categories, month.control, month.hours):
        chart = picture.chart
        assert chart is not None
        left, upper, right, lower = chart.box
        assert all(left <= dot.x <= right and upper <= dot.y <= lower for dot in chart.dots)
        assert all(left <= bar.x and bar.x + bar.width <= right and bar.y >= upper for bar in chart.bars)


@pytest.mark.parametrize(
    ("largest", "smallest", "step", "top"),
    [
        (0.62, 0.01, 0.2, 0.8),
        (1.0, 0.01, 0.2, 1.0),
        (0.0, 0.01, 0.01, 0.01),
        (203, 1, 50, 250),
        (1, 1, 1, 1),
        (7, 1, 2, 8),
    ],
)
def test_a_scale_has_round_steps(largest: float, smallest: float, step: float, top: float) -> None:
    assert scale(largest, smallest) == (step, top)


def test_every_scale_holds_its_values_in_few_steps() -> None:
    for thousandths in range(1001):
        step, top = scale(thousandths / 1000, 0.01)
        assert thousandths / 1000 <= top <= 1.0 and top / step <= MOST_STEPS + 1e-9
    chart = made((760, 240), [0.31], 0.01, ["a"], ENGLISH.percent)
    assert [label.text for label in chart.y_labels] == ["0%", "10%", "20%", "30%", "40%"]


def test_a_day_on_which_clocks_change_is_as_long_as_it_is() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    question = InsightQuestion.model_validate({"from": "2026-10-25", "to": "2026-10-25"})
    asked = question.filters(question.span(LAST, berlin), berlin)
    assert asked.ended_since is not None and asked.ended_before is not None
    hours = (asked.ended_before.astimezone(UTC) - asked.ended_since.astimezone(UTC)).total_seconds() / 3600
    assert hours == 25


def test_weeks_begin_on_a_monday_and_lead_only_to_the_days_that_are_meant() -> None:
    span = Span(date(2026, 11, 4), date(2026, 11, 17))
    weeks = span.starts("week")
    assert weeks == [date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16)]
    assert [(days.first.day, days.last.day) for days in (span.of(week, "week") for week in weeks)] == [
        (4, 8),
        (9, 15),
        (16, 17),
    ]
    found = seen(step="week", when="90d")
    assert sum(int(row.cells[0].replace(",", "")) for row in found.volume.rows) == found.calls


@pytest.mark.parametrize(("first", "last"), [("2026-11-20", "2026-11-19"), ("2020-01-01", "2026-11-01")])
def test_days_in_no_order_and_too_many_of_them_are_refused(first: str, last: str) -> None:
    with pytest.raises(Problem):
        InsightQuestion.model_validate({"from": first, "to": last}).span(LAST, ISTANBUL)


def test_a_change_is_told_apart_from_chance() -> None:
    assert is_clear(Counted(60, 100), Counted(40, 100))
    assert not is_clear(Counted(52, 100), Counted(48, 100))
    assert not is_clear(Counted(100, 100), Counted(100, 100))


def test_a_version_of_a_few_calls_is_no_change() -> None:
    counts: dict[Key, int] = {
        ("2026-11-01", "1.0", "p1", "m1"): 50,
        ("2026-11-02", "1.0", "p1", "m1"): 40,
        ("2026-11-02", "1.0", None, "offline-3"): 10,
        ("2026-11-02", "1.0", None, "rule:no-customer-speech"): 90,
        ("2026-11-03", "1.0", "p1", "m1"): 20,
        ("2026-11-03", "1.1", "p1", "m2"): 20,
        ("2026-11-05", "1.1", "p1", "m2"): 20,
    }
    assert changes(counts) == [
        Change(date(2026, 11, 5), "taxonomy", "1.0", "1.1"),
        Change(date(2026, 11, 5), "model", "m1", "m2"),
    ]


def test_what_became_of_calls_is_told_of_those_of_which_it_is_known() -> None:
    question = InsightQuestion()
    span = question.span(LAST, ISTANBUL)
    found, before = survey_of(within(span), BY), survey_of((), ways=WAYS_BEFORE)
    rows = {row.title: row for row in became(found, question, span, TURKISH)}
    own = [one.facts for one in within(span) if one.category == "potential_customer" and "job_booked" in one.facts]
    share = sum(bool(facts["job_booked"]) for facts in own) / len(own)
    assert rows["Potansiyel Müşteri"].booked == TURKISH.percent(share)
    assert rows["Potansiyel Müşteri"].known == TURKISH.number(len(own))
    assert (rows["Boş Çağrı"].booked, rows["Boş Çağrı"].value) == ("–", "–")
    assert rows["Tümü"].calls == TURKISH.number(found.everything.calls)
    assert [one.hint for one in tiles(found, before, TURKISH)][:2] == ["önceki: 0", "önceki: –"]


def test_pictures_speak_turkish() -> None:
    found = seen(language=TURKISH)
    assert [one.title for one in found.categories][1] == "Gereksiz Çağrı"
    assert found.volume.rows[0].title == "30 Eki"
    assert found.lost[0].change is not None and "," in found.lost[0].change
    assert found.categories[0].value.startswith("%")
