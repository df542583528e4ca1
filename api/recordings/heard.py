"""Who has begun to listen to what: a listening is noted once, however many ranges a player asks for."""

import time
from collections import OrderedDict
from collections.abc import Callable

_ONE_LISTENING_S = 3600.0
_MOST = 10_000


class Heard:
    """Listenings of the last hour. What is forgotten here is noted again: too many notes, never too few."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = _MOST) -> None:
        """Start with none; ``clock`` gives seconds, ``most`` bounds the memory."""
        self._clock, self._most = clock, most
        self._begun: OrderedDict[tuple[str, ...], float] = OrderedDict()

    def is_new(self, *listening: str) -> bool:
        """Tell whether a listening (who, which call, which form) is to be noted: it is not known, or an hour old."""
        begun = self._begun.get(listening)
        return begun is None or self._clock() - begun >= _ONE_LISTENING_S

    def begin(self, *listening: str) -> None:
        """Know of a listening that has been noted."""
        self._begun[listening] = self._clock()
        self._begun.move_to_end(listening)
        while len(self._begun) > self._most:
            self._begun.popitem(last=False)
