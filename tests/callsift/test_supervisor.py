"""The supervisor: nothing is restarted silently, and nothing is left behind."""

from pathlib import Path

import psutil
import pytest

from tests.callsift.conftest import start_up
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration


def is_running(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_worker_that_dies_ends_the_pipeline_loudly_and_nothing_is_left_running(tmp_path: Path) -> None:
    up = start_up(tmp_path)
    descendants = psutil.Process(up.process.pid).children(recursive=True)
    [classify] = [one for one in descendants if one.cmdline()[-2:] == ["worker", "classify"]]
    classify.kill()
    assert up.process.wait(PATIENCE_S) == 1
    log = up.log.read_text(errors="replace")
    assert "the classify worker ended with exit code -9" in log
    assert not (tmp_path / "up.json").exists()
    assert [one for one in descendants if is_running(one)] == []
