"""Native code that crashes, hangs or eats memory costs one try, and nothing else."""

import asyncio
import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from streams.errors import NativeCodeDied, SettingsError
from streams.forks import ChildrenDoNotStart, end_with_parent
from streams.pool import NativePool, Work
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="a way of Linux alone")


def nothing() -> None:
    pass


def identity(value: int) -> int:
    return value


def scheduling_policy() -> int:
    return os.sched_getscheduler(threading.get_native_id())


def crash() -> None:
    os._exit(11)


def hang() -> None:
    time.sleep(3600)


def devour() -> int:
    return len(bytearray(2 * 1024**3))


def refuse() -> None:
    raise SettingsError("no model", "name one")


def tell_and_hang(told: Path) -> None:
    draft = told.with_suffix(".draft")
    draft.write_text(str(os.getpid()))
    draft.replace(told)
    time.sleep(3600)


def start_and_wait(folder: Path, number: int) -> int:
    (folder / f"began {number}").touch()
    while not (folder / "go on").exists():
        time.sleep(0.01)
    return number


def begun(folder: Path) -> int:
    return len([*folder.glob("began *")])


def be_deaf() -> None:
    print(os.getppid(), os.getpid(), flush=True)  # the test reads it
    ctypes.PyDLL(None).sleep(3600)


async def hold_a_deaf_child() -> None:
    await NativePool(processes=1, time_limit_s=3600, memory_limit_mb=0, initializer=nothing).run(be_deaf)


def leave(told: Path) -> None:
    loop = asyncio.new_event_loop()
    pool = NativePool(processes=1, time_limit_s=3600, memory_limit_mb=0, initializer=nothing)

    def look() -> None:
        if told.exists():
            sys.exit(9)
        loop.call_later(0.01, look)

    look()
    loop.run_until_complete(pool.run(tell_and_hang, told))


def follow_and_wait() -> None:
    end_with_parent("darwin")
    print(os.getpid(), flush=True)  # the test reads it
    time.sleep(3600)


def hold_a_child() -> None:
    multiprocessing.get_context("spawn").Process(target=follow_and_wait).start()
    time.sleep(3600)


def wait_for_end(pid: int) -> None:
    """Return when a process that somebody else reaps has ended."""
    with suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(PATIENCE_S)


def run_program(body: str) -> list[str]:
    """Run the body of a coroutine in a process of its own, whose fork server is its own; return the lines it prints."""
    lines = [
        "import asyncio, os",
        "from streams.forks import ChildrenDoNotStart",
        "from streams.pool import NativePool",
        "async def main():",
        textwrap.indent(textwrap.dedent(body), "    "),
        "    await pool.close()",
        "asyncio.run(main())",
    ]
    command = [sys.executable, "-c", "\n".join(lines)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


@pytest.fixture
async def pool() -> AsyncIterator[NativePool]:
    pool = NativePool(processes=1, time_limit_s=5.0, memory_limit_mb=1024, initializer=nothing)
    yield pool
    await pool.close()


async def test_a_result_comes_back(pool: NativePool) -> None:
    assert await pool.run(identity, 7) == 7


async def test_a_crash_is_a_transient_error_and_the_next_call_works(pool: NativePool) -> None:
    with pytest.raises(NativeCodeDied, match="exit code 11"):
        await pool.run(crash)
    assert await pool.run(identity, 7) == 7


async def test_a_hang_is_killed_at_the_limit_and_the_next_call_works() -> None:
    pool = NativePool(processes=1, time_limit_s=1.0, memory_limit_mb=0, initializer=nothing)
    with pytest.raises(NativeCodeDied, match="within 1 s"):
        await pool.run(hang)
    assert await pool.run(identity, 7) == 7
    await pool.close()


async def test_an_idle_child_that_is_killed_from_outside_costs_nothing(pool: NativePool) -> None:
    child = await pool.run(os.getpid)
    os.kill(child, signal.SIGKILL)
    wait_for_end(child)
    assert await pool.run(identity, 7) == 7


async def test_cancelling_the_wait_kills_the_child_and_the_next_call_works(pool: NativePool, tmp_path: Path) -> None:
    told = tmp_path / "pid"
    waiting = asyncio.create_task(pool.run(tell_and_hang, told))
    while not told.exists():
        await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    wait_for_end(int(told.read_text()))
    assert await pool.run(identity, 7) == 7


async def test_a_call_waits_for_a_free_child_and_its_time_counts_from_then_on() -> None:
    pool = NativePool(processes=2, time_limit_s=PATIENCE_S, memory_limit_mb=0, initializer=nothing)
    assert await asyncio.gather(*(pool.run(identity, number) for number in range(20))) == list(range(20))
    await pool.close()


@pytest.mark.parametrize("gives_way", [False, True])
@pytest.mark.parametrize("processes", [1, 2])
async def test_short_work_passes_while_long_work_or_such_as_gives_way_holds_every_child(
    processes: int, gives_way: bool, tmp_path: Path
) -> None:
    pool = NativePool(processes=processes, time_limit_s=PATIENCE_S, memory_limit_mb=0, initializer=nothing)
    try:
        long = Work(PATIENCE_S, is_long=not gives_way, gives_way=gives_way)
        waiting = [asyncio.create_task(pool.run_as(long, start_and_wait, tmp_path, number)) for number in range(4)]
        while begun(tmp_path) < processes:
            await asyncio.sleep(0.01)
        assert await asyncio.gather(*(pool.run(identity, number) for number in range(5))) == list(range(5))
        assert not any(task.done() for task in waiting)
        assert begun(tmp_path) == processes  # the child beyond them is for short work alone
        (tmp_path / "go on").touch()
        assert await asyncio.gather(*waiting) == list(range(4))
    finally:
        await pool.close()


async def test_work_that_gives_way_is_done_after_all_other(tmp_path: Path) -> None:
    pool = NativePool(processes=1, time_limit_s=PATIENCE_S, memory_limit_mb=0, initializer=nothing)
    try:
        running = asyncio.create_task(pool.run(start_and_wait, tmp_path, 0))
        while not begun(tmp_path):
            await asyncio.sleep(0.01)
        done: list[str] = []

        async def noted(name: str, work: Work) -> None:
            await pool.run_as(work, nothing)
            done.append(name)

        old, live = Work(PATIENCE_S, is_long=False, gives_way=True), Work(PATIENCE_S, is_long=False)
        waiting = [asyncio.create_task(noted("old", old)), asyncio.create_task(noted("live", live))]
        await asyncio.sleep(0)
        (tmp_path / "go on").touch()
        await asyncio.gather(running, *waiting)
        assert done == ["live", "old"]
    finally:
        await pool.close()


@only_linux
async def test_work_that_gives_way_is_idle_work_to_linux_and_leaves_its_child_as_it_was() -> None:
    pool = NativePool(processes=1, time_limit_s=PATIENCE_S, memory_limit_mb=0, initializer=nothing)
    try:
        work = Work(PATIENCE_S, is_long=False, gives_way=True)
        assert await pool.run_as(work, scheduling_policy) == os.SCHED_IDLE
        assert await pool.run(scheduling_policy) == os.sched_getscheduler(0)
        with pytest.raises(SettingsError):
            await pool.run_as(work, refuse)
        with pytest.raises(NativeCodeDied):
            await pool.run_as(work, crash)
        assert await pool.run(identity, 7) == 7
    finally:
        await pool.close()


async def test_short_work_alone_never_starts_a_child_more() -> None:
    pool = NativePool(processes=2, time_limit_s=PATIENCE_S, memory_limit_mb=0, initializer=nothing)
    try:
        assert len(set(await asyncio.gather(*(pool.run(os.getpid) for _ in range(20))))) <= 2
    finally:
        await pool.close()


async def test_work_that_is_given_up_while_it_waits_takes_nobodys_place(tmp_path: Path) -> None:
    pool = NativePool(processes=1, time_limit_s=PATIENCE_S, memory_limit_mb=0, initializer=nothing)
    try:
        running = asyncio.create_task(pool.run(start_and_wait, tmp_path, 0))
        while not (tmp_path / "began 0").exists():
            await asyncio.sleep(0.01)
        given_up = asyncio.create_task(pool.run(start_and_wait, tmp_path, 1))
        await asyncio.sleep(0)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        (tmp_path / "go on").touch()
        assert await running == 0
        assert await pool.run(identity, 7) == 7
        assert not (tmp_path / "began 1").exists()
    finally:
        await pool.close()


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


@only_linux
async def test_a_dead_fork_server_costs_the_call_that_is_under_way_and_nothing_else(
    pool: NativePool, tmp_path: Path
) -> None:
    child = await pool.run(os.getpid)
    os.kill(await pool.run(os.getppid), signal.SIGKILL)
    wait_for_end(child)
    assert await pool.run(identity, 7) == 7

    told = tmp_path / "pid"
    waiting = asyncio.create_task(pool.run(tell_and_hang, told))
    while not told.exists():
        await asyncio.sleep(0.01)
    os.kill(psutil.Process(int(told.read_text())).ppid(), signal.SIGKILL)
    with pytest.raises(NativeCodeDied, match="exit code"):
        await waiting
    assert await pool.run(identity, 7) == 7


def test_a_process_that_ends_waits_for_no_child(tmp_path: Path) -> None:
    """SystemExit leaves the loop with the call under way, as SIGTERM does while a worker starts."""
    code = f"import tests.streams.test_pool as test, pathlib; test.leave(pathlib.Path({str(tmp_path / 'pid')!r}))"
    ended = subprocess.run([sys.executable, "-c", code], check=False, timeout=PATIENCE_S)
    assert ended.returncode == 9
    wait_for_end(int((tmp_path / "pid").read_text()))


async def test_a_place_is_kept_while_no_child_is_to_be_had(pool: NativePool, monkeypatch: pytest.MonkeyPatch) -> None:
    child = await pool.run(os.getpid)
    os.kill(child, signal.SIGKILL)
    wait_for_end(child)

    def refuses(_modules: object) -> None:
        raise ChildrenDoNotStart("no child process can be started", "Wait")

    with monkeypatch.context() as patched:
        patched.setattr("streams.pool.start_server", refuses)
        for _ in range(5):
            with pytest.raises(ChildrenDoNotStart):
                await pool.run(identity, 7)
    assert await pool.run(identity, 7) == 7


async def test_what_gets_no_processor_time_has_longer() -> None:
    pool = NativePool(processes=1, time_limit_s=PATIENCE_S, memory_limit_mb=0, initializer=nothing)
    try:
        await pool.run_as(Work(0.5, is_long=False, gives_way=True), time.sleep, 1.0)
        with pytest.raises(NativeCodeDied, match=r"within 0\.5 s"):
            await pool.run_as(Work(0.5, is_long=False), time.sleep, 1.0)
    finally:
        await pool.close()


@only_linux
async def test_a_fork_server_that_cannot_start_is_a_dependency_that_is_away() -> None:
    assert (
        run_program(
            """
        pool = NativePool(
            processes=1, time_limit_s=5, memory_limit_mb=0, initializer=int, modules=("tests.streams.deadly",)
        )
        for _ in range(3):
            try:
                await pool.run(os.getpid)
            except ChildrenDoNotStart as error:
                print(error.message)
        """
        )
        == ["the child processes do not start"] * 3
    )


@only_linux
@pytest.mark.skipif(sys.version_info >= (3, 14), reason="Python takes another folder then")
def test_a_folder_where_no_socket_can_be_is_told_in_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    code = "from streams.forks import start_server; start_server([])"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ChildrenDoNotStart: no child process can be started: AF_UNIX path too long" in ended.stderr


@only_linux
@pytest.mark.parametrize("stage", ["audio", "transcribe"])
def test_what_forks_a_stages_children_has_loaded_their_libraries_and_has_one_thread(stage: str) -> None:
    [threads, loaded] = run_program(
        f"""
        from agents.{stage} import child
        from tests.streams import counted_threads
        modules = (*child.MODULES, counted_threads.__name__)
        pool = NativePool(processes=1, time_limit_s=60, memory_limit_mb=0, initializer=int, modules=modules)
        print(await pool.run(eval, "__import__('sys').modules['tests.streams.counted_threads'].at_fork"))
        print(await pool.run(eval, "[name for name in ('av', 'numpy', 'vosk') if name in __import__('sys').modules]"))
        """
    )
    assert threads == "[1]"
    assert loaded == {"audio": "['av', 'numpy']", "transcribe": "['numpy', 'vosk']"}[stage]


@only_linux
def test_a_child_and_what_forked_it_do_not_outlive_the_worker() -> None:
    """The child is inside native code that keeps Python's lock."""
    code = "import asyncio, tests.streams.test_pool as test; asyncio.run(test.hold_a_deaf_child())"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        server, child = map(int, worker.stdout.readline().split())
        worker.kill()
    wait_for_end(child)
    wait_for_end(server)


def test_where_no_system_call_ends_a_child_with_its_parent_a_thread_does() -> None:
    code = "from tests.streams.test_pool import hold_a_child; hold_a_child()"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    wait_for_end(child)
