"""Insight beside what people read: shares are corrected where a sample covers the days, and unreviewed elsewhere."""

from datetime import date, timedelta

import pytest

from pages.insight.lost import WAYS_BEFORE
from pages.insight.question import InsightQuestion, Span
from pages.insight.reviewed import Reviewed, reviewed, side_by_side
from pages.insight.view import Insight, insight
from tests.pages.test_insight_view import ENGLISH, ISTANBUL, LAST, survey_of, within
from tests.review.labels import labels

RIGHT = [("price_research", "price_research")] * 20 + [("potential_customer", "potential_customer")] * 16
WRONG = [("potential_customer", "complaint")] * 4
SIZES = {("w", ""): 400}
MACHINE = {"price_research": 150, "complaint": 50, "potential_customer": 200}
WEEK = Span(date(2026, 11, 16), date(2026, 11, 22))


def of(span: Span = WEEK, pairs: list[tuple[str, str]] | None = None) -> Reviewed | None:
    return reviewed(span, labels(pairs or [*RIGHT, *WRONG], frame="w"), SIZES, MACHINE)


def seen(*reviews: Reviewed | None, **given: str) -> Insight:
    question = InsightQuestion.model_validate(given)
    span = question.span(LAST, ISTANBUL)
    before = survey_of((), ways=WAYS_BEFORE)
    there = side_by_side([one for one in reviews if one is not None], span)
    return insight(survey_of(within(span)), before, question, span, ENGLISH, there)


def test_a_share_is_corrected_by_category_whatever_the_leaf() -> None:
    found = of()
    assert found is not None
    assert found.calls == 400 and found.machine["unnecessary_call"] == 0.5
    unnecessary, potential = found.corrected["unnecessary_call"], found.corrected["potential_customer"]
    assert unnecessary.share == pytest.approx(0.6), "half by the machine, and a tenth more that it missed"
    assert potential.share == pytest.approx(0.4)
    assert unnecessary.interval[0] < 0.6 < unnecessary.interval[1] and unnecessary.n == 40
    among = [("price_research", "complaint")] * 40
    same = of(pairs=among)
    assert same is not None and same.corrected["unnecessary_call"].share == pytest.approx(0.5)


def test_too_few_labels_or_a_stratum_that_nobody_read_correct_nothing() -> None:
    assert of(pairs=RIGHT[:29]) is None
    sizes = SIZES | {("w", "unsure"): 40}
    assert reviewed(WEEK, labels([*RIGHT, *WRONG], frame="w"), sizes, MACHINE) is None


def test_the_corrected_share_stands_beside_the_machines_in_words_picture_and_table() -> None:
    found = of()
    assert found is not None
    picture = next(one for one in seen(found, step="week").categories if one.name == "unnecessary_call")
    share = f"60% ({' – '.join(map(ENGLISH.percent, found.corrected['unnecessary_call'].interval))})"
    assert picture.notes == (f"Corrected by review, 16 Nov – 22 Nov: {share}; the machine counted 50%.",)
    assert picture.head[-1] == "Corrected by review"
    by_title = {row.title: row.cells for row in picture.rows}
    assert by_title["16 Nov – 22 Nov"][-1] == share
    assert by_title["9 Nov – 15 Nov"][-1] == "not reviewed"
    assert by_title["16 Nov – 22 Nov, reviewed"] == ("400", "50%", "–", share)
    assert picture.chart is not None
    [level] = [one for one in picture.chart.lines if one.kind == "reviewed"]
    slot = [row.title for row in picture.rows].index("16 Nov – 22 Nov")
    chart, corrected = picture.chart, found.corrected["unnecessary_call"].share
    assert level.path == f"M{chart.x(slot)},{chart.y(corrected)}H{chart.x(slot + 1)}"
    assert [one.kind for one in picture.chart.bands].count("reviewed") == 1


def test_a_day_within_a_sample_names_it_and_claims_no_share_of_its_own() -> None:
    picture = next(one for one in seen(of(), when="30d").categories if one.name == "unnecessary_call")
    by_title = {row.title: row.cells[-1] for row in picture.rows}
    assert by_title["18 Nov"] == "with 16 Nov – 22 Nov"
    assert by_title["23 Nov"] == "not reviewed"


def test_where_nothing_was_reviewed_that_is_said_and_nothing_is_drawn() -> None:
    for picture in seen().categories:
        if picture.name == "uncertain":
            assert picture.notes == () and len({*map(len, (row.cells for row in picture.rows))}) == 1
            continue
        assert picture.notes == ("Not reviewed on these days.",)
        assert {row.cells[-1] for row in picture.rows} == {"not reviewed"}
        assert picture.chart is None or not any(one.kind == "reviewed" for one in picture.chart.lines)


def test_of_two_samples_of_the_same_days_the_newer_speaks_and_neighbours_both_do() -> None:
    shifted = [Span(WEEK.first + timedelta(days=n), WEEK.last + timedelta(days=n)) for n in (0, 3, 7, 70)]
    found = [one for one in map(of, shifted) if one is not None]
    month = Span(date(2026, 11, 1), date(2026, 11, 28))
    assert [one.span for one in side_by_side(found, month)] == [shifted[0], shifted[2]]


def test_a_share_that_reaches_beyond_the_machines_has_room_in_the_picture() -> None:
    wide = of(pairs=[("potential_customer", "empty_call")] * 40)
    assert wide is not None
    picture = next(one for one in seen(wide).categories if one.name == "empty_call")
    assert picture.chart is not None and picture.chart.top >= wide.corrected["empty_call"].interval[1]
