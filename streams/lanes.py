"""Places for work of two lengths: short work passes while long work holds them all. Some gives way to all other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(eq=False)
class _Turn:
    is_long: bool
    gives_way: bool
    come: asyncio.Future[None]


class Lanes:
    """A number of places, and one more for short work while long work holds them all; in one event loop.

    Who waits gets a place in the order of asking, those that give way after all others; who may not have the place that
    became free is passed by. Work that gives way counts as long: other work never waits for its end.
    """

    def __init__(self, places: int) -> None:
        """Have ``places`` places, all of them free."""
        self._places = places
        self._short = self._long = 0
        self._waiting: list[_Turn] = []

    @asynccontextmanager
    async def place(self, *, is_long: bool, gives_way: bool = False) -> AsyncIterator[None]:
        """Hold a place inside the block."""
        turn = _Turn(is_long or gives_way, gives_way, asyncio.get_running_loop().create_future())
        self._waiting.append(turn)
        self._hand_out()
        try:
            await turn.come
            yield
        finally:
            if turn in self._waiting:
                self._waiting.remove(turn)
            else:
                self._count(turn, -1)
            self._hand_out()

    def _hand_out(self) -> None:
        for turn in sorted(self._waiting, key=lambda turn: turn.gives_way):
            if self._short + self._long < self._places or not (turn.is_long or self._short):
                self._waiting.remove(turn)
                self._count(turn, 1)
                if not turn.come.done():  # else its wait was cancelled, and gives the place back
                    turn.come.set_result(None)

    def _count(self, turn: _Turn, change: int) -> None:
        if turn.is_long:
            self._long += change
        else:
            self._short += change
