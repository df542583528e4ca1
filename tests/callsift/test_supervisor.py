"""The supervisor: nothing is restarted silently, and nothing is left behind."""

import signal
from functools import partial
from pathlib import Path

import psutil
import pytest

from callsift.supervisor import HELPERS, answers
from callsift.worker import WORKERS
from tests import patience
from tests.callsift.conftest import Up, start_up
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration
until = partial(patience.until, within_s=PATIENCE_S)


def is_running(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def worker_of(up: Up, name: str) -> psutil.Process:
    """Return the process of a worker."""
    [found] = [
        one for one in psutil.Process(up.process.pid).children(recursive=True) if one.cmdline()[-2:] == ["worker", name]
    ]
    return found


def test_a_helper_that_dies_starts_again_and_a_stage_that_dies_ends_the_pipeline_and_leaves_nothing_running(
    tmp_path: Path,
) -> None:
    up = start_up(tmp_path)
    stages = {name: worker_of(up, name) for name in WORKERS if name not in HELPERS}
    for time_s in (1, 2):  # seconds until it is started again
        worker_of(up, "monitor").send_signal(signal.SIGSEGV)
        said = f"the monitor worker ended with exit code -11; it starts again in {time_s} s, the stages go on"
        until(lambda said=said: said in up.log.read_text(errors="replace"))  # type: ignore[misc]
        until(lambda: answers(f"{up.state['health']['monitor']}/health/ready"))
    assert {name: worker_of(up, name) for name in stages} == stages

    descendants = psutil.Process(up.process.pid).children(recursive=True)
    worker_of(up, "classify").kill()
    assert up.process.wait(PATIENCE_S) == 1
    assert "the classify worker ended with exit code -9" in up.log.read_text(errors="replace")
    assert not (tmp_path / "up.json").exists()
    assert [one for one in descendants if is_running(one)] == []


def test_a_helper_that_refuses_its_settings_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="the monitor worker ended with exit code 2"):
        start_up(tmp_path, CALLSIFT_MONITOR_INTERVAL_S="never")
