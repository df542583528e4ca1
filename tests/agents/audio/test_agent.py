"""The audio stage with real child processes, from a call's end to prepared audio."""

import asyncio
import io
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
import pytest_asyncio
import soundfile
from fsspec.implementations.memory import MemoryFileSystem

from agents.audio.agent import AudioAgent
from agents.audio.decode import UndecodableRecording
from agents.audio.fetch_settings import FetchSettings
from agents.audio.settings import AudioSettings
from schemas import DISPOSITIONS, AudioReady, CallEnded, CallUnrecorded, Disposition, OneFile, Speaker
from streams.errors import NativeCodeDied, PermanentError
from streams.payloads.claim_check import ClaimCheckStore
from streams.payloads.errors import AudioStoreUnavailable
from streams.privacy import CallerPrivacy
from streams.settings import PrivacySettings
from streams.topics import STAGES, UNRECORDED
from tests.agents.audio.sounds import decode, encode
from tests.agents.demo_calls import RECORDINGS, demo_calls
from tests.patience import PATIENCE_S
from tests.schemas.examples import call_ended

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]
CALLS = demo_calls()
FETCHING = FetchSettings(file_roots=(Path("/"),))
PRIVACY = CallerPrivacy(PrivacySettings(caller="drop"))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ClaimCheckStore:
    return ClaimCheckStore(tmp_path_factory.mktemp("audio").as_uri())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def agent(store: ClaimCheckStore) -> AsyncIterator[AudioAgent]:
    agent = AudioAgent(AudioSettings(), FETCHING, store, PRIVACY)
    await agent.start()
    yield agent
    await agent.stop()


def ended(name: str) -> CallEnded:
    return call_ended().model_copy(update={"recording": CALLS[name].addressed})


async def prepared(agent: AudioAgent, call: CallEnded) -> AudioReady:
    ready = await agent.work(call)
    assert isinstance(ready, AudioReady)
    return ready


@pytest.mark.parametrize("disposition", DISPOSITIONS)
async def test_a_call_without_a_recording_is_passed_on_by_itself(agent: AudioAgent, disposition: Disposition) -> None:
    call = call_ended().model_copy(update={"recording": None, "disposition": disposition})
    assert not agent.needs_dependency(call)
    result = await agent.work(call)
    assert isinstance(result, CallUnrecorded)
    assert (result.call_id, result.disposition, result.caller) == (call.call_id, disposition, None)
    assert STAGES["audio"].topic_of(result) is UNRECORDED


@pytest.mark.parametrize("name", ["moving-house", "in-a-meeting", "under-warranty-but-pays", "nobody-answers"])
async def test_a_call_that_ended_becomes_prepared_audio(agent: AudioAgent, store: ClaimCheckStore, name: str) -> None:
    ready = await prepared(agent, ended(name))
    flac = store.get(ready.audio)
    assert ready.audio.size_bytes == len(flac)
    facts = soundfile.info(io.BytesIO(flac))
    assert (facts.format, facts.samplerate, facts.channels) == ("FLAC", 16_000, 2)
    assert facts.duration == pytest.approx(ready.recording_facts.duration_s, abs=0.001)
    assert bool(ready.speech[Speaker.CUSTOMER]) == bool(CALLS[name].words(Speaker.CUSTOMER))
    assert ready.trace_id == ended(name).trace_id
    assert (ended(name).caller is None, ready.caller) == (False, None)


async def test_a_recording_without_a_header_is_known_by_its_name(agent: AudioAgent, tmp_path: Path) -> None:
    samples = decode(RECORDINGS / "moving-house.mp3").samples.mean(axis=0, keepdims=True)
    path = encode(tmp_path / "call.g722", np.repeat(samples, 2, axis=1), "g722", "g722", 16_000)
    ready = await prepared(agent, call_ended().model_copy(update={"recording": OneFile(uri=path.as_uri())}))
    assert ready.recording_facts.codec == "g722"
    assert ready.audio_channels == (Speaker.UNDIVIDED,)
    assert soundfile.info(io.BytesIO(ClaimCheckStore.get(ready.audio))).channels == 1


async def test_a_repetition_gives_the_same_event_and_the_same_audio(agent: AudioAgent) -> None:
    assert await agent.work(ended("wrong-number")) == await agent.work(ended("wrong-number"))


async def test_an_error_raised_in_a_child_arrives_unchanged(agent: AudioAgent, tmp_path: Path) -> None:
    path = tmp_path / "recording.wav"
    path.write_text("not a recording, but long enough to be one", encoding="utf-8")
    call = call_ended().model_copy(update={"recording": OneFile(uri=path.as_uri())})
    with pytest.raises(UndecodableRecording, match="no known audio format in 42 bytes"):
        await agent.work(call)


@pytest.mark.parametrize("uri", ["http://[::1/x.wav", "http://h\u2100/x.wav", "file://[/x", "//[", "\0"])
async def test_an_address_that_nobody_can_read_is_the_fault_of_the_event(agent: AudioAgent, uri: str) -> None:
    call = call_ended().model_copy(update={"recording": OneFile(uri=uri)})
    with pytest.raises(PermanentError, match=r"cannot fetch|not allowed"):
        await agent.work(call)


async def test_a_call_whose_identifier_is_a_path_stays_in_the_store(agent: AudioAgent, tmp_path: Path) -> None:
    call = ended("dead-line").model_copy(update={"call_id": "../../etc/çağrı 1"})
    ready = await prepared(agent, call)
    assert ".." not in ready.audio.uri
    assert ready.call_id == call.call_id


async def test_a_recording_that_takes_too_long_costs_one_child_and_not_the_worker(store: ClaimCheckStore) -> None:
    agent = AudioAgent(AudioSettings(time_limit_s=0.001), FETCHING, store, PRIVACY)
    try:
        with pytest.raises(NativeCodeDied, match=r"no result within 0\.001 s"):
            await agent.work(ended("moving-house"))
    finally:
        await agent.stop()


class Hanging(MemoryFileSystem):  # type: ignore[misc]
    """A driver that takes a file and never says that it has it."""

    protocol = "hanging"
    over = threading.Event()

    def open(self, *_: Any, **__: Any) -> io.BytesIO:
        self.over.wait()
        return io.BytesIO()


async def test_a_store_that_hangs_is_an_error_the_runner_waits_for() -> None:
    fsspec.register_implementation("hanging", Hanging, clobber=True)
    agent = AudioAgent(AudioSettings(), FETCHING, ClaimCheckStore("hanging://calls", limit_s=0.1), PRIVACY)
    try:
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(AudioStoreUnavailable, match=r"no answer from hanging://calls within 0\.\d+ s"):
                await agent.work(ended("dead-line"))
    finally:
        Hanging.over.set()
        await agent.stop()
