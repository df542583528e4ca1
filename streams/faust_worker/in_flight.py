"""Work in flight: many events at once, acknowledged strictly in order per partition.

Faust's own ``concurrency`` loses events, because it commits past unfinished ones (docs/decisions/0001). The window
keeps the order itself: an event is acknowledged when it and everything before it on its partition is done, and only
while the generation of the consumer group in which it was delivered lasts.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Any

from streams.faust_worker.delivery import Delivered


@dataclass(eq=False)
class _Slot:
    delivered: Delivered
    task: asyncio.Task[None] | None = None
    done: bool = False
    queued: bool = False


class InFlightWindow:
    """The events of one consumer that have been taken and not yet acknowledged.

    Two limits: how many events are in work, and how many unacknowledged ones a partition holds, finished ones that wait
    for an older one included. Beyond them ``submit`` waits, and the backlog stays where it belongs, in Kafka.

    A rebalance waits no longer than ``quiesce`` is told. Work that outlasts it and whose partition was handed on runs
    to its end and is never acknowledged here: the new owner has the event too. Where the same event is delivered again
    (Faust rewinds partitions that stayed), it finds its own work still running, or done, and adopts it.
    """

    def __init__(
        self,
        *,
        size: int,
        generation: Callable[[], int],
        on_bug: Callable[[BaseException], None],
        max_unacknowledged: int = 1000,
    ) -> None:
        """Make an empty window.

        Args:
            size: Events in work at once.
            generation: Tells the consumer group's present generation.
            on_bug: Called when work raises, which work must never do: the event stays unacknowledged, so the process
                has to end for the event to be delivered again.
            max_unacknowledged: Events that a partition holds, its oldest unfinished one and those behind it. They come
                again after a crash.
        """
        self._size = size
        self._max_unacknowledged = max_unacknowledged
        self._current_generation = generation
        self._on_bug = on_bug
        self._generation = generation()
        self._queues: defaultdict[Hashable, deque[_Slot]] = defaultdict(deque)
        self._slots: dict[tuple[Hashable, int], _Slot] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._moved = asyncio.Event()
        self._draining = False
        self._quiesced = False
        self.submitted = 0
        """Events submitted so far: while it grows, the consumer is not stuck."""
        self.finished = 0
        """Events whose work has ended so far: while it grows, their slots become free."""

    @property
    def in_flight(self) -> int:
        """Number of events in work."""
        return len(self._running)

    async def submit(self, delivered: Delivered, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start ``work`` for an event as soon as there is room, and return while it runs.

        An event of an older generation is left alone: Faust delivers it again, here or to its partition's new owner.
        """
        while not self._has_room(delivered.partition):
            self._moved.clear()
            await self._moved.wait()
            self._follow_generation()
        self._follow_generation()
        if delivered.generation != self._generation:
            return
        self.submitted += 1
        key = (delivered.partition, delivered.offset)
        slot = self._slots.get(key)
        if slot is None:
            slot = self._slots[key] = _Slot(delivered)
            slot.task = asyncio.create_task(self._run(key, slot, work))
            self._running.add(slot.task)
        slot.delivered = delivered
        if not slot.queued:
            slot.queued = True
            self._queues[delivered.partition].append(slot)
        self._acknowledge(delivered.partition)

    async def quiesce(self, limit_s: float) -> None:
        """Before the group shares its partitions out again: start nothing more, and wait for what is in work.

        What is done within ``limit_s`` seconds is acknowledged in its own generation, and is not done again.
        ``resume`` lets work start again.
        """
        self._quiesced = True
        await self._done_within(limit_s)

    def resume(self) -> None:
        """Let work start again."""
        self._quiesced = False
        self._moved.set()

    async def drain(self, grace_s: float) -> bool:
        """Take nothing new and wait up to ``grace_s`` seconds for what is in work; True if all of it got done."""
        self._draining = True
        return await self._done_within(grace_s)

    def _has_room(self, partition: Hashable) -> bool:
        if self._draining or self._quiesced:
            return False
        return len(self._running) < self._size and len(self._queues[partition]) < self._max_unacknowledged

    async def _done_within(self, limit_s: float) -> bool:
        if not self._running:
            return True
        _, unfinished = await asyncio.wait(self._running, timeout=limit_s)
        return not unfinished

    async def _run(self, key: tuple[Hashable, int], slot: _Slot, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
            slot.done = True
            self.finished += 1
        except Exception as bug:  # noqa: BLE001 - whatever it is, the event must not count as done
            self._on_bug(bug)
        finally:
            if slot.task is not None:
                self._running.discard(slot.task)
            if not slot.done:
                self._slots.pop(key, None)
            self._moved.set()
        self._acknowledge(slot.delivered.partition)

    def _follow_generation(self) -> None:
        """Forget the order of an older generation; keep its work, so that the same events can adopt it."""
        if self._generation == self._current_generation():
            return
        outdated, self._generation = self._generation, self._current_generation()
        self._queues.clear()
        self._slots = {
            key: slot for key, slot in self._slots.items() if not slot.done or slot.delivered.generation == outdated
        }
        for slot in self._slots.values():
            slot.queued = False

    def _acknowledge(self, partition: Hashable) -> None:
        if self._generation != self._current_generation():
            return
        queue = self._queues[partition]
        while queue and queue[0].done:
            delivered = queue.popleft().delivered
            del self._slots[(partition, delivered.offset)]
            delivered.acknowledge()
        self._moved.set()
