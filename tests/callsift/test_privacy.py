"""A call full of personal data through the running pipeline: nothing of it is found anywhere but in the audio store."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pymongo
import pytest
from confluent_kafka import Consumer, TopicPartition

from agents.audio.channels import opened
from agents.audio.resample import SAMPLE_RATE_HZ
from streams.topics import CLASSIFIED, DEAD_LETTER, ENDED, OUTCOMES, RETRIES, TRANSCRIPTS
from tests.agents.audio.sounds import Samples, write_wav
from tests.agents.demo_calls import RECORDINGS, demo_calls
from tests.callsift.conftest import Up, start_up
from tests.patience import PATIENCE_S
from tests.servers.gemini import GeminiServer, gemini_server

pytestmark = pytest.mark.integration

CALLER = "+905551112233"
SAID = ("sıfır beş yüz elli beş", "elli beş sıfır", "0555", "555 000", "5550000012", "ayşe", "yılmaz", "ahmet")
"""What is said in the two calls that the recording is made of, as words and as any step might write it."""
SECRETS = (*SAID, CALLER, CALLER[1:])
KEY = "a key of the tests that nobody else knows"


def sound(name: str) -> Samples:
    call = demo_calls()[name]
    with opened(call.recording, {file: RECORDINGS / file for file in call.files}, None) as source:
        return np.concatenate(list(source.blocks), axis=1)


@pytest.fixture(scope="module")
def server() -> Iterator[GeminiServer]:
    with gemini_server() as running:
        yield running


@pytest.fixture(scope="module")
def pipeline(server: GeminiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    running = start_up(
        tmp_path_factory.mktemp("private"),
        CALLSIFT_CLASSIFIER="gemini",
        CALLSIFT_GEMINI_API_KEY="none",
        CALLSIFT_CLASSIFY_GEMINI_ENDPOINT=server.address,
        CALLSIFT_PRIVACY_CALLER="hash",
        CALLSIFT_PRIVACY_CALLER_KEY=KEY,
        CALLSIFT_LOG_LEVEL="DEBUG",
    )
    yield running
    running.process.terminate()
    assert running.process.wait(PATIENCE_S) == 0, running.log.read_text()


def messages(up: Up, topic: str) -> list[str]:
    """Every message on a topic, with its key and headers."""
    servers = up.state["environment"]["CALLSIFT_KAFKA_BOOTSTRAP_SERVERS"]
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "search", "enable.partition.eof": True})
    places = [
        TopicPartition(topic, part, 0) for part in consumer.list_topics(topic, timeout=10).topics[topic].partitions
    ]
    consumer.assign(places)
    found: list[str] = []
    ended = 0
    while ended < len(places):
        message = consumer.poll(10)
        assert message is not None
        if message.error():
            ended += 1
        else:
            found.append(f"{message.key()!r} {message.headers()} {(message.value() or b'').decode()}")
    consumer.close()
    return found


def test_nothing_personal_leaves_the_transcribe_stage(pipeline: Up, server: GeminiServer, tmp_path: Path) -> None:
    both = np.concatenate([sound("price-then-appointment"), sound("appointment-moved")], axis=1)
    recording = write_wav(tmp_path / "personal.wav", both, SAMPLE_RATE_HZ)
    ended = pipeline.run("emit", "--wait", "--json", "--caller", CALLER, str(recording))
    outcome = json.loads(ended.stdout)
    failed = pipeline.run("emit", "--wait", "--json", "--caller", CALLER, str(_broken(tmp_path)))
    assert json.loads(failed.stdout)["state"] == "failed"

    assert outcome["caller"] == json.loads(failed.stdout)["caller"]
    assert outcome["caller"].startswith("hmac-sha256:")
    (request,) = server.received
    asked = json.dumps(request.body, ensure_ascii=False)
    assert "[phone]" in asked
    assert "[person]" in asked
    assert "telefon numaranızı alabilir miyim" in asked  # what is not personal is there

    found: dict[str, str] = {"gemini": asked + json.dumps(request.headers), "log": pipeline.log.read_text()}
    for topic in (TRANSCRIPTS, CLASSIFIED, OUTCOMES, *RETRIES):
        found[topic.name] = "\n".join(messages(pipeline, topic.name))
    with pymongo.MongoClient[dict[str, object]](pipeline.state["environment"]["CALLSIFT_MONGO_URI"]) as client:
        documents = list(client["callsift"]["calls"].find())
    assert len(documents) == 2
    found["store"] = json.dumps(documents, ensure_ascii=False, default=str)
    leaks = {(place, secret) for place, text in found.items() for secret in SECRETS if secret in text.casefold()}
    assert leaks == set()
    assert "[phone]" in found[TRANSCRIPTS.name]
    assert "[phone]" in found["store"]
    assert len(found[OUTCOMES.name].splitlines()) == 2


def test_the_search_finds_the_caller_where_the_pbx_put_it(pipeline: Up) -> None:
    """What the PBX sent is on its own topic as it was sent, and in the dead letter that can be replayed."""
    assert CALLER in "\n".join(messages(pipeline, ENDED.name))
    assert len(messages(pipeline, DEAD_LETTER.name)) == 1


def _broken(folder: Path) -> Path:
    path = folder / "broken.wav"
    path.write_bytes(b"no recording")
    return path
