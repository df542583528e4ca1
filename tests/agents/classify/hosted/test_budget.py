"""What may be spent from midnight to midnight, and what asking takes."""

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agents.classify.hosted.budget import DailyBudget
from agents.classify.hosted.errors import BudgetSpent
from agents.classify.hosted.usage import estimated_tokens, total
from agents.classify.settings import Price
from schemas import Usage
from streams.errors import DependencyDown


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 10, 5, 20, 0, tzinfo=UTC)  # 23:00 in Istanbul

    def __call__(self) -> datetime:
        return self.now


def budget(limit: float | None, clock: Clock | None = None) -> DailyBudget:
    return DailyBudget(limit, ZoneInfo("Europe/Istanbul"), clock or Clock())


async def test_a_request_beyond_the_budget_is_refused_and_the_stage_pauses() -> None:
    spending = budget(1.0)
    await spending.reserve(0.4)
    spending.settle(0.4, 0.7)
    with pytest.raises(BudgetSpent, match="CALLSIFT_CLASSIFY_DAILY_BUDGET") as caught:
        await spending.reserve(0.4)
    assert isinstance(caught.value, DependencyDown)
    await spending.reserve(0.3)
    assert spending.share_spent == pytest.approx(0.7)


async def test_requests_under_way_count_against_the_budget_and_are_waited_for() -> None:
    spending = budget(1.0)
    await spending.reserve(0.6)
    waiting = [asyncio.create_task(spending.reserve(0.3)) for _ in range(3)]
    await asyncio.sleep(0)
    assert [task.done() for task in waiting] == [True, False, False]
    spending.settle(0.6, 0.2)
    await waiting[1]
    spending.settle(0.3, 0.3)
    spending.settle(0.3, 0.3)
    with pytest.raises(BudgetSpent):
        await waiting[2]


async def test_the_day_ends_at_midnight_where_the_callers_are() -> None:
    clock = Clock()
    spending = budget(1.0, clock)
    await spending.reserve(1.0)
    spending.settle(1.0, 1.0)
    clock.now += timedelta(minutes=59)
    with pytest.raises(BudgetSpent):
        await spending.reserve(0.1)
    clock.now += timedelta(minutes=1)
    await spending.reserve(1.0)
    assert spending.share_spent == 0


async def test_a_clock_that_is_set_back_over_midnight_brings_no_new_budget() -> None:
    clock = Clock()
    clock.now += timedelta(hours=2)
    spending = budget(1.0, clock)
    await spending.reserve(1.0)
    spending.settle(1.0, 1.0)
    clock.now -= timedelta(hours=2)
    with pytest.raises(BudgetSpent):
        await spending.reserve(0.1)


@pytest.mark.parametrize("limit", [None, 0.0])
async def test_without_a_budget_nothing_is_refused(limit: float | None) -> None:
    spending = budget(limit)
    for _ in range(3):
        await spending.reserve(1e9)
        spending.settle(1e9, 1e9)
    assert spending.share_spent == 0


def test_a_price_is_per_million_tokens() -> None:
    assert Price(prompt=0.25, answer=1.5).cost(2_000_000, 100_000) == pytest.approx(0.65)


def test_usages_add_up() -> None:
    paid = Usage(requests=1, prompt_tokens=10, answer_tokens=2, cost=0.1, currency="USD")
    assert total([paid, paid]) == Usage(requests=2, prompt_tokens=20, answer_tokens=4, cost=0.2, currency="USD")
    assert total([Usage(requests=1, prompt_tokens=1, answer_tokens=1)]).cost is None


def test_tokens_are_estimated_upwards() -> None:
    assert estimated_tokens(["kombi", "m"]) == 2
    assert estimated_tokens(["kombim "]) == 3
