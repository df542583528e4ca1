"""How fast a hosted model is asked: never above the limits, hardly below them, and not at all during a pause."""

import asyncio
import contextlib
import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.classify.hosted.errors import ModelAway
from agents.classify.hosted.limits import Limiter, TokenBucket


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def limiter(
    requests: int | None = None,
    tokens: int | None = None,
    concurrency: int = 8,
    longest_pause_s: float = 60.0,
    period_s: float = 60.0,
) -> Limiter:
    return Limiter(
        requests=requests,
        tokens=tokens,
        concurrency=concurrency,
        longest_pause_s=longest_pause_s,
        period_s=period_s,
    )


def most_within(instants: list[float], window_s: float) -> int:
    """The largest number of instants in any window."""
    return max(sum(start <= instant < start + window_s for instant in instants) for start in instants)


@given(st.integers(1, 3000), st.lists(st.floats(0, 30), max_size=5))
def test_a_bucket_never_gives_more_than_its_limit_in_any_minute_and_hardly_less(
    limit: int, idle_s: list[float]
) -> None:
    clock = Clock()
    bucket = TokenBucket(limit, 60.0, clock)
    taken: list[float] = []
    for pause_s in [*idle_s, 0.0]:
        clock.now += pause_s
        for _ in range(min(limit, 60)):
            clock.now += bucket.missing_s(1)
            bucket.take(1)
            taken.append(clock.now)
    assert most_within(taken, 60.0) <= limit
    started = clock.now
    for _ in range(limit * 2):
        clock.now += bucket.missing_s(1)
        bucket.take(1)
    assert limit * 2 / (clock.now - started) * 60 >= 0.9 * limit - 1e-6


def test_more_than_a_bucket_holds_leaves_a_debt_that_is_waited_for() -> None:
    clock = Clock()
    bucket = TokenBucket(6000, 60.0, clock)
    bucket.take(1000)
    assert bucket.missing_s(1) > 7
    bucket.take(-900)  # it was fewer
    assert bucket.missing_s(1) == 0


async def passing(limits: Limiter, instants: list[float], work_s: float = 0.0, tokens: int = 1) -> None:
    async with limits.permit(tokens) as permit:
        instants.append(time.monotonic())
        await asyncio.sleep(work_s)
        permit.answered(tokens)


async def test_in_no_period_do_more_pass_than_the_limit() -> None:
    period_s, limit, instants = 1.0, 100, list[float]()
    limits = limiter(requests=limit, concurrency=50, period_s=period_s)
    await asyncio.gather(*(passing(limits, instants, 0.02) for _ in range(300)))
    assert most_within(instants, period_s) <= limit
    assert len(instants) == 300


async def test_tokens_are_corrected_once_they_are_known() -> None:
    limits, instants = limiter(tokens=60_000, period_s=6.0), list[float]()  # 9,400 a second
    async with limits.permit(100) as permit:
        permit.answered(9_500)
    await passing(limits, instants)
    started = instants[0]
    async with limits.permit(9_400) as permit:
        permit.answered(0)
    await passing(limits, instants)
    assert instants[1] - started < 1


async def test_every_call_waits_while_the_service_asks_for_a_pause() -> None:
    limits, instants = limiter(), list[float]()
    async with limits.permit(1) as permit:
        permit.throttled(0.4)
    paused_at = time.monotonic()
    await asyncio.gather(*(passing(limits, instants) for _ in range(5)))
    assert min(instants) - paused_at >= 0.39


async def test_a_pause_longer_than_allowed_is_not_waited_for() -> None:
    limits = limiter(longest_pause_s=5)
    limits.pause(3600)
    with pytest.raises(ModelAway, match="left alone for 3600 s"):
        await passing(limits, [])


async def test_waiting_calls_are_let_go_when_a_long_pause_begins() -> None:
    limits = limiter(requests=60, longest_pause_s=5)
    instants: list[float] = []
    waiting = [asyncio.create_task(passing(limits, instants)) for _ in range(6)]  # two pass at once
    await asyncio.sleep(0.1)
    limits.pause(3600)
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(end) for end in ended if end] == [ModelAway] * (6 - len(instants))


async def test_concurrency_is_halved_once_a_round_and_grows_again_with_answers() -> None:
    limits = limiter(concurrency=16)
    async with contextlib.AsyncExitStack() as stack:
        permits = [await stack.enter_async_context(limits.permit(1)) for _ in range(16)]
        for permit in permits:
            permit.throttled(0.0)
    assert limits.concurrency == 8
    async with limits.permit(1) as permit:
        permit.throttled(0.0)
    assert limits.concurrency == 4
    for _ in range(4):
        await passing(limits, [])
    assert 4.9 <= limits.concurrency <= 5
    for _ in range(300):
        await passing(limits, [])
    assert limits.concurrency == 16


async def test_after_five_rounds_without_an_answer_nobody_queues_again_until_one_comes() -> None:
    limits, patient = limiter(concurrency=64), []
    for _ in range(6):
        async with contextlib.AsyncExitStack() as stack:
            for permit in [await stack.enter_async_context(limits.permit(1)) for _ in range(int(limits.concurrency))]:
                permit.throttled(0.0)
        patient.append(limits.is_patient)
    assert patient == [True, True, True, True, False, False]
    await passing(limits, [])
    assert limits.is_patient


async def test_no_more_are_under_way_than_the_adapted_concurrency() -> None:
    limits = limiter(concurrency=4)
    async with limits.permit(1) as permit:
        permit.throttled(0.0)
    under_way, most = itertools.count(), 0
    now = 0

    async def one() -> None:
        nonlocal now, most
        async with limits.permit(1):
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.005)
            now -= 1
        next(under_way)

    await asyncio.gather(*(one() for _ in range(20)))
    assert most == 2
    assert next(under_way) == 20


async def test_a_call_that_gives_up_waiting_leaves_the_way_free() -> None:
    limits = limiter(concurrency=1)
    async with limits.permit(1):
        waiting = asyncio.create_task(passing(limits, []))
        await asyncio.sleep(0.01)
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
    async with asyncio.timeout(5):
        await passing(limits, [])
