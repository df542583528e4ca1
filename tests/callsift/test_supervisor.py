"""The supervisor: nothing is restarted silently, and nothing is left behind."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.callsift.conftest import start_up

pytestmark = pytest.mark.integration


def processes_of(session_leader: int) -> list[int]:
    """Return the descendants of a process."""
    table = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True).stdout
    parents = {int(pid): int(parent) for pid, parent in (line.split() for line in table.splitlines()[1:])}
    found = [session_leader]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found[1:]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_worker_that_dies_ends_the_pipeline_loudly_and_nothing_is_left_running(tmp_path: Path) -> None:
    up = start_up(tmp_path)
    descendants = processes_of(up.process.pid)
    [classify] = [pid for pid in descendants if b"worker\0classify" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(classify, signal.SIGKILL)
    assert up.process.wait(60) == 1
    log = up.log.read_text(errors="replace")
    assert "the classify worker ended with exit code -9" in log
    assert not (tmp_path / "up.json").exists()
    assert [pid for pid in descendants if is_running(pid)] == []
