"""A fair queue: a holder with much to do does not hold up one with little."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class FairSlots:
    """A fixed number of slots, handed out in turn to all who wait for one, in one event loop.

    A holder that waits for many slots gets one, and the next after all other holders got one: the first slot comes
    after at most one round, however much the others still have to do.
    """

    def __init__(self, slots: int) -> None:
        """Have ``slots`` slots, all of them free."""
        self._free = slots
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}  # in the order in which they are served

    @asynccontextmanager
    async def slot(self, holder: Hashable) -> AsyncIterator[None]:
        """Hold a slot inside the block; one ``holder`` gets its slots in the order in which it asked."""
        await self._taken(holder)
        try:
            yield
        finally:
            self._give_back()

    async def _taken(self, holder: Hashable) -> None:
        if self._free:  # then nothing waits
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(holder, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it was handed over in the same moment
                self._give_back()
            raise

    def _give_back(self) -> None:
        while self._waiting:
            holder = next(iter(self._waiting))
            turns = self._waiting.pop(holder)
            turn = turns.popleft()
            if turns:
                self._waiting[holder] = turns  # behind all others
            if not turn.done():  # a cancelled wait is passed over
                turn.set_result(None)
                return
        self._free += 1
