"""The supervisor: nothing is restarted silently, and nothing is left behind."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from callsift.supervisor import HELPERS, answers
from callsift.worker import WORKERS
from tests.callsift.conftest import Up, start_up

pytestmark = pytest.mark.integration


def processes_of(session_leader: int) -> list[int]:
    """Return the descendants of a process."""
    table = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True).stdout
    parents = {int(pid): int(parent) for pid, parent in (line.split() for line in table.splitlines()[1:])}
    found = [session_leader]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found[1:]


def until(found: Callable[[], bool], within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def worker_of(up: Up, name: str) -> int | None:
    """Return the process of a worker, if it runs."""
    wanted = f"worker\0{name}".encode()
    for pid in processes_of(up.process.pid):
        with suppress(FileNotFoundError):
            if wanted in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
    return None


def test_a_helper_that_dies_is_started_again_loudly_and_the_stages_go_on(tmp_path: Path) -> None:
    up = start_up(tmp_path)
    stages = {name: worker_of(up, name) for name in WORKERS if name not in HELPERS}
    for time_s in (1, 2):  # seconds until it is started again
        monitor = worker_of(up, "monitor")
        assert monitor is not None
        os.kill(monitor, signal.SIGSEGV)
        said = f"the monitor worker ended with exit code -11; it starts again in {time_s} s, the stages go on"
        until(lambda said=said: said in up.log.read_text(errors="replace"))  # type: ignore[misc]
        until(lambda: answers(f"{up.state['health']['monitor']}/health/ready"))
    assert {name: worker_of(up, name) for name in stages} == stages
    up.process.terminate()
    assert up.process.wait(60) == 0


def test_a_helper_that_refuses_its_settings_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="the monitor worker ended with exit code 2"):
        start_up(tmp_path, CALLSIFT_MONITOR_INTERVAL_S="never")


def test_a_stage_that_dies_ends_the_pipeline_loudly_and_nothing_is_left_running(tmp_path: Path) -> None:
    up = start_up(tmp_path)
    descendants = processes_of(up.process.pid)
    [classify] = [pid for pid in descendants if b"worker\0classify" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(classify, signal.SIGKILL)
    assert up.process.wait(60) == 1
    log = up.log.read_text(errors="replace")
    assert "the classify worker ended with exit code -9" in log
    assert not (tmp_path / "up.json").exists()
    assert [pid for pid in descendants if is_running(pid)] == []
