"""The circuit breaker alone: when it probes, and what it tells."""

import asyncio

import pytest

from streams.processing.circuit_breaker import CircuitBreaker
from tests.streams.scripted import Busy


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses before probes, each over at once."""
    found: list[float] = []
    timeout = asyncio.timeout

    def over_at_once(pause_s: float) -> asyncio.Timeout:
        found.append(pause_s)
        return timeout(0)

    monkeypatch.setattr("streams.processing.circuit_breaker.asyncio.timeout", over_at_once)
    return found


def breaker(told: list[str | None] | None = None) -> CircuitBreaker:
    changes: list[str | None] = [] if told is None else told
    return CircuitBreaker(streak=3, probe_s=1.0, longest_probe_s=30.0, on_change=changes.append)


async def test_probes_become_rarer_up_to_a_limit_and_begin_again_with_the_next_outage(pauses: list[float]) -> None:
    told: list[str | None] = []
    tested = breaker(told)
    await tested.acquire()
    for _ in range(2):
        tested.open(Busy("no answer", "wait"))
        for _ in range(7):
            await tested.acquire()
            tested.open(Busy("no answer", "wait"))
        tested.succeeded()
        await tested.acquire()
    assert pauses == [1, 2, 4, 8, 16, 30, 30] * 2
    assert told == ["the model", None] * 2


async def test_the_next_probe_waits_as_long_as_the_dependency_asks_to_be_left_alone(pauses: list[float]) -> None:
    asking, absurd = Busy("too many requests", "wait"), Busy("too many requests", "wait")
    asking.retry_after_s, absurd.retry_after_s = 7.5, 1e9
    tested = breaker()
    tested.open(asking)
    await tested.acquire()
    tested.open(absurd)
    await tested.acquire()
    await tested.acquire()
    assert pauses == [7.5, 60, 30]


def test_a_streak_is_of_different_events_and_ends_with_one_that_gets_through() -> None:
    tested = breaker()
    assert [tested.failed(event) for event in ("a", "a", "b", "a", "c", "a")] == [False] * 4 + [True] * 2
    tested.succeeded()
    assert [tested.failed(event) for event in ("a", "b")] == [False] * 2
