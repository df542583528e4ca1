"""A pool of child processes for native code, which is not trusted to return.

Decoders and recognisers are large native libraries fed with bytes from outside. In a child of its own a crash, a hang
or a memory blow-up costs one try of one event; the pool replaces the child.
"""

import asyncio
import ctypes
import multiprocessing
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import connection
from typing import ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from streams.errors import CallsiftError, DependencyDown, NativeCodeDied

_PR_SET_PDEATHSIG = 1  # linux/prctl.h

P = ParamSpec("P")
R = TypeVar("R")


class ChildrenDoNotStart(DependencyDown):
    """No child process comes up, or they die without work."""

    dependency = "the child processes"


class NoSharedMemory(CallsiftError):
    """The system gives no semaphores to share with child processes."""


class NativePool:
    """Child processes that run picklable functions with a limit of time and memory."""

    def __init__(
        self, *, processes: int, time_limit_s: float, memory_limit_mb: int, initializer: Callable[[], None]
    ) -> None:
        """Start nothing yet; the children come with the first work.

        Args:
            processes: Number of children, each with its own copy of what ``initializer`` loads.
            time_limit_s: Seconds after which a child is killed.
            memory_limit_mb: Megabytes of data that a child may allocate; more fails inside it. 0: no limit.
            initializer: Run once in every new child, for example to load a model.

        Raises:
            NoSharedMemory: No child could ever be spoken to.
        """
        # spawn: a fork would copy locks that Faust's and Kafka's threads may hold
        context = multiprocessing.get_context("spawn")
        try:
            context.Lock()
        except (OSError, ImportError) as error:
            raise NoSharedMemory(
                f"cannot make a semaphore for the child processes: {error}", _SEMAPHORE_CURE
            ) from error
        self._time_limit_s = time_limit_s
        self._new_pool = partial(
            ProcessPool,
            max_workers=processes,
            initializer=partial(_prepare, memory_limit_mb, initializer),
            context=context,
        )
        self._pool = self._new_pool()

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``function`` in a child and return its result; cancelling the wait kills the child.

        Raises:
            NativeCodeDied: The child crashed, or took longer than the limit and was killed.
            ChildrenDoNotStart: No child can be had; no event is at fault.
            Exception: What the function raised.
        """
        if not self._pool.active:  # a child died without work, which pebble holds against the whole pool
            self._pool = self._new_pool()
        try:
            future = self._pool.schedule(function, args=args, kwargs=kwargs, timeout=self._time_limit_s)
        except RuntimeError as error:
            raise ChildrenDoNotStart("the child processes do not start", _START_CURE) from error
        try:
            result: R = await asyncio.wrap_future(future)
        except FutureTimeoutError as error:
            raise NativeCodeDied(f"no result within {self._time_limit_s:g} s", _CURE) from error
        except ProcessExpired as error:
            raise NativeCodeDied(f"child process died with exit code {error.exitcode}", _CURE) from error
        except MemoryError as error:
            raise NativeCodeDied("memory limit exceeded", _CURE) from error
        except BrokenProcessPool as error:
            raise ChildrenDoNotStart("the child processes do not start", _START_CURE) from error
        return result

    async def close(self) -> None:
        """Kill whatever still runs and end the children."""
        self._pool.stop()
        await asyncio.to_thread(self._pool.join)


_SEMAPHORE_CURE = "On Linux /dev/shm has to be there, writable and not full; in a container, mount a tmpfs on it"
_START_CURE = "Read the worker's log; is there memory enough for what each child loads?"
_CURE = "If it happens again with this recording, listen to it; if with many, raise the stage's limits"


def _prepare(memory_limit_mb: int, initializer: Callable[[], None]) -> None:
    end_with_parent(sys.platform)
    if memory_limit_mb:  # macOS takes the limit and does not hold it
        limit = memory_limit_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    initializer()


def end_with_parent(platform: str) -> None:
    """Have this child process killed when its parent dies: the parent enforces the limits, without it nobody would."""
    if platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    else:  # elsewhere no system call does it, and native code that keeps Python's lock delays it
        threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    if parent := multiprocessing.parent_process():
        connection.wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGKILL)
