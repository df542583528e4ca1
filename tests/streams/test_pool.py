"""Native code that crashes, hangs or eats memory costs one try, and nothing else."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from streams.errors import NativeCodeDied, SettingsError, TransientError
from streams.pool import ChildrenDoNotStart, NativePool, end_with_parent
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="a way of Linux alone")


def nothing() -> None:
    pass


def identity(value: int) -> int:
    return value


def crash() -> None:
    os._exit(11)


def hang() -> None:
    time.sleep(3600)


def devour() -> int:
    return len(bytearray(2 * 1024**3))


def refuse() -> None:
    raise SettingsError("no model", "name one")


@pytest.fixture
async def pool() -> AsyncIterator[NativePool]:
    pool = NativePool(processes=1, time_limit_s=5.0, memory_limit_mb=1024, initializer=nothing)
    yield pool
    await pool.close()


async def test_a_result_comes_back(pool: NativePool) -> None:
    assert await pool.run(identity, 7) == 7


async def test_a_crash_is_a_transient_error_and_the_next_call_works(pool: NativePool) -> None:
    with pytest.raises(NativeCodeDied, match="exit code"):
        await pool.run(crash)
    assert await pool.run(identity, 7) == 7


async def test_a_hang_is_killed_at_the_limit_and_the_next_call_works() -> None:
    pool = NativePool(processes=1, time_limit_s=1.0, memory_limit_mb=0, initializer=nothing)
    with pytest.raises(NativeCodeDied, match="within 1 s"):
        await pool.run(hang)
    assert await pool.run(identity, 7) == 7
    await pool.close()


async def test_an_idle_child_that_is_killed_from_outside_costs_nothing(pool: NativePool) -> None:
    os.kill(await pool.run(os.getpid), signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE_S
    while True:  # until pebble has noticed, one try may fail like any other
        try:
            assert await pool.run(identity, 7) == 7
            break
        except TransientError:
            assert time.monotonic() < deadline
    assert await pool.run(identity, 8) == 8


async def test_children_that_cannot_be_prepared_are_a_dependency_that_is_away() -> None:
    pool = NativePool(processes=1, time_limit_s=5.0, memory_limit_mb=0, initializer=refuse)
    with pytest.raises(ChildrenDoNotStart):
        for _ in range(20):
            await pool.run(identity, 7)
    await pool.close()


async def test_memory_beyond_the_limit_is_refused_inside_the_child(pool: NativePool) -> None:
    with pytest.raises(NativeCodeDied, match="memory"):
        await pool.run(devour)
    assert await pool.run(identity, 7) == 7


async def test_our_own_errors_cross_the_process_boundary_whole(pool: NativePool) -> None:
    with pytest.raises(SettingsError) as refused:
        await pool.run(refuse)
    assert (refused.value.message, refused.value.cure) == ("no model", "name one")


def wait_for_work(platform: str) -> None:
    end_with_parent(platform)
    print(os.getpid(), flush=True)  # the test reads it
    time.sleep(3600)


def hold_a_child(platform: str) -> None:
    multiprocessing.get_context("spawn").Process(target=wait_for_work, args=(platform,)).start()
    time.sleep(3600)


@pytest.mark.parametrize("platform", [pytest.param("linux", marks=only_linux), "darwin"])
def test_a_child_does_not_outlive_its_parent(platform: str) -> None:
    code = f"from tests.streams.test_pool import hold_a_child; hold_a_child({platform!r})"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    try:
        child.wait(timeout=30)
    finally:
        with suppress(psutil.NoSuchProcess):
            child.kill()


@only_linux
def test_a_machine_whose_shared_memory_cannot_be_written_is_told_so_in_a_sentence(tmp_path: Path) -> None:
    """As root, with /dev/shm read-only in a namespace of its own."""
    code = (
        "import streams.pool; streams.pool.NativePool(processes=1, time_limit_s=1, memory_limit_mb=0, initializer=int)"
    )
    script = f'mount -t tmpfs -o ro none /dev/shm || exit 77; exec "{sys.executable}" -c "{code}"'
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if "NoSharedMemory" not in ended.stderr and ("unshare" in ended.stderr or ended.returncode == 77):
        pytest.skip(f"may not mount here: {ended.stderr.strip()}")
    assert "has to be there, writable and not full" in ended.stderr
