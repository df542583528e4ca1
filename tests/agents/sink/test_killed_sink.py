"""A sink that is killed on a real Kafka: nothing is lost, and at most one outcome is published twice."""

import signal
from collections import Counter
from pathlib import Path
from uuid import uuid4

import pytest
from pymongo import MongoClient

from schemas import CallOutcome
from streams.kafka import TopicReader, produce
from streams.kafka.lag import consumer_lag
from streams.kafka.topic_admin import partitions
from streams.settings import KafkaSettings
from streams.topics import CLASSIFIED, OUTCOMES, STAGES
from tests.agents.sink.mortal_worker import CALL, POINTS
from tests.patience import PATIENCE_S, until
from tests.schemas.examples import call_classified
from tests.servers.mongo import with_database
from tests.streams.faust_worker.test_worker import worker

pytestmark = pytest.mark.integration
CALLS = [f"call-{number}" for number in range(4 * CALL)]


def send_each_twice(kafka: KafkaSettings) -> None:
    """As a stage before the sink does that was killed; both are in the sink's window at once."""
    calls = [call_classified().model_copy(update={"call_id": call_id}) for call_id in CALLS]
    twice = [(call.call_id, call.model_dump_json().encode()) for call in calls for _ in range(2)]
    produce(kafka, CLASSIFIED.name, twice)


def published(kafka: KafkaSettings) -> Counter[tuple[str, int]]:
    reader = TopicReader(kafka, OUTCOMES.name, from_start=True)
    outcomes = [CallOutcome.model_validate_json(value) for value in reader.up_to_now()]
    reader.close()
    return Counter((outcome.call_id, outcome.revision) for outcome in outcomes)


def wait_until_all_is_done(kafka: KafkaSettings, log: Path) -> None:
    group, topic = kafka.prefix + STAGES["sink"].group, kafka.prefix + CLASSIFIED.name
    places = [(topic, number) for number in range(partitions(kafka)[topic] or 0)]
    until(lambda: consumer_lag(kafka, group, places) == 0, log.read_text, within_s=PATIENCE_S)


# "stored" is outside the sink's lock: one other outcome may be confirmed and without its mark just then
@pytest.mark.parametrize(("point", "twice"), zip(POINTS, ({0, 1}, {0}, {1}, {0}), strict=True))
def test_a_sink_that_is_killed_loses_nothing_and_repeats_one_outcome_at_the_most(
    real_kafka: KafkaSettings, embedded: str, tmp_path: Path, point: str, twice: set[int]
) -> None:
    log, uri = tmp_path / "worker.log", with_database(embedded, f"test-{uuid4().hex}")
    settings = {"CALLSIFT_MONGO_URI": uri, "CALLSIFT_KAFKA_COMMIT_INTERVAL_S": "60"}  # all that is done comes again
    send_each_twice(real_kafka)
    with worker(real_kafka, log, "tests.agents.sink.mortal_worker", point, **settings) as mortal:
        assert mortal.wait(PATIENCE_S) == -signal.SIGKILL, log.read_text()
    settings["CALLSIFT_KAFKA_COMMIT_INTERVAL_S"] = "1"
    with worker(real_kafka, log, "tests.chaos.worker", "sink", **settings):
        wait_until_all_is_done(real_kafka, log)
    found = published(real_kafka)
    assert found.keys() == {(call_id, 1) for call_id in CALLS}
    assert found.total() - len(CALLS) in twice
    with MongoClient[dict[str, object]](uri) as client:
        assert client.get_default_database()["calls"].count_documents({"published.1": {"$exists": True}}) == len(CALLS)
