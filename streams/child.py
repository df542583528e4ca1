"""A child process for native code: the worker's end, which asks, and the child's, which works."""

import multiprocessing
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from streams.errors import NativeCodeDied
from streams.forks import CONTEXT, ChildrenDoNotStart, begin

_bookkeeping = threading.Lock()
"""Each start asks after all children that multiprocessing knows of, and only one thread may ask after a child."""


class Child:
    """One child process, which starts with its first task. One thread at a time gives it tasks; any may kill it."""

    def __init__(self, memory_limit_mb: int, initializer: Callable[[], None]) -> None:
        """Start nothing yet; the process runs ``initializer`` first, within the limit (0: none)."""
        self._line, self._theirs = multiprocessing.Pipe()
        self._process = CONTEXT.Process(target=_work, args=(self._theirs, memory_limit_mb, initializer), daemon=True)
        self._killed = False

    @property
    def is_usable(self) -> bool:
        """Whether it can be given a task: neither killed here, nor ended by itself with nothing to do."""
        return not self._killed and not self._line.poll()

    def run(self, task: Callable[[], Any], limit_s: float, *, gives_way: bool = False) -> Any:
        """Run a picklable function in the process, and return its result; blocks.

        One that ``gives_way`` takes only processor time that nobody else wants, where the system can tell (Linux).

        Raises:
            NativeCodeDied: The process crashed, or took longer than the limit and was killed.
            ChildrenDoNotStart: It cannot be had.
            Exception: What the function raised.
        """
        if self._process.pid is None:
            self._start()
        try:
            self._line.send(partial(_at_leisure, task) if gives_way else task)
            in_time = self._line.poll(limit_s)
            failure, answer = self._line.recv() if in_time else (None, None)
        except (OSError, EOFError) as error:
            raise NativeCodeDied(f"child process died with exit code {self._end()}", _CURE) from error
        if not in_time:
            self._end()
            raise NativeCodeDied(f"no result within {limit_s:.3g} s", _CURE)
        if isinstance(failure, MemoryError):
            raise NativeCodeDied("memory limit exceeded", _CURE) from failure
        if failure is not None:
            raise failure
        return answer

    def kill(self) -> None:
        """End the process, whatever it does; it takes no more tasks."""
        self._killed = True
        if self._process.pid is not None:
            self._process.kill()

    def _start(self) -> None:
        try:
            with self._theirs, _bookkeeping:
                self._process.start()
            if self._killed:  # before there was a process
                self._process.kill()
            self._line.recv()
        except (OSError, EOFError) as error:
            self._end()
            raise ChildrenDoNotStart("the child processes do not start", _START_CURE) from error

    def _end(self) -> int | None:
        """Return how it ended; negative: by which signal."""
        self.kill()
        if self._process.pid is None:
            return None
        with _bookkeeping:
            self._process.join()
            return self._process.exitcode


_START_CURE = "Read the worker's log; is there memory enough for what each child loads?"
_CURE = "If it happens again with this recording, listen to it; if with many, raise the stage's limits"


def _work(line: "Connection[Any, Any]", memory_limit_mb: int, initializer: Callable[[], None]) -> None:
    _prepare(memory_limit_mb, initializer)
    line.send(None)
    with suppress(EOFError, OSError):  # the worker is gone
        while True:
            task = line.recv()
            try:
                line.send((None, task()))
            except Exception as error:  # noqa: BLE001 - it is the caller's
                line.send((error, None))


def _at_leisure(task: Callable[[], Any]) -> Any:
    """Run a function in a thread that others go before, and of its own: Linux lets nobody raise it again.

    Not nice 19: Linux wakes other threads on a core that runs nothing but SCHED_IDLE as if it were free (sched(7)).
    """
    answer: Future[Any] = Future()

    def run() -> None:
        try:
            if sys.platform == "linux":  # elsewhere the whole process would stay slow
                os.sched_setscheduler(threading.get_native_id(), os.SCHED_IDLE, os.sched_param(0))
            answer.set_result(task())
        except BaseException as error:  # noqa: BLE001 - it is the caller's
            answer.set_exception(error)

    thread = threading.Thread(target=run, name="at-leisure")
    thread.start()
    thread.join()
    return answer.result()


def _prepare(memory_limit_mb: int, initializer: Callable[[], None]) -> None:
    begin("cs-native", signal.SIGKILL)  # the parent enforces the limits: without it nobody would
    if memory_limit_mb:  # macOS takes the limit and does not hold it
        limit = memory_limit_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    initializer()
