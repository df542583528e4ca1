"""Listening over real connections, to a server that says what an Asterisk said."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from schemas import CallEnded, FilePerSpeaker
from sources.asterisk import listener
from sources.asterisk.listener import Listener
from sources.asterisk.settings import AsteriskSource
from sources.intake import Intake
from streams.errors import CallsiftError
from tests.patience import PATIENCE_S
from tests.sources.asterisk.replay import SECRET, Replay, replayed
from tests.sources.asterisk.traces import TRUNKS
from tests.sources.folder.test_watcher import Brokers


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "_TICK_S", 0.01)
    monkeypatch.setattr(listener, "_AGAIN_S", 0.01)


def settings(replay: Replay, folder: Path, secret: str = SECRET, **changes: Any) -> AsteriskSource:
    (folder / "secret").write_text(secret + "\n", encoding="utf-8")
    given = {"host": "127.0.0.1", "port": replay.port, "secret_file": folder / "secret", "trunks": TRUNKS}
    return AsteriskSource(**{"settle_s": 0.05, **given, **changes})


@contextlib.asynccontextmanager
async def listening(
    where: AsteriskSource, brokers: Brokers, on_state: Callable[[bool], None] = lambda _: None
) -> AsyncIterator[None]:
    heard = Listener("asterisk", where, where.secret_file.with_name("asterisk.json"), on_state)
    working = asyncio.create_task(heard.work(Intake(brokers)))
    try:
        yield
    finally:
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working


async def until(met: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not met():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("trace", ["22-02-queue", "16-05-attended-transfer", "22-04-not-answered"])
async def test_a_call_is_handed_in_once_it_is_over(trace: str, tmp_path: Path) -> None:
    brokers = Brokers()
    async with replayed(trace) as replay, listening(settings(replay, tmp_path), brokers):
        await until(lambda: brokers.calls)
        await asyncio.sleep(0.1)
    [call] = brokers.calls
    assert isinstance(call, CallEnded)
    assert call.direction == "inbound"


@pytest.mark.parametrize("share", [0.1, 0.4, 0.7, 0.9])
async def test_a_process_that_ends_in_the_middle_of_a_call_goes_on_with_it(
    share: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is lost and the process with it; the next one asks what goes on, and hears the rest."""
    monkeypatch.setattr(listener, "_AGAIN_S", 60.0)
    brokers, states = Brokers(), list[bool]()
    async with replayed("22-02-queue") as replay:
        replay.lose_at = share
        await lost_and_found(replay, tmp_path, brokers, states)
    [call] = brokers.calls
    assert isinstance(call.recording, FilePerSpeaker)
    assert call.caller == "2125550000"


async def lost_and_found(replay: Replay, folder: Path, brokers: Brokers, states: list[bool]) -> None:
    where = settings(replay, folder, settle_s=0.3, legs=("-r", "-t"))
    async with listening(where, brokers, states.append):
        await until(lambda: False in states)
    async with listening(where, brokers):
        await until(lambda: brokers.calls)


async def test_a_lost_connection_in_a_call_is_made_again(tmp_path: Path) -> None:
    brokers = Brokers()
    async with replayed("22-09-ami-lost-in-the-call") as replay:
        async with listening(settings(replay, tmp_path), brokers):
            await until(lambda: brokers.calls)
        assert replay.logins == 2
    [call] = brokers.calls
    assert (call.queue, call.agent_id) == ("sales", "101")
    assert "ended_unseen" not in call.metadata


async def test_a_list_of_channels_that_breaks_off_ends_no_call(tmp_path: Path) -> None:
    brokers = Brokers()
    async with replayed("22-09-ami-lost-in-the-call") as replay:
        replay.lose_list_at = 2
        async with listening(settings(replay, tmp_path), brokers):
            await until(lambda: brokers.calls)
            await asyncio.sleep(0.2)
        assert replay.logins == 3
    [call] = brokers.calls
    assert (call.queue, call.agent_id) == ("sales", "101")
    assert "ended_unseen" not in call.metadata


async def test_what_brokers_have_not_confirmed_is_handed_in_again_also_by_the_next_process(tmp_path: Path) -> None:
    brokers = Brokers()
    brokers.away = True
    async with replayed("22-01-plain") as replay:
        where = settings(replay, tmp_path)
        async with listening(where, brokers):
            await until(lambda: "ended" in text(tmp_path) and '"ended":null' not in text(tmp_path))
            await asyncio.sleep(0.2)
        kept = text(tmp_path)
        brokers.away = False
        async with listening(where, brokers):
            await until(lambda: brokers.calls)
    [call] = brokers.calls
    assert call.call_id == "1795792923.0"
    assert f'"ended":{call.ended_at.timestamp()}'[:22] in kept


def text(folder: Path) -> str:
    path = folder / "asterisk.json"
    return path.read_text(encoding="utf-8") if path.exists() else ""


async def test_a_refused_login_says_what_to_set_and_no_secret(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with replayed("22-01-plain") as replay:
        where = settings(replay, tmp_path, secret="a guess")
        async with listening(where, Brokers()):
            await until(lambda: caplog.records)
    said = str(caplog.records[0].__dict__["error"])
    assert "secret_file" in said
    assert "a guess" not in caplog.text + said


async def test_a_pbx_that_says_nothing_is_given_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with replayed("22-01-plain") as replay:
        replay.silent = True
        async with listening(settings(replay, tmp_path, silence_s=0.05), Brokers()):
            await until(lambda: caplog.records)
    assert "does not answer" in str(caplog.records[0].__dict__["error"])


async def test_a_quiet_pbx_is_asked_and_kept(tmp_path: Path) -> None:
    states = list[bool]()
    async with replayed("22-01-plain") as replay:
        async with listening(settings(replay, tmp_path, silence_s=0.1), Brokers(), states.append):
            await until(lambda: states)
            await asyncio.sleep(0.5)
        assert replay.logins == 1


def test_a_damaged_file_of_calls_is_said(tmp_path: Path) -> None:
    (tmp_path / "asterisk.json").write_text("{", encoding="utf-8")
    with pytest.raises(CallsiftError, match="cannot be read"):
        Listener("x", AsteriskSource(host="x", secret_file=tmp_path / "secret"), tmp_path / "asterisk.json")
