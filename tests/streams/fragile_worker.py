"""A worker whose native code crashes on the call named crash, and hangs on the one named hang."""

import os
import time

from callsift.worker import work
from schemas import AudioReady, CallEnded
from streams.pool import NativePool
from tests.chaos.worker import PrecomputedAudio


def fragile(call_id: str) -> None:
    """What a decoder might do."""
    if call_id == "crash":
        os._exit(139)
    if call_id == "hang":
        time.sleep(3600)


def nothing() -> None:
    """Nothing to load."""


class Fragile(PrecomputedAudio):
    """Runs the fragile function in a child for every call."""

    def __init__(self) -> None:
        self._pool = NativePool(processes=2, time_limit_s=1.0, memory_limit_mb=0, initializer=nothing)

    async def work(self, call: CallEnded) -> AudioReady:
        await self._pool.run(fragile, call.call_id)
        return await super().work(call)

    async def stop(self) -> None:
        await self._pool.close()


if __name__ == "__main__":
    work("audio", lambda *_: Fragile())
