"""What sources observe, handed in: checked, published, confirmed, counted."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from prometheus_client import REGISTRY

from schemas import CallEnded
from sources import metrics
from sources.intake import Intake
from sources.observation import Observation, Refused, call_ended
from streams.kafka import AwaitedProducer, TopicReader
from streams.settings import KafkaSettings
from streams.topics import ENDED
from tests.streams.kafka.test_producer import NOWHERE

CONTENT = {
    "call_id": "1755568612.24",
    "ended_at": "2026-11-28T10:00:00+03:00",
    "recording": {"uri": "https://pbx.example/1.wav"},
}


def observed(**changes: Any) -> Observation:
    return Observation("tests", CONTENT | changes)


def counted(result: str) -> float:
    return REGISTRY.get_sample_value("callsift_source_events_total", {"source": "tests", "result": result}) or 0.0


def test_the_same_observation_makes_the_same_event() -> None:
    assert call_ended(observed()) == call_ended(observed())


def test_a_refusal_names_the_field_and_not_its_value() -> None:
    with pytest.raises(Refused, match="ended_at") as refused:
        call_ended(observed(ended_at="yesterday, said Ayşe"))
    assert refused.value.reason == "invalid"
    assert "Ayşe" not in str(refused.value)


@pytest.mark.parametrize("value", [{1, 2}, b"bytes", float], ids=["set", "bytes", "class"])
def test_what_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(Refused, match="JSON"):
        call_ended(observed(metadata={"what": value}))


def test_a_source_that_never_spoke_is_seen() -> None:
    metrics.announce(["silent"])
    for result in metrics.RESULTS:
        labels = {"source": "silent", "result": result}
        assert REGISTRY.get_sample_value("callsift_source_last_event_timestamp_seconds", labels) == 0.0


async def test_calls_that_no_broker_confirms_are_to_be_sent_again() -> None:
    producer = AwaitedProducer(NOWHERE, timeout_s=1.0)
    before = counted("unconfirmed")
    try:
        [result] = await Intake(producer).take([observed()])
    finally:
        producer.close()
    assert isinstance(result, Refused)
    assert result.reason == "unconfirmed"
    assert counted("unconfirmed") == before + 1


@pytest.fixture
async def intake(real_kafka: KafkaSettings) -> AsyncIterator[Intake]:
    producer = AwaitedProducer(real_kafka)
    yield Intake(producer)
    producer.close()


@pytest.mark.integration
async def test_each_call_is_taken_or_refused_by_itself(intake: Intake, real_kafka: KafkaSettings) -> None:
    before = {result: counted(result) for result in ("taken", "invalid")}
    taken, refused, other = await intake.take([observed(), observed(call_id=""), observed(call_id="2")])
    assert isinstance(taken, CallEnded)
    assert isinstance(refused, Refused)
    assert isinstance(other, CallEnded)
    reader = TopicReader(real_kafka, ENDED.name, from_start=True)
    found = [CallEnded.model_validate_json(value) for value in reader.up_to_now()]
    assert sorted(found, key=lambda call: call.call_id) == [taken, other]
    reader.close()
    assert (counted("taken"), counted("invalid")) == (before["taken"] + 2, before["invalid"] + 1)
