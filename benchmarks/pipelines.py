"""A whole pipeline of any checkout, as processes that can be looked at from outside."""

import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from benchmarks.processes import cpu_s, family
from callsift.demo_files import DEMO_MODEL
from callsift.embedded import EmbeddedStore, end, free_port
from callsift.worker import WORKERS

_READY_LIMIT_S = 120.0
_GRACE_S = 40.0


class Processes:
    """The processes of one pipeline, without its broker."""

    def __init__(self, started: list["subprocess.Popen[bytes]"]) -> None:
        """Take note of those that were started."""
        self._started = started

    @property
    def all(self) -> list[psutil.Process]:
        """Every process that lives, children included."""
        return [process for one in self._started for process in family(one.pid)]

    @property
    def cpu_s(self) -> float:
        """User and system seconds so far."""
        return sum(cpu_s(one.pid) for one in self._started)

    def check(self) -> None:
        """Raise SystemExit if one has ended."""
        if any(one.poll() is not None for one in self._started):
            raise SystemExit("a process ended: keep the folder (--folder) and read its log")


@contextmanager
def running(
    checkout: Path, folder: Path, variables: Mapping[str, str], separate: bool
) -> Iterator[tuple[Processes, float]]:
    """Run a checkout's pipeline, and give its processes and the seconds that it took to be ready."""
    with ExitStack() as stack:
        environment = {**os.environ, **variables, "CALLSIFT_HOME": str(folder), "CALLSIFT_FETCH_FILE_ROOTS": "/"}
        python = str(checkout / ".venv" / "bin" / "python")
        commands: list[tuple[str, list[str], dict[str, str]]] = [("up", ["up"], {})]
        state = folder / "up.json"
        is_ready: Callable[[], bool] = state.exists
        if separate:
            store = EmbeddedStore(folder / "documents")
            stack.callback(store.stop)
            environment |= {"CALLSIFT_MONGO_URI": store.uri, "CALLSIFT_VOSK_MODEL": str(DEMO_MODEL)}
            ports = {name: free_port() for name in WORKERS}
            commands = [
                (name, ["worker", name], {"CALLSIFT_HTTP_PORT": f"127.0.0.1:{port}"}) for name, port in ports.items()
            ]
            is_ready = lambda: all(_answers(port) for port in ports.values())  # noqa: E731
        began_s, started = time.monotonic(), []
        for name, arguments, own in commands:
            log = stack.enter_context((folder / f"{name}.log").open("ab"))
            process = subprocess.Popen(
                [python, "-m", "callsift", *arguments],
                cwd=checkout,
                env=environment | own,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            stack.callback(end, process, _GRACE_S)
            started.append(process)
        processes = Processes(started)
        while not is_ready():
            processes.check()
            if time.monotonic() - began_s > _READY_LIMIT_S:
                raise SystemExit("not ready in time: keep the folder (--folder) and read the logs")
            time.sleep(0.02)
        yield processes, time.monotonic() - began_s
        for one in reversed(started):  # together, not one grace after the other
            one.terminate()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=1) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
