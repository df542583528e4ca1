"""Traces of real workers on a real Kafka, as a collector gets them."""

from pathlib import Path

import pytest

from benchmarks.overhead import workers
from schemas import CallOutcome
from streams.kafka import TopicReader, produce
from streams.kafka.ranges import topic_ranges
from streams.kafka.reader import read
from streams.settings import KafkaSettings
from streams.topics import OUTCOMES, TRANSCRIPTS
from tests.patience import PATIENCE_S
from tests.schemas import examples
from tests.servers.otlp import otlp_collector

SAID = ("çamaşır", "makinem", "akıtıyor")
CALLER = "+905550000012"


@pytest.mark.integration
def test_the_stages_of_a_call_are_one_trace_that_quotes_no_speech(
    real_kafka: KafkaSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = examples.call_transcribed()
    other = call.model_copy(update={"call_id": "odd"})
    unreadable = other.model_dump_json().replace('"turns":[', '"turns":[4711,').encode()
    assert all(text.encode() in unreadable for text in (*SAID, CALLER))
    with otlp_collector() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "600000")  # what arrives was sent at the workers' end
        with workers(real_kafka, tmp_path, ("classify", "sink")):
            produce(
                real_kafka, TRANSCRIPTS.name, [(call.call_id, call.model_dump_json().encode()), ("odd", unreadable)]
            )
            assert sorted(states(real_kafka, 2)) == ["done", "failed"]
        spans = {(span.name, span.attributes.get("callsift.result")): span for span in collector.spans}
    done = spans["process calls.transcripts", "done"]
    stored = spans["process calls.classified", "done"]
    assert {done.trace_id, stored.trace_id} == {call.trace_id}
    assert (done.service, stored.service) == ("callsift-classify", "callsift-sink")
    assert done.attributes["callsift.call_id"] == stored.attributes["callsift.call_id"] == call.call_id
    failed, reported = spans["process calls.transcripts", "dead_letter"], spans["process calls.dead-letter", "done"]
    assert failed.trace_id == reported.trace_id != call.trace_id
    assert (failed.failed, failed.attributes["error.type"], reported.failed) == (True, "UnreadableEvent", False)
    for body in collector.bodies:
        assert not any(text.encode() in body for text in (*SAID, CALLER))
    headers = [dict(message.headers() or []) for message in read(real_kafka, topic_ranges(real_kafka, OUTCOMES.name))]
    assert f"00-{call.trace_id}-" in str([found["traceparent"] for found in headers])


def states(kafka: KafkaSettings, count: int) -> list[str]:
    """Wait for so many outcomes."""
    reader = TopicReader(kafka, OUTCOMES.name, from_start=True)
    found: list[str] = []
    for value in reader.values(timeout_s=PATIENCE_S):
        found.append(CallOutcome.model_validate_json(value).state)
        if len(found) == count:
            break
    reader.close()
    return found
