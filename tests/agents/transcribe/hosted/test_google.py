"""Google Speech-to-Text against a local server that speaks its published protocol. Never against the service itself.

The table of misbehaviour in docs/recognisers.md is the parameters here.
"""

import json
import logging
import traceback
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

speech_v2 = pytest.importorskip("google.cloud.speech_v2", reason="the extra google-speech is not installed")
from agents.transcribe.agent import TranscribeAgent  # noqa: E402
from agents.transcribe.hosted.errors import RecogniserAway, RecogniserBusy, SpeechRefused  # noqa: E402
from agents.transcribe.hosted.google import segments  # noqa: E402
from agents.transcribe.settings import TranscribeSettings  # noqa: E402
from streams.errors import CallsiftError  # noqa: E402
from streams.payloads.claim_check import ClaimCheckStore  # noqa: E402
from tests.agents.transcribe.prepared_calls import ready  # noqa: E402
from tests.servers.google_speech import GoogleServer, failed, google_server  # noqa: E402

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]
CALL = "moving-house"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running() -> AsyncIterator[GoogleServer]:
    async with google_server() as server:
        yield server


@pytest.fixture
def server(running: GoogleServer) -> GoogleServer:
    running.received.clear()
    running.replies.clear()
    return running


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ClaimCheckStore:
    return ClaimCheckStore(tmp_path_factory.mktemp("audio").as_uri())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def agent(
    running: GoogleServer, store: ClaimCheckStore, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[TranscribeAgent]:
    agent = TranscribeAgent(settings(tmp_path_factory.mktemp("engines"), running.address), store)
    await agent.start()
    yield agent
    await agent.stop()


def settings(folder: Path, address: str, **google: Any) -> TranscribeSettings:
    (folder / "phrases.txt").write_text("# brands\nBaymak\nklima bakımı\n", encoding="utf-8")
    own = {
        "project": "my-project",
        "location": "eu",
        "model": "chirp_2",
        "endpoint": f"http://{address}",
        "phrases": str(folder / "phrases.txt"),
    }
    file = folder / "engines.yaml"
    engines = {"phone": {"google": own | google, "timeout_s": 5}}
    file.write_text(json.dumps({"engines": engines, "routes": [{"engine": "phone"}]}), encoding="utf-8")
    return TranscribeSettings(engines_file=file)


async def test_a_call_gets_what_google_heard(
    agent: TranscribeAgent, server: GoogleServer, store: ClaimCheckStore
) -> None:
    call = await agent.work(ready(CALL, store))
    assert call.speech_model == "phone:chirp_2@eu"
    assert "nakliyat" in " ".join(turn.text for turn in call.turns)
    assert {word.confidence for turn in call.turns for word in turn.words} == {0.75}
    request = server.received[0]
    assert request.recognizer == "projects/my-project/locations/eu/recognizers/_"
    assert list(request.config.language_codes) == ["tr-TR"]
    assert request.config.model == "chirp_2"
    assert request.config.features.enable_word_time_offsets
    assert request.config.explicit_decoding_config.sample_rate_hertz == 16_000
    [phrases] = request.config.adaptation.phrase_sets
    assert [phrase.value for phrase in phrases.inline_phrase_set.phrases] == ["Baymak", "klima bakımı"]
    assert server.metadata[0]["x-goog-request-params"].startswith("recognizer=projects/my-project")


MISBEHAVIOUR: dict[str, tuple[Any, type[CallsiftError]]] = {
    "no permission": (failed("PERMISSION_DENIED"), RecogniserAway),
    "credentials refused": (failed("UNAUTHENTICATED"), RecogniserAway),
    "no billing": (failed("FAILED_PRECONDITION"), RecogniserAway),
    "no such model in the region": (failed("NOT_FOUND"), RecogniserAway),
    "quota": (failed("RESOURCE_EXHAUSTED", retry_s=7), RecogniserAway),
    "internal error": (failed("INTERNAL"), RecogniserBusy),
    "overloaded": (failed("UNAVAILABLE"), RecogniserBusy),
    "too slow": (failed("DEADLINE_EXCEEDED"), RecogniserBusy),
    "speech refused": (failed("INVALID_ARGUMENT", "audio: kombim is too long"), SpeechRefused),
}


@pytest.mark.parametrize("name", MISBEHAVIOUR)
async def test_misbehaviour_has_a_name_and_nothing_of_the_request_is_shown(
    agent: TranscribeAgent, server: GoogleServer, store: ClaimCheckStore, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level(logging.DEBUG)
    status, expected = MISBEHAVIOUR[name]
    server.replies.extend([status] * 20)
    with pytest.raises(CallsiftError) as raised:
        await agent.work(ready(CALL, store).model_copy(update={"call_id": name}))
    assert type(raised.value) is expected
    assert getattr(raised.value, "retry_after_s", None) == (7.0 if name == "quota" else None)
    assert "kombim" not in caplog.text + "".join(traceback.format_exception(raised.value))


async def test_a_service_that_is_not_there_counts_as_away(store: ClaimCheckStore, tmp_path: Path) -> None:
    async with google_server() as gone:
        address = gone.address
    agent = TranscribeAgent(settings(tmp_path, address), store)
    await agent.start()
    try:
        with pytest.raises(RecogniserAway):
            await agent.work(ready(CALL, store).model_copy(update={"call_id": "nobody there"}))
    finally:
        await agent.stop()


async def test_words_without_times_of_their_own_share_their_stretch() -> None:
    result = speech_v2.SpeechRecognitionResult(
        alternatives=[speech_v2.SpeechRecognitionAlternative(transcript="alo kombim bozuldu")],
        result_end_offset=timedelta(seconds=3),
    )
    [segment] = segments(speech_v2.RecognizeResponse(results=[result]), 10.0)
    assert [(word.text, word.start_s, word.confidence) for word in segment.words] == [
        ("alo", 0.0, None),
        ("kombim", 1.0, None),
        ("bozuldu", 2.0, None),
    ]
