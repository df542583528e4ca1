"""A call of two hours: every turn is worked on and stored, and no message is large."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from agents.classify.agent import ClassifyAgent
from agents.classify.offline.classifier import OfflineClassifier
from callsift.embedded import EmbeddedStore
from schemas import CallClassified, CallOutcome, CallTranscribed, Event, Speaker, Taxonomy
from streams.kafka import produce
from streams.kafka.ranges import topic_ranges
from streams.kafka.reader import read
from streams.message import Headers, Message
from streams.payloads.claim_check import ClaimCheckStore
from streams.payloads.claimed_turns import ClaimedTurns
from streams.payloads.codec import INLINE, EventCodec
from streams.processing.agent import Agent
from streams.processing.runner import StageRunner
from streams.settings import KafkaSettings, RunnerSettings
from streams.topics import AUDIO, CLASSIFIED, OUTCOMES, STAGES, TRANSCRIPTS, Topic
from tests.agents.classify.deciding import deciding
from tests.patience import PATIENCE_S
from tests.schemas import examples

LARGEST_BYTES = 1_000_000
SAID = "merhaba iyi günler çamaşır makinem geçen hafta tamir edildi ama yine su akıtıyor şikayetçiyim"
TURNS = 1500


def two_hours() -> CallTranscribed:
    """21,000 words: two hours of people who talk without a pause."""
    turns = (
        examples.turn(Speaker.AGENT if number % 2 else Speaker.CUSTOMER, SAID, start_s=number * 4.8)
        for number in range(TURNS)
    )
    return examples.call_transcribed(*turns)


def two_hours_mono() -> CallTranscribed:
    """The same, in one turn."""
    return examples.call_transcribed(examples.turn(Speaker.UNDIVIDED, " ".join([SAID] * TURNS)))


class Transcript(Agent[Event]):
    """The speech model's part, done already."""

    def __init__(self, call: CallTranscribed) -> None:
        self._call = call

    async def work(self, _: Event) -> CallTranscribed:
        return self._call


@pytest.fixture
def turns(tmp_path: Path) -> ClaimedTurns:
    return ClaimedTurns(ClaimCheckStore((tmp_path / "store").as_uri()), 256 * 1024)


async def through(stage: str, agent: Agent[Any], topic: Topic, value: bytes, turns: EventCodec) -> bytes:
    """Send a message through a stage; returns what is published."""
    published: list[bytes] = []

    async def publish(topic: Topic, *, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        assert value is not None
        published.append(value)

    await StageRunner(STAGES[stage], agent, publish, RunnerSettings(), turns=turns).take(
        Message(topic, 0, 0, None, value)
    )
    [result] = published
    return result


@pytest.mark.parametrize("make", [two_hours, two_hours_mono])
async def test_no_message_is_large_and_the_classification_is_the_same_as_without_a_store(
    make: Callable[[], CallTranscribed], turns: ClaimedTurns
) -> None:
    taxonomy = Taxonomy.load()
    classify = ClassifyAgent(deciding(OfflineClassifier(taxonomy), taxonomy), 0.0)
    audio = examples.audio_ready().model_dump_json().encode()
    transcripts, classified = {}, {}
    for way in (turns, INLINE):
        transcripts[way] = await through("transcribe", Transcript(make()), AUDIO, audio, way)
        value = await through("classify", classify, TRANSCRIPTS, transcripts[way], way)
        classified[way] = CallClassified.model_validate_json(value, strict=True)
        if way is turns:
            assert max(len(transcripts[way]), len(value)) < 20_000
    assert len(transcripts[INLINE]) > LARGEST_BYTES
    light, whole = classified[turns], classified[INLINE]
    assert light.classification_id == whole.classification_id
    assert light.decision == whole.decision
    assert (light.turns, len(whole.turns)) == ((), len(make().turns))
    assert max(len(evidence.quote) for evidence in light.decision.evidence) <= 500


@pytest.fixture
def variables(real_kafka: KafkaSettings, tmp_path: Path) -> Iterator[dict[str, str]]:
    documents = EmbeddedStore(tmp_path / "documents")
    yield {
        **{name: value for name, value in os.environ.items() if not name.startswith("CALLSIFT_")},
        "CALLSIFT_HOME": str(tmp_path),
        "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": real_kafka.bootstrap_servers,
        "CALLSIFT_KAFKA_PREFIX": real_kafka.prefix,
        "CALLSIFT_AUDIO_STORE_URI": (tmp_path / "store").as_uri(),
        "CALLSIFT_MONGO_URI": documents.uri,
        "CALLSIFT_CLASSIFIER": "offline",
        "CALLSIFT_HTTP_PORT": "0",
    }
    documents.stop()


@pytest.fixture
def workers(variables: dict[str, str], tmp_path: Path) -> Iterator[Path]:
    """A classify and a sink worker; the file is their log."""
    log = tmp_path / "workers.log"
    with log.open("wb") as output:
        running = [
            subprocess.Popen(
                [sys.executable, "-m", "callsift", "worker", stage], env=variables, stdout=output, stderr=output
            )
            for stage in ("classify", "sink")
        ]
        yield log
        for process in running:
            process.terminate()
        for process in running:
            process.wait(PATIENCE_S)


def values(kafka: KafkaSettings, topic: Topic) -> list[bytes]:
    return [message.value() or b"" for message in read(kafka, topic_ranges(kafka, topic.name))]


@pytest.mark.integration
def test_a_two_hour_call_goes_through_real_workers_and_is_stored_whole(
    real_kafka: KafkaSettings, workers: Path, variables: dict[str, str], turns: ClaimedTurns
) -> None:
    call = two_hours()
    audio = examples.audio_ready().model_dump_json().encode()
    light = asyncio.run(through("transcribe", Transcript(call), AUDIO, audio, turns))
    produce(real_kafka, TRANSCRIPTS.name, [(call.call_id, light)])
    deadline = time.monotonic() + PATIENCE_S
    while not (outcomes := values(real_kafka, OUTCOMES)):
        assert time.monotonic() < deadline, workers.read_text()
        time.sleep(0.2)
    outcome = CallOutcome.model_validate_json(outcomes[0], strict=True)
    assert outcome.state == "done", outcome.failure
    [classified] = values(real_kafka, CLASSIFIED)
    assert max(len(value) for value in (light, classified, outcomes[0])) < 20_000
    with MongoClient[dict[str, Any]](variables["CALLSIFT_MONGO_URI"]) as client:
        document = client["callsift"]["calls"].find_one({"_id": call.call_id})
    assert document is not None
    assert [turn["text"] for turn in document["turns"]] == [turn.text for turn in call.turns]
