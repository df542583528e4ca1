"""How long tests wait for what real processes do: so long that only a fault reaches it, also on a busy machine."""

import time
from collections.abc import Callable

PATIENCE_S = 180.0
_LOOK_S = 0.1


def until(found: Callable[[], bool], said: Callable[[], str] = str, *, within_s: float) -> None:
    """Wait until ``found`` says so; fails with what is ``said`` after ``within_s`` seconds."""
    deadline = time.monotonic() + within_s
    while not found():
        assert time.monotonic() < deadline, said()
        time.sleep(_LOOK_S)
