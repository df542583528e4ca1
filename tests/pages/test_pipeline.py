"""One look at the pipeline for everybody, and what is told from two of them."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from pages.pipeline import per_minute
from pages.shared import Shared
from streams.monitor import Status
from streams.monitor.status import DeadLetterStatus, GroupStatus, PartitionStatus

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)


def status(after_s: float, end: int, lag: int) -> Status:
    part = PartitionStatus("calls.ended", 0, end - lag, end, lag, None)
    group = GroupStatus("audio", "callsift.audio", 1, (part,))
    return Status(NOW + timedelta(seconds=after_s), (group,), (), DeadLetterStatus(0, 0))


@pytest.mark.parametrize(
    ("looks", "rate"),
    [
        ([status(0, 100, 40), status(30, 130, 40)], {"audio": 60.0}),
        ([status(0, 100, 40), status(30, 100, 10)], {"audio": 60.0}),
        ([status(0, 100, 40), status(30, 200, 140)], {"audio": 0.0}),
        ([status(0, 100, 0), status(30, 7, 0)], {}),
        ([status(0, 100, 0)], {}),
    ],
    ids=["as many come as go", "what waited is done", "nothing is done", "the topic was made anew", "one look"],
)
def test_a_rate_is_what_was_finished(looks: list[Status], rate: dict[str, float]) -> None:
    assert per_minute(looks) == rate


async def test_many_who_ask_at_once_are_answered_once() -> None:
    shared, asked = Shared[int](60.0), list[int]()

    async def ask() -> int:
        asked.append(1)
        await asyncio.sleep(0)
        return len(asked)

    leaving = asyncio.create_task(shared.answer("a", ask))
    others = [asyncio.create_task(shared.answer("a", ask)) for _ in range(5)]
    await asyncio.sleep(0)
    leaving.cancel()  # takes the answer from nobody else
    assert await asyncio.gather(*others) == [1] * 5
    assert await shared.answer("b", ask) == 2
    assert await shared.answer("a", ask) == 1
    shared.forget("a")
    assert await shared.answer("a", ask) == 3


async def test_what_failed_is_asked_again() -> None:
    shared, asked = Shared[int](60.0), list[int]()

    async def ask() -> int:
        asked.append(1)
        if len(asked) == 1:
            raise OSError
        return len(asked)

    with pytest.raises(OSError):
        await shared.answer("a", ask)
    await asyncio.sleep(0.01)
    assert await shared.answer("a", ask) == 2
