"""Which calls an address asks for."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from pages.calls.question import Asked, CallsQuestion, export

ISTANBUL = ZoneInfo("Europe/Istanbul")
NOW = datetime(2026, 11, 28, 22, 30, tzinfo=UTC)
"""The 29th already, where the calls are."""


def times(**given: str) -> tuple[str | None, str | None]:
    question = CallsQuestion.model_validate(given).resolved(NOW, ISTANBUL)
    since, before = question.ended_since, question.ended_before
    return (since.isoformat() if since else None, before.isoformat() if before else None)


@pytest.mark.parametrize(
    ("when", "since", "before"),
    [("today", 29, 30), ("yesterday", 28, 29), ("7d", 23, 30)],
)
def test_days_are_those_of_the_pages_time_zone(when: str, since: int, before: int) -> None:
    assert times(when=when) == (f"2026-11-{since}T00:00:00+03:00", f"2026-11-{before}T00:00:00+03:00")


def test_without_any_time_it_is_about_today() -> None:
    assert times() == times(when="today")
    assert times(when="all") == (None, None)


def test_the_period_that_is_shown_stays_known_when_its_days_are_moments() -> None:
    for when in (None, "today", "7d", "all"):
        question = CallsQuestion(when=when)
        assert question.resolved(NOW, ISTANBUL).period == question.period == (when or "today")


def test_days_that_are_chosen_stand_before_a_period() -> None:
    days = {"from": "2026-11-01", "to": "2026-11-02"}
    assert times(when="7d", **days) == times(**days)
    assert CallsQuestion.model_validate(days | {"when": "7d"}).period is None


def test_a_day_is_meant_whole() -> None:
    assert times(**{"from": "2026-11-01", "to": "2026-11-01"}) == (
        "2026-11-01T00:00:00+03:00",
        "2026-11-02T00:00:00+03:00",
    )


def test_moments_as_the_api_takes_them_stay() -> None:
    assert times(**{"ended_at.gte": "2026-11-01T10:00:00+03:00"}) == ("2026-11-01T10:00:00+03:00", None)


def test_another_period_keeps_the_filters_and_drops_the_page() -> None:
    asked = Asked([("queue", "a b"), ("queue", "c"), ("when", "7d"), ("page_token", "x")])
    assert asked.during("all") == "/calls?queue=a+b&queue=c&when=all"
    assert asked.during("today") == "/calls?queue=a+b&queue=c"
    assert asked.without("queue", "c") == "/calls?queue=a+b&when=7d"


def test_an_export_means_the_same_calls() -> None:
    asked = Asked([("when", "today"), ("metadata.brand", "a&b")])
    question = CallsQuestion.model_validate(dict(asked.parameters)).resolved(NOW, ISTANBUL)
    assert export(question, asked, "csv") == (
        "/v1/calls:export?format=csv&ended_at.gte=2026-11-29T00%3A00%3A00%2B03%3A00"
        "&ended_at.lt=2026-11-30T00%3A00%3A00%2B03%3A00&metadata.brand=a%26b"
    )
