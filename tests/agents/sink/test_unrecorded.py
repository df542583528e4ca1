"""Calls without a recording, through real stages on a real Kafka to their outcome; and a recording that comes late."""

from pathlib import Path
from uuid import uuid4

import pytest
from pymongo import MongoClient

from schemas import CallEnded, CallOutcome
from sources.intake import outgoing
from streams.kafka import TopicReader, produce, produce_messages
from streams.settings import KafkaSettings
from streams.topics import CLASSIFIED, OUTCOMES
from tests.patience import PATIENCE_S, until
from tests.schemas.examples import call_classified, call_unheard
from tests.servers.mongo import with_database
from tests.streams.faust_worker.test_worker import worker

pytestmark = pytest.mark.integration


def outcomes(kafka: KafkaSettings) -> list[CallOutcome]:
    reader = TopicReader(kafka, OUTCOMES.name, from_start=True)
    found = [CallOutcome.model_validate_json(value) for value in reader.up_to_now()]
    reader.close()
    return found


def unheard(call_id: str, **facts: object) -> CallEnded:
    return call_unheard().model_copy(update={"call_id": call_id, "event_id": f"event of {call_id}", **facts})


def test_a_call_without_a_recording_ends_as_one_and_a_late_recording_makes_the_next_revision(
    real_kafka: KafkaSettings, embedded: str, tmp_path: Path
) -> None:
    uri = with_database(embedded, f"test-{uuid4().hex}")
    settings = {"CALLSIFT_MONGO_URI": uri, "CALLSIFT_AUDIO_STORE_URI": tmp_path.as_uri()}
    lost, late = unheard("lost", disposition="missed"), unheard("late", disposition="answered")
    produce_messages(real_kafka, [outgoing(lost), outgoing(lost), outgoing(late)])
    audio, sink = tmp_path / "audio.log", tmp_path / "sink.log"
    with (
        worker(real_kafka, audio, "callsift", "worker", "audio", CALLSIFT_AUDIO_PROCESSES="1", **settings),
        worker(real_kafka, sink, "callsift", "worker", "sink", **settings),
    ):
        until(
            lambda: {one.call_id for one in outcomes(real_kafka)} == {"lost", "late"},
            lambda: audio.read_text() + sink.read_text(),
            within_s=PATIENCE_S,
        )
        found = {one.call_id: one for one in outcomes(real_kafka)}
        assert {one.call_id: (one.state, one.disposition, one.category) for one in found.values()} == {
            "lost": ("unrecorded", "missed", None),
            "late": ("unrecorded", "answered", None),
        }
        assert found["lost"].queue == lost.queue
        assert found["lost"].queue_s == 12.25
        assert [hop.stage for hop in found["lost"].hops] == ["pbx", "audio", "sink"]
        classified = call_classified().model_copy(update={"call_id": "late"})
        produce(real_kafka, CLASSIFIED.name, [("late", classified.model_dump_json().encode())])
        until(lambda: len(outcomes(real_kafka)) == 3, sink.read_text, within_s=PATIENCE_S)
    newest = outcomes(real_kafka)[-1]
    assert (newest.call_id, newest.revision, newest.state) == ("late", 2, "done")
    with MongoClient[dict[str, object]](uri) as client:
        calls = client.get_default_database()["calls"]
        assert {one["_id"]: one["state"] for one in calls.find()} == {"lost": "unrecorded", "late": "done"}
