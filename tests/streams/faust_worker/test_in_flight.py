"""The in-flight window: what is acknowledged, when, and in which order."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.faust_worker.in_flight import InFlightWindow


@dataclass
class Group:
    """A consumer group as the window sees it: a generation, and what was acknowledged."""

    generation: int = 1
    acknowledged: list[tuple[str, int]] = field(default_factory=list)
    bugs: list[BaseException] = field(default_factory=list)

    def window(self, size: int = 8, max_unacknowledged: int = 100) -> InFlightWindow:
        return InFlightWindow(
            size=size,
            max_unacknowledged=max_unacknowledged,
            generation=lambda: self.generation,
            on_bug=self.bugs.append,
        )

    def event(self, offset: int, partition: str = "p0") -> "Event":
        return Event(self, partition, offset, self.generation)


@dataclass(frozen=True)
class Event:
    group: Group
    partition: str
    offset: int
    generation: int

    def acknowledge(self) -> None:
        self.group.acknowledged.append((self.partition, self.offset))


class Work:
    """Work that ends when the test says so."""

    def __init__(self) -> None:
        self.gates: dict[int, asyncio.Event] = {}
        self.started: list[int] = []

    def on(self, offset: int) -> Callable[[], Coroutine[Any, Any, None]]:
        async def work() -> None:
            self.started.append(offset)
            await self.gates.setdefault(offset, asyncio.Event()).wait()

        return work

    async def finish(self, *offsets: int) -> None:
        for offset in offsets:
            self.gates.setdefault(offset, asyncio.Event()).set()
            await settle()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@given(order=st.permutations(range(6)))
def test_events_are_acknowledged_in_order_whichever_finishes_first(order: list[int]) -> None:
    async def scenario() -> None:
        group, work = Group(), Work()
        window = group.window()
        for offset in range(6):
            await window.submit(group.event(offset), work.on(offset))
        finished: set[int] = set()
        for offset in order:
            await work.finish(offset)
            finished.add(offset)
            unbroken = next((n for n in range(6) if n not in finished), 6)
            assert group.acknowledged == [("p0", n) for n in range(unbroken)]

    asyncio.run(scenario())


async def test_a_slow_event_does_not_hold_up_another_partition() -> None:
    group, work = Group(), Work()
    window = group.window()
    await window.submit(group.event(0, "slow"), work.on(0))
    await window.submit(group.event(1, "quick"), work.on(1))
    await work.finish(1)
    assert group.acknowledged == [("quick", 1)]


async def test_no_more_than_size_events_are_in_work() -> None:
    group, work = Group(), Work()
    window = group.window(size=2)
    submissions = [asyncio.create_task(window.submit(group.event(n), work.on(n))) for n in range(3)]
    await settle()
    assert work.started == [0, 1]
    await work.finish(1)
    assert work.started == [0, 1, 2]
    assert all(submission.done() for submission in submissions)


async def test_a_partition_holds_no_more_unacknowledged_events_than_its_limit() -> None:
    group, work = Group(), Work()
    window = group.window(size=8, max_unacknowledged=3)
    for offset in range(3):
        await window.submit(group.event(offset), work.on(offset))
    await work.finish(1, 2)
    waiting = asyncio.create_task(window.submit(group.event(3), work.on(3)))
    await settle()
    assert work.started == [0, 1, 2]
    await work.finish(0)
    assert waiting.done()
    assert work.started == [0, 1, 2, 3]


async def test_work_of_an_older_generation_is_finished_and_never_acknowledged() -> None:
    group, work = Group(), Work()
    window = group.window()
    await window.submit(group.event(0), work.on(0))
    group.generation = 2
    await work.finish(0)
    assert window.in_flight == 0
    assert group.acknowledged == []


async def test_an_event_that_comes_again_adopts_its_own_running_work() -> None:
    group, work = Group(), Work()
    window = group.window()
    await window.submit(group.event(0), work.on(0))
    group.generation = 2
    await window.submit(group.event(0), work.on(0))
    await work.finish(0)
    assert work.started == [0]
    assert group.acknowledged == [("p0", 0)]


async def test_finished_work_that_could_not_be_acknowledged_is_not_done_again() -> None:
    group, work = Group(), Work()
    window = group.window()
    for offset in (0, 1):
        await window.submit(group.event(offset), work.on(offset))
    await work.finish(1)  # waits for 0
    group.generation = 2
    for offset in (0, 1):
        await window.submit(group.event(offset), work.on(offset))
    await work.finish(0)
    assert work.started == [0, 1]
    assert group.acknowledged == [("p0", 0), ("p0", 1)]


async def test_an_event_delivered_before_a_rebalance_is_left_to_the_next_owner_of_its_partition() -> None:
    group, work = Group(), Work()
    window = group.window()
    outdated = group.event(0)
    group.generation = 2
    await window.submit(outdated, work.on(0))
    assert work.started == []
    await window.submit(group.event(0), work.on(0))  # here, as it turns out
    await work.finish(0)
    assert work.started == [0]
    assert group.acknowledged == [("p0", 0)]


async def test_before_a_rebalance_what_is_in_work_is_done_and_acknowledged_and_nothing_is_started() -> None:
    group, work = Group(), Work()
    window = group.window(size=1)
    await window.submit(group.event(0), work.on(0))
    waiting = asyncio.create_task(window.submit(group.event(1), work.on(1)))
    settled = asyncio.create_task(window.quiesce(30))
    await settle()
    assert not settled.done()
    await work.finish(0)
    await settled
    assert group.acknowledged == [("p0", 0)]
    assert work.started == [0]
    group.generation = 2
    window.resume()
    await waiting
    assert work.started == [0]  # whoever has the partition gets it
    await window.submit(group.event(2), work.on(2))
    await settle()
    assert work.started == [0, 2]


async def test_a_rebalance_does_not_wait_for_long_work() -> None:
    group, work = Group(), Work()
    window = group.window()
    await window.submit(group.event(0), work.on(0))
    await window.quiesce(0.01)
    assert window.in_flight == 1
    assert group.acknowledged == []


async def test_an_event_whose_work_raises_is_reported_and_blocks_its_partition() -> None:
    group, work = Group(), Work()
    window = group.window()

    async def broken() -> None:
        raise RuntimeError("a bug in the runner")

    await window.submit(group.event(0), broken)
    await window.submit(group.event(1), work.on(1))
    await work.finish(1)
    assert [str(bug) for bug in group.bugs] == ["a bug in the runner"]
    assert group.acknowledged == []


async def test_draining_waits_for_work_in_flight_and_takes_nothing_new() -> None:
    group, work = Group(), Work()
    window = group.window()
    await window.submit(group.event(0), work.on(0))
    drained = asyncio.create_task(window.drain(grace_s=30))
    await settle()
    late = asyncio.create_task(window.submit(group.event(1), work.on(1)))
    await work.finish(0)
    assert await drained
    await settle()
    assert work.started == [0]
    assert group.acknowledged == [("p0", 0)]
    late.cancel()


@pytest.mark.parametrize("grace_s", [0.0, 0.01])
async def test_draining_gives_up_after_its_grace(grace_s: float) -> None:
    group, work = Group(), Work()
    window = group.window()
    await window.submit(group.event(0), work.on(0))
    assert not await window.drain(grace_s)
    assert group.acknowledged == []
