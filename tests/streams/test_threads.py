"""Threads of a kind of call's own: limits, the log's fields, and who is held up by what hangs."""

import asyncio
import json
import logging
import threading
from collections.abc import Iterator

import pytest

from streams.logs import logged_with, set_up_logging
from streams.threads import Threads


@pytest.fixture
def over() -> Iterator[threading.Event]:
    """What hangs, hangs until the test is over."""
    over = threading.Event()
    yield over
    over.set()


async def test_a_call_that_hangs_ends_at_its_limit(over: threading.Event) -> None:
    with pytest.raises(TimeoutError):
        await Threads("test", 1).run(over.wait, 0.05)


async def test_calls_that_hang_hold_up_their_own_kind_alone(over: threading.Event) -> None:
    hung, others = Threads("hung", 2), Threads("others", 1)
    calls = await asyncio.gather(*(hung.run(over.wait, 0.05) for _ in range(50)), return_exceptions=True)
    assert {type(call) for call in calls} == {TimeoutError}
    async with asyncio.timeout(10):
        assert await others.run(lambda: 1) == await asyncio.to_thread(lambda: 1) == 1
    with pytest.raises(TimeoutError):  # both are still taken
        await hung.run(lambda: 1, 0.05)


async def test_a_cancellation_that_meets_the_end_of_a_call_is_not_lost() -> None:
    threads, go, ended = Threads("test", 1), threading.Event(), threading.Event()
    task = asyncio.create_task(threads.run(go.wait, 60))
    await asyncio.sleep(0)
    threads.forget(ended.set)  # the one thread does it when the call is done
    go.set()
    ended.wait()
    await asyncio.sleep(0)  # the result is there, and the task has not seen it yet
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_line_that_a_call_logs_has_its_callers_fields(capsys: pytest.CaptureFixture[str]) -> None:
    handlers, level = logging.root.handlers[:], logging.root.level
    try:
        set_up_logging("INFO", "json")
        with logged_with(call_id="call-1"):
            await Threads("test", 1).run(lambda: logging.getLogger("callsift.test").error("failed"))
    finally:
        logging.root.handlers[:], logging.root.level = handlers, level
    assert json.loads(capsys.readouterr().err)["call_id"] == "call-1"
