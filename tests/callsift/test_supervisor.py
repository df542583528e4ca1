"""The supervisor: nothing is restarted silently, and nothing is left behind."""

import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import psutil
import pytest

from callsift.embedded import EmbeddedBroker, free_port
from callsift.supervisor import HELPERS, answers, any_address
from callsift.worker import ALL_WORKERS
from callsift.worker_process import PRELOADED
from streams.forks import CONTEXT, start_server
from tests import patience
from tests.callsift.conftest import Up, start_up
from tests.patience import PATIENCE_S
from tests.streams import counted_threads

pytestmark = pytest.mark.integration
until = partial(patience.until, within_s=PATIENCE_S)


def is_running(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def worker_of(up: Up, name: str) -> psutil.Process:
    """Return the process of a worker."""
    [found] = [one for one in descendants_of(up) if one.name() == f"cs-{name}"]
    return found


def descendants_of(up: Up) -> list[psutil.Process]:
    """Return every process that it has started, and those that these have started."""
    return psutil.Process(up.process.pid).children(recursive=True)


def test_a_helper_that_dies_starts_again_and_a_stage_that_dies_ends_the_pipeline_and_leaves_nothing_running(
    tmp_path: Path,
) -> None:
    up = start_up(tmp_path)
    stages = {name: worker_of(up, name) for name in ALL_WORKERS if name not in HELPERS}
    for time_s in (1, 2):  # seconds until it is started again
        worker_of(up, "monitor").send_signal(signal.SIGSEGV)
        said = f"the monitor worker ended with exit code -11; it starts again in {time_s} s, the stages go on"
        until(lambda said=said: said in up.log.read_text(errors="replace"))  # type: ignore[misc]
        until(lambda: answers(f"{up.state['health']['monitor']}/health/ready"))
    assert {name: worker_of(up, name) for name in stages} == stages

    descendants = descendants_of(up)
    worker_of(up, "classify").kill()
    assert up.process.wait(PATIENCE_S) == 1
    assert "the classify worker ended with exit code -9" in up.log.read_text(errors="replace")
    assert not (tmp_path / "up.json").exists()
    until(lambda: not any(map(is_running, descendants)))


@pytest.mark.slow  # make test-slow
def test_no_worker_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    broker = EmbeddedBroker()  # outlives the supervisor, so that the workers can say goodbye to it
    up = start_up(tmp_path, CALLSIFT_KAFKA_BOOTSTRAP_SERVERS=broker.bootstrap_servers)
    [store] = [one for one in descendants_of(up) if "nx_27017.nx_27017" in one.cmdline()]
    others = [one for one in descendants_of(up) if one != store]
    up.process.kill()
    up.process.wait(PATIENCE_S)
    try:
        until(lambda: not any(map(is_running, others)))
    finally:
        store.terminate()


def test_what_forks_the_workers_has_imported_their_code_and_has_one_thread() -> None:
    program = "from tests.callsift.test_supervisor import fork_and_tell; fork_and_tell()"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["[1]", "True"], ended.stderr


def fork_and_tell() -> None:
    start_server([*PRELOADED, counted_threads.__name__])
    process = CONTEXT.Process(target=tell)
    process.start()
    process.join()


def tell() -> None:
    print(counted_threads.at_fork, "faust.tables.recovery" in sys.modules)


def test_a_wanted_port_is_taken_unless_somebody_listens_there() -> None:
    wanted = free_port()
    assert any_address(wanted) == f"127.0.0.1:{wanted}"
    with socket.create_server(("127.0.0.1", wanted)):
        assert wanted < free_port(wanted) < wanted + 20


def test_a_helper_that_refuses_its_settings_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="the monitor worker ended with exit code 2"):
        start_up(tmp_path, CALLSIFT_MONITOR_INTERVAL_S="never")
