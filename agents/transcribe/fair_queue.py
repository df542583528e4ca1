"""A fair queue: a holder with much to do does not hold up one with little."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class FairSlots:
    """A fixed number of slots, handed out in turn to all who wait for one, in one event loop.

    A holder that waits for many slots gets one, and the next after all other holders got one: the first slot comes
    after at most one round, however much the others still have to do. Holders that give way get none while another one
    waits, and never the last of several.
    """

    def __init__(self, slots: int) -> None:
        """Have ``slots`` slots, all of them free."""
        self._free = slots
        self._kept = min(1, slots - 1)  # for those that do not give way
        self._waiting: dict[bool, dict[Hashable, deque[asyncio.Future[None]]]] = {
            False: {},  # in the order in which they are served
            True: {},  # those that give way
        }

    @asynccontextmanager
    async def slot(self, holder: Hashable, *, gives_way: bool = False) -> AsyncIterator[None]:
        """Hold a slot inside the block; one ``holder`` gets its slots in the order in which it asked."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting[gives_way].setdefault(holder, deque()).append(turn)
        self._hand_out()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it was handed over in the same moment
                self._give_back()
            raise
        try:
            yield
        finally:
            self._give_back()

    def _give_back(self) -> None:
        self._free += 1
        self._hand_out()

    def _hand_out(self) -> None:
        for gives_way, waiting in self._waiting.items():
            while waiting and self._free > (self._kept if gives_way else 0):
                holder = next(iter(waiting))
                turns = waiting.pop(holder)
                turn = turns.popleft()
                if turns:
                    waiting[holder] = turns  # behind all others
                if not turn.done():  # a cancelled wait is passed over
                    turn.set_result(None)
                    self._free -= 1
