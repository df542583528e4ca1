"""The file that a recording is written to, and the threads that wait for disks and drivers."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, TypeVar

from agents.audio.fetching.errors import RecordingTooLarge

BLOCK_BYTES = 1024 * 1024
_THREADS = 32  # a hung network file system or bucket keeps some for a while

R = TypeVar("R")


class Threads:
    """Threads of fetching's own: a place that hangs takes none away from the rest of the worker."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="fetch")

    async def run(self, function: Callable[[], R], limit_s: float | None = None) -> R:
        """Run a function that blocks; raises TimeoutError after ``limit_s`` seconds and leaves the thread behind."""
        loop = asyncio.get_running_loop()
        return await asyncio.wait_for(loop.run_in_executor(self._executor, function), limit_s)

    def forget(self, function: Callable[[], object]) -> None:
        """Run a function without waiting for it."""
        self._executor.submit(function)

    def close(self) -> None:
        """Take no more work."""
        self._executor.shutdown(wait=False, cancel_futures=True)


class Download:
    """A file that takes blocks up to a limit."""

    def __init__(self, file: BinaryIO, limit_bytes: int, shown: str, threads: Threads) -> None:
        """Write to ``file``, which is open and empty; ``shown`` is the recording's address for errors."""
        self.size_bytes = 0
        """Bytes written so far."""
        self._file = file
        self._limit_bytes = limit_bytes
        self._shown = shown
        self._threads = threads

    def check_size(self, size_bytes: int) -> None:
        """Raise RecordingTooLarge for a size above the limit."""
        if size_bytes > self._limit_bytes:
            raise RecordingTooLarge(
                f"recording {self._shown} has more than {self._limit_bytes} bytes",
                "Raise CALLSIFT_FETCH_RECORDING_LIMIT_MB if recordings of this size are meant",
            )

    async def write(self, block: bytes) -> None:
        """Append a block; raises RecordingTooLarge instead of exceeding the limit."""
        self.check_size(self.size_bytes + len(block))
        await self._threads.run(lambda: self._file.write(block))
        self.size_bytes += len(block)

    async def empty(self) -> None:
        """Drop what was written."""

        def truncate() -> None:
            self._file.seek(0)
            self._file.truncate()

        await self._threads.run(truncate)
        self.size_bytes = 0
