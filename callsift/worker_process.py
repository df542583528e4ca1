"""A worker of ``callsift up``: the command, in a process that is forked from one that has imported its code."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Connection
from typing import Any

from callsift.__main__ import main
from callsift.worker import API
from streams.forks import CONTEXT, ChildrenDoNotStart, begin, start_server

PRELOADED = ("callsift.preloaded",)


def prepare_workers() -> None:
    """Start to import what workers need, beside what the caller does; in its main thread."""
    start_server(PRELOADED)


class WorkerProcess:
    """``callsift worker NAME``, or ``callsift api``, in a process of its own, and a session of its own."""

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        """Start it with these variables and no others.

        Raises:
            ChildrenDoNotStart: The process that forks workers has ended.
        """
        self._output, output = multiprocessing.Pipe(duplex=False)
        with output:
            self._process = CONTEXT.Process(target=_become, args=(name, dict(environment), output))
            try:
                self._process.start()
            except (OSError, EOFError) as error:
                raise ChildrenDoNotStart(f"the {name} worker does not start", "Read the lines above") from error

    @property
    def exit_code(self) -> int | None:
        """How it ended, negative: by which signal; None: it has not."""
        return self._process.exitcode

    def lines(self) -> Iterator[str]:
        """Yield what it writes, line by line, until it has ended."""
        with open(self._output.fileno(), "rb", closefd=False) as output:
            for line in output:
                yield line.decode(errors="replace").rstrip()

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def end(self, grace_s: float) -> None:
        """Wait for its end, and kill it after so many seconds."""
        self._process.join(grace_s)
        self._process.kill()
        self._process.join()


def _become(name: str, environment: Mapping[str, str], output: "Connection[Any, Any]") -> None:
    os.setpgid(0, 0)  # Ctrl-C is for the supervisor, which ends the workers in order
    # no session of its own: old calls would give way to nothing outside of it (autogroups, sched(7))
    begin(f"cs-{name}", signal.SIGTERM)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with output:
        for number in (1, 2):
            os.dup2(output.fileno(), number)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr] # as it was opened
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = [name] if name == API else ["worker", name]
    main()
