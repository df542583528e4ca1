"""The transcribe stage with real child processes, from prepared audio to a transcript."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from agents.audio.core import prepare
from agents.audio.prepared import Hearing
from agents.transcribe.agent import TranscribeAgent
from agents.transcribe.settings import TranscribeSettings
from schemas import AudioReady, OneFile, Speaker
from streams.claim_check import ClaimCheckStore, PayloadGone
from streams.errors import CallsiftError, NativeCodeDied, SettingsError
from tests.agents.demo_calls import RECORDINGS, SPEECH_MODEL, demo_calls
from tests.schemas.examples import audio_ready

integration = pytest.mark.integration
CALLS = demo_calls()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ClaimCheckStore:
    return ClaimCheckStore(tmp_path_factory.mktemp("audio").as_uri())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def agent(store: ClaimCheckStore) -> AsyncIterator[TranscribeAgent]:
    agent = TranscribeAgent(TranscribeSettings(vosk_model=SPEECH_MODEL), store)
    await agent.start()
    yield agent
    await agent.stop()


def ready(name: str, store: ClaimCheckStore) -> AudioReady:
    recording = CALLS[name].recording
    assert isinstance(recording, OneFile)
    hearing = Hearing(channels={Speaker.CUSTOMER: 0, Speaker.AGENT: 1}, threshold=0.5, min_silence_s=0.3)
    prepared = prepare(recording, {recording.uri: RECORDINGS / recording.uri}, hearing)
    return audio_ready().model_copy(
        update={
            "audio": store.put(f"{name}.flac", prepared.flac),
            "speech": prepared.speech,
            "recording_facts": prepared.recording_facts,
            "figures": prepared.figures,
        }
    )


@integration
@pytest.mark.asyncio(loop_scope="module")
async def test_prepared_audio_becomes_the_transcript(agent: TranscribeAgent, store: ClaimCheckStore) -> None:
    call = await agent.work(ready("moving-house", store))
    assert [turn.speaker for turn in call.turns] == [turn.speaker for turn in CALLS["moving-house"].turns]
    assert "nakliyat" in call.said_by(Speaker.CUSTOMER)
    assert "ev aletleri" in call.said_by(Speaker.AGENT)
    assert call.language == "tr"
    assert call.speech_model.startswith("model@")


@integration
@pytest.mark.asyncio(loop_scope="module")
async def test_a_repetition_gives_the_same_transcript(agent: TranscribeAgent, store: ClaimCheckStore) -> None:
    call = ready("wrong-number", store)
    assert await agent.work(call) == await agent.work(call)


@integration
@pytest.mark.asyncio(loop_scope="module")
async def test_a_dead_line_has_an_empty_transcript(agent: TranscribeAgent, store: ClaimCheckStore) -> None:
    assert (await agent.work(ready("dead-line", store))).turns == ()


@integration
@pytest.mark.asyncio(loop_scope="module")
async def test_a_silent_customer_leaves_only_the_agents_turns(agent: TranscribeAgent, store: ClaimCheckStore) -> None:
    call = await agent.work(ready("nobody-answers", store))
    assert {turn.speaker for turn in call.turns} == {Speaker.AGENT}


@integration
@pytest.mark.asyncio(loop_scope="module")
async def test_audio_that_is_gone_is_a_permanent_error(agent: TranscribeAgent, store: ClaimCheckStore) -> None:
    call = ready("wrong-number", store)
    gone = call.audio.model_copy(update={"uri": call.audio.uri.replace("wrong-number", "deleted")})
    with pytest.raises(PayloadGone, match="Replay the call-ended event"):
        await agent.work(call.model_copy(update={"audio": gone}))


@integration
@pytest.mark.asyncio(loop_scope="module")
async def test_audio_that_is_no_audio_is_an_error_the_runner_knows(
    agent: TranscribeAgent, store: ClaimCheckStore
) -> None:
    call = ready("wrong-number", store).model_copy(update={"audio": store.put("no.flac", b"not FLAC at all")})
    with pytest.raises(CallsiftError):
        await agent.work(call)


@integration
async def test_a_call_that_takes_too_long_is_a_failure_the_runner_knows(store: ClaimCheckStore) -> None:
    agent = TranscribeAgent(TranscribeSettings(vosk_model=SPEECH_MODEL, time_limit_s=0.001), store)
    try:
        with pytest.raises(NativeCodeDied, match=r"no result within 0\.001 s"):
            await agent.work(ready("moving-house", store))
    finally:
        await agent.stop()


@integration
async def test_a_worker_whose_model_is_missing_does_not_start(store: ClaimCheckStore, tmp_path: Path) -> None:
    agent = TranscribeAgent(TranscribeSettings(vosk_model=tmp_path), store)
    try:
        with pytest.raises(SettingsError, match="CALLSIFT_VOSK_MODEL"):
            await agent.start()
    finally:
        await agent.stop()


def test_a_worker_without_a_model_setting_does_not_start(
    store: ClaimCheckStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CALLSIFT_VOSK_MODEL", raising=False)
    with pytest.raises(SettingsError, match=r"no speech model\. Set CALLSIFT_VOSK_MODEL"):
        TranscribeAgent(TranscribeSettings.read(), store)
