"""A pool of child processes for native code, which is not trusted to return.

Decoders and recognisers are large native libraries fed with bytes from outside. In a child of its own a crash, a hang
or a memory blow-up costs one try of one event; the pool replaces the child.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import NamedTuple, ParamSpec, TypeVar

from streams.child import Child
from streams.forks import start_server
from streams.lanes import Lanes

P = ParamSpec("P")
R = TypeVar("R")


_PATIENCE = 20
"""So many times the limit may take what gets no processor time while others want it."""


class Work(NamedTuple):
    """What is known of some work before it is done."""

    limit_s: float
    """Seconds after which its child is killed; more where it gives way."""
    is_long: bool
    """Whether short work passes it by: while such work holds every child, one more is there for the rest."""
    gives_way: bool = False
    """Whether it waits while other work does, takes only processor time that nobody else wants (Linux), and is passed
    by as long work is."""

    @property
    def patience_s(self) -> float:
        """Seconds after which its child is killed."""
        return self.limit_s * _PATIENCE if self.gives_way else self.limit_s


class NativePool:
    """Child processes that run picklable functions with a limit of time and memory."""

    def __init__(
        self,
        *,
        processes: int,
        time_limit_s: float,
        memory_limit_mb: int,
        initializer: Callable[[], None],
        modules: Sequence[str] = (),
    ) -> None:
        """Start the server that forks children; they come with the first work.

        Args:
            processes: Number of children, each with its own copy of what ``initializer`` loads; one more comes when
                long work, or work that gives way, holds all of them.
            time_limit_s: Seconds after which a child is killed.
            memory_limit_mb: Megabytes of data that a child may allocate; more fails inside it. 0: no limit.
            initializer: Run once in every new child, for example to load a model.
            modules: What children import, loaded once for all of them. Their import may start no thread.
        """
        self._modules = modules
        self._time_limit_s = time_limit_s
        self._child = partial(Child, memory_limit_mb, initializer)
        self._lanes = Lanes(processes)
        self._children = {self._new_child() for _ in range(processes + 1)}
        self._free = [*self._children]

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``function``, which is short, in a child and return its result; as ``run_as``, with the pool's limit."""
        return await self.run_as(Work(self._time_limit_s, is_long=False), function, *args, **kwargs)

    async def run_as(self, work: Work, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``function`` in a child and return its result; cancelling the wait kills the child.

        Raises:
            NativeCodeDied: The child crashed, or took longer than the limit and was killed.
            ChildrenDoNotStart: No child can be had; no event is at fault.
            Exception: What the function raised.
        """
        task = partial(function, *args, **kwargs)
        async with self._lanes.place(is_long=work.is_long, gives_way=work.gives_way):
            child = self._free.pop()
            try:
                child = self._usable(child)
                result: R = await _in_thread(partial(child.run, task, work.patience_s, gives_way=work.gives_way))
            except asyncio.CancelledError:
                child.kill()
                raise
            finally:
                self._free.append(child)
        return result

    def _usable(self, child: Child) -> Child:
        """Return the child, or another one in its place if it has ended."""
        if child.is_usable:
            return child
        other = self._new_child()  # where none is to be had, the place is kept for the next try
        self._children.remove(child)
        self._children.add(other)
        return other

    async def close(self) -> None:
        """Kill whatever still runs and end the children."""
        for child in self._children:
            child.kill()

    def _new_child(self) -> Child:
        start_server(self._modules)  # it may have died
        return self._child()


async def _in_thread(function: Callable[[], R]) -> R:
    """Run a function that blocks; unlike an executor's thread, this one does not keep the process from ending."""
    result: Future[R] = Future()
    result.set_running_or_notify_cancel()

    def run() -> None:
        try:
            result.set_result(function())
        except BaseException as error:  # noqa: BLE001 - it is the caller's
            result.set_exception(error)

    threading.Thread(target=run, name="native", daemon=True).start()
    return await asyncio.wrap_future(result)
