"""Sentences that once ended a call, through the running pipeline: what was recognised is given, all else is real.

The words lie in the audio store as the checkpoint of an earlier try, so that the worker has nothing left to decode.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pymongo
import pytest

from agents.transcribe.checkpoint import FORMAT
from agents.transcribe.core import spans_to_decode
from agents.transcribe.models import fingerprint
from schemas import AudioReady, CallOutcome, Speaker, SpeechSegment, Word
from streams.kafka import TopicReader, produce
from streams.payloads.claim_check import ClaimCheckStore
from streams.payloads.layout import DECODED
from streams.settings import KafkaSettings
from streams.topics import AUDIO, OUTCOMES
from tests.callsift.conftest import Up
from tests.schemas.examples import audio_ready

pytestmark = pytest.mark.integration

TURN_S, BETWEEN_S = 8.0, 10.0
Said = Sequence[tuple[Speaker, str]]


def recognised(said: Said, store: ClaimCheckStore, model: Path) -> AudioReady:
    """Put what was recognised of a call into the store, and return the event that the transcribe stage takes."""
    call_id = uuid4().hex
    speech = {
        side: tuple(
            SpeechSegment(start_s=1 + at * BETWEEN_S, end_s=1 + at * BETWEEN_S + TURN_S)
            for at, (speaker, _) in enumerate(said)
            if speaker == side
        )
        for side in (Speaker.CUSTOMER, Speaker.AGENT)
    }
    facts = audio_ready().recording_facts.model_copy(update={"duration_s": 2 + len(said) * BETWEEN_S})
    own = {"call_id": call_id, "event_id": call_id, "ended_at": datetime.now(UTC), "speech": speech}
    call = audio_ready().model_copy(
        update={**own, "recording_facts": facts, "audio": store.put(f"prepared/{call_id}.flac", call_id.encode())}
    )
    spans = spans_to_decode(call)
    decoded = [(span, words(text, span.start_s)) for span, (_, text) in zip(spans, said, strict=True)]
    name = DECODED.of_call(call.call_id, f"-{call.audio.sha256[:32]}-{fingerprint(model).replace('@', '-')}.json")
    store.put(name, FORMAT.dump_json(decoded, exclude_none=True))
    return call


def words(text: str, start_s: float) -> tuple[Word, ...]:
    spoken = text.split()
    each_s = TURN_S / len(spoken)
    return tuple(
        Word(text=word, start_s=start_s + at * each_s, end_s=start_s + (at + 1) * each_s, confidence=0.9)
        for at, word in enumerate(spoken)
    )


@pytest.mark.parametrize(
    ("said", "left"),
    [
        pytest.param(
            [
                (Speaker.CUSTOMER, "çamaşır makinem su akıtıyor"),
                (Speaker.AGENT, "mailinizi alayım"),
                (Speaker.CUSTOMER, "a y l i n alt tire s et yahoo nokta com"),
                (Speaker.AGENT, "aylin alt tire s"),
                (Speaker.CUSTOMER, "aylin alt tire s kaydettim"),
            ],
            ["çamaşır makinem su akıtıyor", "mailinizi alayım", "[email]", "[email]", "[email] kaydettim"],
            id="a part of an address ends a turn",
        ),
        pytest.param(
            [
                (Speaker.AGENT, "plakası neydi"),
                (Speaker.CUSTOMER, "otuz dört ü ² dokuz çamaşır makinem su akıtıyor"),
            ],
            ["plakası neydi", "[plate] çamaşır makinem su akıtıyor"],
            id="a superscript",
        ),
    ],
)
def test_a_sentence_that_once_ended_a_call_has_its_outcome(up: Up, said: Said, left: list[str]) -> None:
    environment = up.state["environment"]
    kafka = KafkaSettings(bootstrap_servers=environment["CALLSIFT_KAFKA_BOOTSTRAP_SERVERS"])
    store = ClaimCheckStore(environment["CALLSIFT_AUDIO_STORE_URI"])
    call = recognised(said, store, Path(environment["CALLSIFT_VOSK_MODEL"]))
    reader = TopicReader(kafka, OUTCOMES.name, from_start=False)
    try:
        produce(kafka, AUDIO.name, [(call.call_id, call.model_dump_json().encode())])
        outcomes = (CallOutcome.model_validate_json(value) for value in reader.values(25))
        outcome = next((found for found in outcomes if found.call_id == call.call_id), None)
    finally:
        reader.close()
    assert outcome is not None, "no outcome: the call goes round the retry topics"
    assert (outcome.state, outcome.turns_withheld) == ("done", 0)
    with pymongo.MongoClient[dict[str, object]](environment["CALLSIFT_MONGO_URI"]) as client:
        document = client["callsift"]["calls"].find_one({"_id": call.call_id})
    assert document is not None
    stored = json.loads(json.dumps(document, default=str))
    assert [turn["text"] for turn in stored["turns"]] == left
