"""Checkpoints: what one try decoded, the next one finds, and nothing else."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.transcribe.checkpoint import FORMAT, Checkpoint
from agents.transcribe.span import AudioSpan
from schemas import ClaimCheck, Word
from streams.payloads.claim_check import ClaimCheckStore
from streams.payloads.errors import AudioStoreUnavailable
from tests.agents.transcribe.prepared_calls import checkpoints
from tests.stored import entries

FIRST, SECOND = AudioSpan(0, 1.25, 3.1), AudioSpan(1, 2.7, 4.0)
WORDS = [
    Word(text="su", start_s=1.3, end_s=1.5, confidence=0.9),
    Word(text="akıtıyor", start_s=2, end_s=3, confidence=1),
]


@pytest.fixture
def store(tmp_path: Path) -> ClaimCheckStore:
    return ClaimCheckStore(tmp_path.as_uri())


def checkpoint(store: ClaimCheckStore, *, audio: str = "ab" * 32, model: str = "tr@1") -> Checkpoint:
    return Checkpoint(store, call_id="call", audio_sha256=audio, speech_model=model, every_s=0.01)


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # it is a file or a line of the log that is waited for
        await asyncio.sleep(0.01)


@asynccontextmanager
async def written(store: ClaimCheckStore) -> AsyncIterator[Checkpoint]:
    """Decode the first span, and see it written."""
    own = checkpoint(store)
    async with asyncio.timeout(10), own.kept():
        own.add([FIRST], [WORDS])
        await until(lambda: bool(checkpoints(store)))
        yield own


async def test_a_later_try_finds_what_was_decoded(store: ClaimCheckStore) -> None:
    async with written(store):
        pass
    later = checkpoint(store)
    await later.read()
    assert later.missing([FIRST, SECOND]) == [SECOND]
    assert later.words(FIRST) == tuple(WORDS)


async def test_a_later_try_adds_to_what_it_found(store: ClaimCheckStore) -> None:
    async with written(store):
        pass
    later = checkpoint(store)
    await later.read()
    async with asyncio.timeout(10), later.kept():
        later.add([SECOND], [[]])
        again = checkpoint(store)
        while again.missing([FIRST, SECOND]):
            await asyncio.sleep(0.01)
            await again.read()


@pytest.mark.parametrize("change", [{"audio": "cd" * 32}, {"model": "tr@2"}])
async def test_a_checkpoint_of_other_audio_or_another_model_is_not_used(
    store: ClaimCheckStore, change: dict[str, str]
) -> None:
    async with written(store):
        pass
    other = checkpoint(store, **change)
    await other.read()
    assert other.missing([FIRST]) == [FIRST]


@pytest.mark.parametrize("span", [AudioSpan(1, 1.25, 3.1), AudioSpan(0, 1.3, 3.1), AudioSpan(0, 1.25, 3.2)])
async def test_only_the_very_same_span_counts(store: ClaimCheckStore, span: AudioSpan) -> None:
    async with written(store) as own:
        assert own.missing([span]) == [span]


@given(st.floats(0, 14400), st.floats(0, 14400))
def test_a_span_is_the_same_after_it_was_written(start_s: float, end_s: float) -> None:
    decoded = [(AudioSpan(0, start_s, end_s), tuple(WORDS))]
    assert dict(FORMAT.validate_json(FORMAT.dump_json(decoded))) == dict(decoded)


@pytest.mark.parametrize("content", [b"", b"half a", b'{"another": "format"}', b"[[[0, 1]]]"])
async def test_a_checkpoint_that_cannot_be_read_is_ignored(
    store: ClaimCheckStore, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with written(store):
        pass
    store.put(checkpoints(store)[0], content)
    later = checkpoint(store)
    await later.read()
    assert later.missing([FIRST]) == [FIRST]
    assert "checkpoint ignored" in caplog.text


class Away(ClaimCheckStore):
    """A store that is away."""

    def put(self, name: str, payload: bytes) -> ClaimCheck:
        raise AudioStoreUnavailable("cannot write", "come back later")

    def find(self, name: str) -> bytes | None:
        raise AudioStoreUnavailable("cannot read", "come back later")


async def test_a_store_that_is_away_costs_only_the_checkpoint(caplog: pytest.LogCaptureFixture) -> None:
    own = checkpoint(Away("file:///nowhere"))
    await own.read()
    async with asyncio.timeout(10), own.kept():
        own.add([FIRST], [WORDS])
        await until(lambda: "checkpoint not written" in caplog.text)
    assert own.words(FIRST) == tuple(WORDS)
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


class Broken(ClaimCheckStore):
    """A store with a bug."""

    def put(self, name: str, payload: bytes) -> ClaimCheck:
        raise KeyError("su akıtıyor")


async def test_a_bug_of_the_writer_costs_only_the_checkpoint_and_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = checkpoint(Broken(tmp_path.as_uri()))
    before = asyncio.all_tasks()
    async with asyncio.timeout(10), own.kept():
        own.add([FIRST], [WORDS])
        await until(lambda: asyncio.all_tasks() == before)
    [record] = caplog.records
    assert (record.levelno, vars(record)["error_type"]) == (logging.ERROR, "KeyError")
    assert "akıtıyor" not in caplog.text


async def test_a_store_that_hangs_costs_only_the_checkpoint(
    store: ClaimCheckStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with written(store):
        pass
    (pipe,) = (tmp_path / name for name in checkpoints(store))
    pipe.unlink()
    os.mkfifo(pipe)  # it holds its reader up for ever
    later = checkpoint(ClaimCheckStore(tmp_path.as_uri(), limit_s=0.1))
    try:
        async with asyncio.timeout(10):
            await later.read()
    finally:
        os.close(os.open(pipe, os.O_WRONLY))
    assert later.missing([FIRST]) == [FIRST]
    assert "checkpoint ignored" in caplog.text


async def test_the_writer_of_checkpoints_has_ended_when_the_block_has(store: ClaimCheckStore) -> None:
    before = asyncio.all_tasks()
    async with checkpoint(store).kept():
        assert asyncio.all_tasks() > before
    assert asyncio.all_tasks() == before


async def test_a_call_that_is_done_in_time_leaves_no_checkpoint(store: ClaimCheckStore) -> None:
    own = Checkpoint(store, call_id="call", audio_sha256="ab" * 32, speech_model="tr@1", every_s=60)
    async with own.kept():
        own.add([FIRST], [WORDS])
        await asyncio.sleep(0.05)
    assert entries(store, "decoded") == []
