"""Headers of calls.outcomes, read with the SDK of the CloudEvents project."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from confluent_kafka import Message

from callsift.embedded import EmbeddedBroker
from schemas import CallOutcome
from streams import cloud_events
from streams.kafka import publish_outcomes, publish_tombstones
from streams.kafka.ranges import topic_ranges
from streams.kafka.reader import headers_of, read
from streams.message import Headers
from streams.processing.agent import Tombstone
from streams.processing.failures import FailureLog
from streams.processing.publisher import Publisher
from streams.processing.spans import NO_TRACING
from streams.settings import KafkaSettings
from streams.topics import OUTCOMES, Topic
from tests.schemas.examples import call_failed, call_outcome


def as_read(headers: Headers, value: bytes | None) -> BaseCloudEvent:
    """Return what the SDK makes of a message."""
    carried = {name: content or b"" for name, content in headers}
    return from_binary(KafkaMessage(carried, b"key", value or b""), JSONFormat(), CloudEvent)


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [(call_outcome(), "io.callsift.call.classified.v1"), (call_failed(), "io.callsift.call.failed.v1")],
)
def test_an_outcome_is_a_cloud_event(outcome: CallOutcome, kind: str) -> None:
    value = outcome.model_dump_json().encode()
    event = as_read(cloud_events.of_outcome("centre.", outcome), value)
    assert (event.get_type(), event.get_source(), event.get_specversion()) == (kind, "/callsift/centre", "1.0")
    assert (event.get_id(), event.get_subject(), event.get_time()) == (
        outcome.outcome_id,
        outcome.call_id,
        outcome.decided_at,
    )
    assert event.get_datacontenttype() == "application/json"
    data = event.get_data()
    assert isinstance(data, dict)
    assert data["category"] == outcome.category


def test_a_tombstone_is_a_cloud_event_without_data() -> None:
    now = datetime(2026, 11, 28, 7, tzinfo=UTC)
    event = as_read(cloud_events.of_tombstone("", "çağrı 1", now), None)
    assert (event.get_type(), event.get_source()) == ("io.callsift.call.forgotten.v1", "/callsift")
    assert (event.get_subject(), event.get_time()) == ("çağrı 1", now)
    assert not event.get_data()


def test_every_tombstone_has_an_identifier_of_its_own() -> None:
    first, again = (dict(cloud_events.of_tombstone("", "call-1"))["ce_id"] for _ in range(2))
    assert first != again


async def published(event: object) -> Headers:
    """Return the headers with which a stage publishes an event."""
    found: list[Headers] = []

    async def publish(_topic: Topic, *, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        found.append(headers)

    failures = FailureLog("sink", work_limit_s=1.0, backoff_s=0.0)
    await Publisher("sink", publish, failures, NO_TRACING, "centre.").event(OUTCOMES, event)  # type: ignore[arg-type]
    return found[0]


async def test_the_sink_publishes_outcomes_and_tombstones_as_cloud_events() -> None:
    outcome = call_outcome()
    assert await published(outcome) == cloud_events.of_outcome("centre.", outcome)
    gone = dict(await published(Tombstone.following(outcome, call_id="call-1")))
    assert (gone["ce_type"], gone["ce_source"]) == (b"io.callsift.call.forgotten.v1", b"/callsift/centre")


@pytest.mark.integration
async def test_what_is_published_beside_the_sink_is_read_from_the_broker_as_cloud_events() -> None:
    prefix = f"{uuid4().hex}."
    broker = EmbeddedBroker(prefix)
    kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers, prefix=prefix)

    def messages() -> list[Message]:
        publish_outcomes(kafka, [call_outcome()])
        publish_tombstones(kafka, ["gone"])
        return list(read(kafka, topic_ranges(kafka, OUTCOMES.name)))

    found = {
        event.get_subject(): event.get_type()
        for event in (as_read(headers_of(one), one.value()) for one in await asyncio.to_thread(messages))
    }
    assert found == {
        call_outcome().call_id: "io.callsift.call.classified.v1",
        "gone": "io.callsift.call.forgotten.v1",
    }
