"""OpenAI's transcriptions against a local server: what is sent, what comes back, and every way in which it misbehaves.

The server hears with Vosk, so that the transcript of a call has to be that of the worker's own Vosk. The table of
misbehaviour in docs/recognisers.md is the parameters here.
"""

import json
import logging
import traceback
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
import pytest_asyncio
from prometheus_client import REGISTRY

from agents.transcribe.agent import TranscribeAgent
from agents.transcribe.core import spans_to_decode
from agents.transcribe.hosted.errors import GarbledTranscript, RecogniserAway, RecogniserBusy, SpeechRefused
from agents.transcribe.settings import TranscribeSettings
from schemas import CallTranscribed, Speaker
from streams.errors import CallsiftError
from streams.payloads.claim_check import ClaimCheckStore
from tests.agents.demo_calls import SPEECH_MODEL
from tests.agents.transcribe.prepared_calls import ready
from tests.servers.transcriptions import Reply, Shape, TranscriptionsServer, transcript, transcriptions_server

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]
KEY = "sk-not-a-key-but-looks-like-one"
CALL = "moving-house"


@pytest.fixture
def store(tmp_path: Path) -> ClaimCheckStore:
    return ClaimCheckStore((tmp_path / "audio").as_uri())


@pytest.fixture(scope="module")
def running() -> Iterator[TranscriptionsServer]:
    with transcriptions_server() as server:
        yield server


@pytest.fixture
def server(running: TranscriptionsServer) -> TranscriptionsServer:
    running.shape = "beside"
    running.replies.clear()
    running.received.clear()
    return running


def settings(folder: Path, url: str, **engine: Any) -> TranscribeSettings:
    (folder / "key").write_text(KEY + "\n", encoding="ascii")
    own = {"openai": {"url": url, "model": "demo"}, "key_file": str(folder / "key"), "timeout_s": 5} | engine
    file = folder / "engines.yaml"
    file.write_text(json.dumps({"engines": {"hosted": own}, "routes": [{"engine": "hosted"}]}), encoding="utf-8")
    return TranscribeSettings(engines_file=file)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def agent(
    running: TranscriptionsServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[TranscribeAgent, ClaimCheckStore]]:
    own = ClaimCheckStore(tmp_path_factory.mktemp("audio").as_uri())
    agent = TranscribeAgent(settings(tmp_path_factory.mktemp("engines"), running.url), own)
    await agent.start()
    yield agent, own
    await agent.stop()


async def by_vosk(store: ClaimCheckStore) -> CallTranscribed:
    agent = TranscribeAgent(TranscribeSettings(vosk_model=SPEECH_MODEL), store)
    await agent.start()
    try:
        return await agent.work(ready(CALL, store))
    finally:
        await agent.stop()


async def test_a_call_gets_the_transcript_that_the_service_heard_at_its_own_times(
    agent: tuple[TranscribeAgent, ClaimCheckStore], server: TranscriptionsServer, store: ClaimCheckStore
) -> None:
    hosted = await agent[0].work(ready(CALL, agent[1]))
    own = await by_vosk(store)
    assert hosted.speech_model == "hosted:demo"
    assert hosted.language == "tr"
    for speaker in (Speaker.CUSTOMER, Speaker.AGENT):
        theirs, ours = (
            [word for turn in call.turns if turn.speaker == speaker for word in turn.words] for call in (hosted, own)
        )
        # stretches of speech are heard together there, and each alone here
        same = [
            (one, other)
            for one in theirs
            for other in ours
            if one.text == other.text and abs(one.start_s - other.start_s) < 0.5
        ]
        assert len({id(one) for one, _ in same}) >= 0.9 * len(ours)
        assert len(theirs) == pytest.approx(len(ours), rel=0.1)


async def test_only_speech_is_sent_with_the_key_and_the_language(
    agent: tuple[TranscribeAgent, ClaimCheckStore], server: TranscriptionsServer
) -> None:
    call = ready("price-then-appointment", agent[1])
    await agent[0].work(call)
    spoken_s = sum(span.seconds for span in spans_to_decode(call))
    sent_s = sum(request.seconds for request in server.received)
    assert spoken_s <= sent_s + 0.1
    assert sent_s <= spoken_s + 0.3 * len(spans_to_decode(call))
    assert all(request.seconds <= 28.1 for request in server.received)
    for request in server.received:
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        assert request.fields["language"] == ["tr"]
        assert request.fields["timestamp_granularities[]"] == ["word", "segment"]


@pytest.mark.parametrize("shape", ["beside", "inside", "segments", "text"])
async def test_words_are_found_wherever_a_server_has_them(
    agent: tuple[TranscribeAgent, ClaimCheckStore], server: TranscriptionsServer, shape: Shape
) -> None:
    server.shape = shape
    call = ready(CALL, agent[1])
    transcribed = await agent[0].work(call)
    words = [word for turn in transcribed.turns for word in turn.words]
    assert "nakliyat" in " ".join(turn.text for turn in transcribed.turns)
    assert all(word.start_s <= word.end_s <= call.recording_facts.duration_s for word in words)
    assert (len({word.confidence for word in words}) > 2) is (shape == "inside")


async def test_the_official_client_understands_the_server_of_these_tests(
    agent: tuple[TranscribeAgent, ClaimCheckStore], server: TranscriptionsServer
) -> None:
    await agent[0].work(ready(CALL, agent[1]))
    async with openai.AsyncOpenAI(base_url=server.url, api_key=KEY) as client:
        theirs = await client.audio.transcriptions.create(
            file=("speech.flac", server.received[0].sound),
            model="demo",
            response_format="verbose_json",
            timestamp_granularities=["word", "segment"],
        )
    ours, other = server.received[0], server.received[-1]
    assert theirs.words
    assert theirs.segments
    assert theirs.text == transcript(ours.sound, "beside")["text"]
    assert other.sound == ours.sound
    assert other.fields.keys() <= ours.fields.keys()
    assert other.fields["timestamp_granularities[]"] == ours.fields["timestamp_granularities[]"]


MISBEHAVIOUR: dict[str, tuple[Reply, type[CallsiftError]]] = {
    "key refused": (Reply(b'{"error": {"message": "bad key sk-not"}}', 401), RecogniserAway),
    "no such model": (Reply(b'{"error": {"message": "no model"}}', 404), RecogniserAway),
    "redirect": (Reply(b"", 307, location="http://169.254.169.254/"), RecogniserAway),
    "too many requests": (Reply(b"{}", 429, retry_after="7"), RecogniserAway),
    "server error": (Reply(b"<html>oops</html>", 500), RecogniserBusy),
    "overloaded": (Reply(b"{}", 503, retry_after="3"), RecogniserBusy),
    "file refused": (Reply(b'{"error": {"message": "bad audio"}}', 400), SpeechRefused),
    "file too large": (Reply(b"{}", 413), SpeechRefused),
    "half an answer": (Reply(b'{"text": "kombim', reset=True), RecogniserBusy),
    "no JSON": (Reply(b"alo kombim bozuldu"), GarbledTranscript),
    "another JSON": (Reply(b'{"result": "kombim"}'), GarbledTranscript),
    "times that are no numbers": (
        Reply(b'{"text": "a", "words": [{"word": "a", "start": NaN, "end": Infinity}]}'),
        GarbledTranscript,
    ),
    "an endless answer": (Reply(b'{"text": "' + b"a " * 2_500_000 + b'"}'), GarbledTranscript),
    "no answer in time": (Reply(b"{}", delay_s=30.0), RecogniserBusy),
}


@pytest.mark.parametrize("name", MISBEHAVIOUR)
async def test_misbehaviour_has_a_name_and_shows_neither_the_key_nor_what_was_said(
    agent: tuple[TranscribeAgent, ClaimCheckStore],
    server: TranscriptionsServer,
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    reply, expected = MISBEHAVIOUR[name]
    server.script(*[reply] * 20)
    with pytest.raises(CallsiftError) as failed:
        await agent[0].work(ready(CALL, agent[1]).model_copy(update={"call_id": name}))
    assert type(failed.value) is expected
    if reply.retry_after is not None:
        assert getattr(failed.value, "retry_after_s", None) == float(reply.retry_after)
    everything = caplog.text + str(failed.value) + "".join(traceback.format_exception(failed.value))
    assert KEY not in everything
    assert "kombim" not in everything


async def test_a_service_that_is_not_there_counts_as_away(tmp_path: Path, store: ClaimCheckStore) -> None:
    with transcriptions_server() as gone:
        url = gone.url
    agent = TranscribeAgent(settings(tmp_path, url), store)
    await agent.start()
    try:
        with pytest.raises(RecogniserAway):
            await agent.work(ready(CALL, store))
    finally:
        await agent.stop()


async def test_what_was_answered_before_a_failure_is_not_asked_and_paid_for_again(
    server: TranscriptionsServer, tmp_path: Path, store: ClaimCheckStore
) -> None:
    agent = TranscribeAgent(settings(tmp_path, server.url, longest_piece_s=5, at_once=1, price_per_minute=0.06), store)
    await agent.start()
    try:
        call, before = ready(CALL, store), cost()
        whole = await agent.work(call.model_copy(update={"call_id": "whole"}))
        requests, price = len(server.received), cost() - before
        assert requests > 3
        assert price == pytest.approx(sum(request.seconds for request in server.received) / 60 * 0.06)
        server.script(None, None, Reply(b"{}", 503))
        with pytest.raises(RecogniserBusy):
            await agent.work(call)
        again = await agent.work(call)
    finally:
        await agent.stop()
    assert len(server.received) == 2 * requests + 1
    assert cost() - before == pytest.approx(2 * price)
    assert again.turns == whole.turns


def cost() -> float:
    return REGISTRY.get_sample_value("callsift_transcribe_cost_total", {"engine": "hosted"}) or 0.0
