"""Threads for calls that block: each kind has its own, so that a place that hangs takes none away from the others."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

R = TypeVar("R")


class Threads:
    """A fixed number of threads, which start with the first work."""

    def __init__(self, name: str, number: int) -> None:
        """Start nothing yet; ``name`` is what a list of the process's threads shows."""
        self._executor = ThreadPoolExecutor(number, thread_name_prefix=name)

    async def run(self, function: Callable[[], R], limit_s: float | None = None) -> R:
        """Run a function that blocks; what it logs has the caller's fields.

        Raises:
            TimeoutError: It took longer than ``limit_s`` seconds, the wait for a thread included. One that had begun
                keeps its thread until it returns.
            Exception: What the function raised.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(limit_s):  # before Python 3.12 wait_for loses a cancellation now and then
            return await loop.run_in_executor(self._executor, copy_context().run, function)

    def forget(self, function: Callable[[], object]) -> None:
        """Run a function without waiting for it."""
        self._executor.submit(function)

    def close(self) -> None:
        """Take no more work."""
        self._executor.shutdown(wait=False, cancel_futures=True)
