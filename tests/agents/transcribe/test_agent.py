"""The transcribe stage with real child processes, from prepared audio to a transcript."""

import asyncio
import json
import multiprocessing
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
import pytest_asyncio
import soundfile
from prometheus_client import REGISTRY

from agents.classify.core import empty_call
from agents.sink.core import done
from agents.transcribe.agent import TranscribeAgent
from agents.transcribe.core import spans_to_decode
from agents.transcribe.languages import LanguageWithoutRules
from agents.transcribe.languages.tr.redaction import core as redaction
from agents.transcribe.models import LanguageWithoutModel
from agents.transcribe.prepared_audio import UnreadableAudio
from agents.transcribe.settings import TranscribeSettings
from schemas import AudioReady, CallTranscribed, Speaker, SpeechSegment, Taxonomy
from streams.errors import NativeCodeDied, SettingsError
from streams.payloads.claim_check import ClaimCheckStore
from streams.payloads.errors import AudioStoreUnavailable, PayloadGone
from tests.agents.demo_calls import SPEECH_MODEL
from tests.agents.transcribe.prepared_calls import CALLS, checkpoints, one_after_another, ready
from tests.patience import PATIENCE_S

integration = pytest.mark.integration
in_module_loop = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ClaimCheckStore:
    return ClaimCheckStore(tmp_path_factory.mktemp("audio").as_uri())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def agent(store: ClaimCheckStore) -> AsyncIterator[TranscribeAgent]:
    agent = TranscribeAgent(TranscribeSettings(vosk_model=SPEECH_MODEL, processes=2), store)
    await agent.start()
    yield agent
    await agent.stop()


def said_by(call: CallTranscribed, speaker: Speaker) -> str:
    return " ".join(turn.text for turn in call.turns if turn.speaker == speaker)


@integration
@in_module_loop
async def test_prepared_audio_becomes_the_transcript(agent: TranscribeAgent, store: ClaimCheckStore) -> None:
    call = await agent.work(ready("moving-house", store))
    assert [turn.speaker for turn in call.turns] == [turn.speaker for turn in CALLS["moving-house"].turns]
    assert "nakliyat" in said_by(call, Speaker.CUSTOMER)
    assert "ev aletleri" in said_by(call, Speaker.AGENT)
    assert call.language == "tr"
    assert call.speech_model.startswith("model@")
    assert call.transcript_confidence is not None
    figures = call.figures.speakers[Speaker.CUSTOMER]
    assert figures.words == len(said_by(call, Speaker.CUSTOMER).split())
    assert 60 < (figures.words_per_minute or 0) < 300
    assert all(turn.normalised for turn in call.turns)


@integration
@in_module_loop
async def test_a_call_whose_redaction_fails_goes_on_and_says_how_many_turns_are_withheld(
    agent: TranscribeAgent, store: ClaimCheckStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> NoReturn:
        raise IndexError

    whole = await agent.work(ready("price-then-appointment", store))
    monkeypatch.setattr(redaction, "number_spans", failing)
    before = withheld_turns()
    call = await agent.work(ready("price-then-appointment", store))
    said = [turn.text for turn in call.turns]
    assert call.turns_withheld == said.count("[withheld]") > 0
    assert withheld_turns() - before == call.turns_withheld
    assert whole.turns_withheld == 0
    assert {text for text in said if text != "[withheld]"} <= {turn.text for turn in whole.turns}
    assert {turn.normalised for turn in call.turns if turn.text == "[withheld]"} == {"[withheld]"}
    outcome = done(empty_call(call, Taxonomy.load()), call.ended_at)
    assert outcome.turns_withheld == call.turns_withheld


@integration
@in_module_loop
async def test_a_repetition_gives_the_same_transcript(agent: TranscribeAgent, store: ClaimCheckStore) -> None:
    call = ready("wrong-number", store)
    assert await agent.work(call) == await agent.work(call)


@integration
@in_module_loop
async def test_a_dead_line_has_an_empty_transcript(agent: TranscribeAgent, store: ClaimCheckStore) -> None:
    assert (await agent.work(ready("dead-line", store))).turns == ()


@integration
@in_module_loop
async def test_a_silent_customer_leaves_only_the_agents_turns(agent: TranscribeAgent, store: ClaimCheckStore) -> None:
    call = await agent.work(ready("nobody-answers", store))
    assert {turn.speaker for turn in call.turns} == {Speaker.AGENT}


@integration
@in_module_loop
async def test_a_recording_of_one_channel_is_recognised_as_one_undivided_speaker(
    agent: TranscribeAgent, store: ClaimCheckStore, tmp_path: Path
) -> None:
    apart = ready("moving-house", store)
    store.get_file(apart.audio, tmp_path / "apart.flac")
    samples, rate_hz = soundfile.read(tmp_path / "apart.flac", dtype="int16")
    soundfile.write(tmp_path / "mixed.flac", samples.sum(axis=1, dtype=np.int16), rate_hz, subtype="PCM_16")
    everybody = tuple(sorted((part for own in apart.speech.values() for part in own), key=lambda part: part.start_s))
    mixed = {
        "audio": store.put_file("mixed.flac", tmp_path / "mixed.flac"),
        "audio_channels": (Speaker.UNDIVIDED,),
        "speech": {Speaker.UNDIVIDED: everybody},
    }
    call = await agent.work(apart.model_copy(update=mixed))
    assert {turn.speaker for turn in call.turns} == {Speaker.UNDIVIDED}
    assert {"nakliyat", "aletleri"} <= set(said_by(call, Speaker.UNDIVIDED).split())


@integration
@in_module_loop
async def test_audio_that_is_gone_is_a_permanent_error(agent: TranscribeAgent, store: ClaimCheckStore) -> None:
    call = ready("wrong-number", store)
    gone = call.audio.model_copy(update={"uri": call.audio.uri.replace("wrong-number", "deleted")})
    with pytest.raises(PayloadGone, match="Replay the call-ended event"):
        await agent.work(call.model_copy(update={"audio": gone}))


@integration
async def test_a_store_that_hangs_is_an_error_the_runner_waits_for(store: ClaimCheckStore, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # it holds its reader up for ever
    agent = TranscribeAgent(
        TranscribeSettings(vosk_model=SPEECH_MODEL), ClaimCheckStore(tmp_path.as_uri(), limit_s=0.1)
    )
    hung = {"uri": f"{tmp_path.as_uri()}/pipe", "size_bytes": 1}
    call = ready("wrong-number", store)
    try:
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(AudioStoreUnavailable, match=r"within 0\.1 s"):
                await agent.work(call.model_copy(update={"audio": call.audio.model_copy(update=hung)}))
    finally:
        os.close(os.open(tmp_path / "pipe", os.O_WRONLY))
        await agent.stop()


@integration
@in_module_loop
async def test_the_failure_of_a_piece_is_the_failure_of_the_call(
    agent: TranscribeAgent, store: ClaimCheckStore
) -> None:
    call = ready("wrong-number", store).model_copy(update={"audio": store.put("no.flac", b"not FLAC at all")})
    with pytest.raises(UnreadableAudio):
        await agent.work(call)
    assert (await agent.work(ready("wrong-number", store))).turns


@integration
@in_module_loop
async def test_a_call_in_a_language_without_a_model_is_a_permanent_error(
    agent: TranscribeAgent, store: ClaimCheckStore
) -> None:
    call = ready("wrong-number", store)
    with pytest.raises(LanguageWithoutModel, match="'de'"):
        await agent.work(call.model_copy(update={"language": "de"}))
    assert (await agent.work(call.model_copy(update={"language": "tr-TR"}))).language == "tr"


@integration
@in_module_loop
async def test_a_long_call_does_not_hold_up_the_short_one_behind_it(
    agent: TranscribeAgent, store: ClaimCheckStore
) -> None:
    done: list[str] = []

    async def follow(name: str, call: AudioReady) -> None:
        await agent.work(call)
        done.append(name)

    long = asyncio.create_task(follow("long", one_after_another("leaking-washing-machine", 30, store)))
    began = decoded_s()
    while decoded_s() == began:  # until it has the children to itself
        await asyncio.sleep(0.01)
    await follow("short", ready("wrong-number", store))
    await long
    assert done == ["short", "long"]


@integration
@in_module_loop
async def test_a_cancelled_call_leaves_the_children_to_the_next_one(
    agent: TranscribeAgent, store: ClaimCheckStore
) -> None:
    long = one_after_another("leaking-washing-machine", 30, store)
    began = decoded_s()
    task = asyncio.create_task(agent.work(long))
    while decoded_s() == began:  # until it is under way
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    at_cancellation = decoded_s()
    call = ready("wrong-number", store)
    assert (await agent.work(call)).turns
    assert decoded_s() == pytest.approx(at_cancellation + seconds(call))  # nothing of the cancelled one


@integration
async def test_a_call_that_takes_too_long_is_a_failure_the_runner_knows(store: ClaimCheckStore) -> None:
    agent = TranscribeAgent(TranscribeSettings(vosk_model=SPEECH_MODEL, time_limit_s=0.001), store)
    one_span = (SpeechSegment(start_s=0.0, end_s=1000.0),)
    long = one_after_another("leaking-washing-machine", 25, store)
    try:
        with pytest.raises(NativeCodeDied, match=r"no result within 0\.001 s"):
            await agent.work(long.model_copy(update={"speech": {Speaker.CUSTOMER: one_span}}))
    finally:
        await agent.stop()


@integration
async def test_each_language_is_recognised_by_its_own_model(store: ClaimCheckStore, tmp_path: Path) -> None:
    other = tmp_path / "azerbaijani"
    other.symlink_to(SPEECH_MODEL, target_is_directory=True)
    models = json.dumps({"az": str(other)})
    settings = TranscribeSettings.read(vosk_model=SPEECH_MODEL, vosk_models=models, partly_redacted=("az",))
    agent = TranscribeAgent(settings, store)
    call = ready("wrong-number", store)
    try:
        await agent.start()
        azerbaijani = await agent.work(call.model_copy(update={"language": "az-AZ"}))
        assert azerbaijani.language == "az"
        assert all(turn.normalised is None for turn in azerbaijani.turns)
        assert (await agent.work(call)).language == "tr"
    finally:
        await agent.stop()


@integration
async def test_a_call_in_a_language_without_rules_is_refused_before_anything_is_decoded(
    store: ClaimCheckStore, tmp_path: Path
) -> None:
    other = tmp_path / "azerbaijani"
    other.symlink_to(SPEECH_MODEL, target_is_directory=True)
    models = json.dumps({"az": str(other)})
    agent = TranscribeAgent(TranscribeSettings.read(vosk_model=SPEECH_MODEL, vosk_models=models), store)
    call = ready("wrong-number", store).model_copy(update={"language": "az"})
    with pytest.raises(LanguageWithoutRules, match="CALLSIFT_TRANSCRIBE_PARTLY_REDACTED"):
        await agent.work(call)


def test_a_worker_whose_default_language_has_no_rules_does_not_start(store: ClaimCheckStore) -> None:
    given = {"vosk_model": SPEECH_MODEL, "language": "az"}
    with pytest.raises(SettingsError, match="CALLSIFT_TRANSCRIBE_PARTLY_REDACTED"):
        TranscribeAgent(TranscribeSettings.read(**given), store)
    TranscribeAgent(TranscribeSettings.read(**given, partly_redacted=("az-AZ",)), store)


@integration
@pytest.mark.parametrize("variable", ["vosk_model", "vosk_models"])
async def test_a_worker_with_a_model_missing_does_not_start(
    store: ClaimCheckStore, tmp_path: Path, variable: str
) -> None:
    given = {"vosk_model": SPEECH_MODEL, "vosk_models": json.dumps({"en": str(tmp_path)})}
    given |= {"vosk_model": tmp_path} if variable == "vosk_model" else {}
    agent = TranscribeAgent(TranscribeSettings.read(**given), store)
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


# A worker killed in the middle of a long call


def settings() -> TranscribeSettings:
    return TranscribeSettings(vosk_model=SPEECH_MODEL, processes=2, checkpoint_s=0.2)


def decode(uri: str, call: str) -> None:
    asyncio.run(TranscribeAgent(settings(), ClaimCheckStore(uri)).work(AudioReady.model_validate_json(call)))


@pytest.fixture
def own_store(tmp_path: Path) -> ClaimCheckStore:
    """A store where no other test's call leaves a checkpoint, as slow machines have them."""
    return ClaimCheckStore((tmp_path / "own").as_uri())


@pytest.fixture
def killed(store: ClaimCheckStore, own_store: ClaimCheckStore) -> AudioReady:
    """A long call whose worker was killed after its first checkpoint."""
    call = one_after_another("leaking-washing-machine", 20, store)
    uri = own_store.put("nothing", b"").uri.removesuffix("/nothing")
    process = multiprocessing.get_context("spawn").Process(target=decode, args=(uri, call.model_dump_json()))
    process.start()
    deadline = time.monotonic() + PATIENCE_S
    while not checkpoints(own_store):
        assert process.is_alive()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    return call


@integration
@pytest.mark.slow  # make test-slow
async def test_after_a_kill_in_the_middle_of_a_long_call_only_the_rest_is_decoded(
    killed: AudioReady, own_store: ClaimCheckStore, tmp_path: Path
) -> None:
    decoded_before, resumed_before, busy_before = decoded_s(), resumed_s(), busy_s()
    resumed = await once(own_store, killed)
    assert busy_s() > busy_before
    resumed_now, decoded_now = resumed_s() - resumed_before, decoded_s() - decoded_before
    assert resumed_now > 0
    assert 0 < decoded_now < seconds(killed)
    assert decoded_now + resumed_now == pytest.approx(seconds(killed))
    uninterrupted = await once(ClaimCheckStore(tmp_path.as_uri()), killed)
    assert resumed == uninterrupted
    assert len(resumed.turns) > 50


async def once(store: ClaimCheckStore, call: AudioReady) -> CallTranscribed:
    agent = TranscribeAgent(settings(), store)
    try:
        return await agent.work(call)
    finally:
        await agent.stop()


def decoded_s() -> float:
    return REGISTRY.get_sample_value("callsift_transcribe_decoded_seconds_total") or 0.0


def withheld_turns() -> float:
    return REGISTRY.get_sample_value("callsift_transcribe_withheld_turns_total") or 0.0


def busy_s() -> float:
    return REGISTRY.get_sample_value("callsift_transcribe_busy_seconds_total") or 0.0


def resumed_s() -> float:
    return REGISTRY.get_sample_value("callsift_transcribe_resumed_seconds_total") or 0.0


def seconds(call: AudioReady) -> float:
    return sum(span.seconds for span in spans_to_decode(call))
