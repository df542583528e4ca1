"""Where a call is that has no outcome yet, asked over HTTP and answered from Kafka."""

import asyncio
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from confluent_kafka import Consumer, TopicPartition

from api.access import Principal, Right, Scope
from api.services import Services
from callsift.embedded import EmbeddedBroker
from store.calls import OutcomeStore
from store.forgetting import ForgettingStore
from streams.kafka import OutgoingMessage, client_config, publish_notice, topic_ranges
from streams.kafka.producer import produce_messages
from streams.message import Message, Tries
from streams.settings import KafkaSettings
from streams.topics import AUDIO, DEAD_LETTER, ENDED, RETRIES, STAGES, AnyTopic
from tests.api.asking import asking
from tests.schemas.examples import audio_ready, call_ended, dead_letter
from tests.store.outcomes import done

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def broker() -> EmbeddedBroker:
    """Return a broker of its own: what stages acknowledge there concerns no other test."""
    return EmbeddedBroker()


def put(services: Services, topic: AnyTopic, call_id: str, value: bytes, headers: Any = ()) -> None:
    produce_messages(services.kafka, [OutgoingMessage(topic.name, call_id.encode(), value, headers)])


def acknowledge(kafka: KafkaSettings, stage: str, topic: AnyTopic) -> None:
    """Commit to the end of a topic, as a stage does that has worked off all of it."""
    ends = [TopicPartition(*partition, part.end) for partition, part in topic_ranges(kafka, topic.name).items()]
    config: dict[str, Any] = client_config(kafka) | {"group.id": kafka.prefix + STAGES[stage].group}
    with closing(Consumer(config)) as consumer:
        consumer.commit(offsets=ends, asynchronous=False)


def ended(call_id: str, **fields: Any) -> bytes:
    return call_ended().model_copy(update={"call_id": call_id, **fields}).model_dump_json().encode()


async def place(client: httpx.AsyncClient, call_id: str) -> tuple[str, str] | None:
    """Return stage and state of a call; None: 404."""
    answer = await client.get(f"/v1/calls/{call_id}")
    if answer.status_code == 404:
        return None
    assert (answer.status_code, answer.json()["state"], "etag" in answer.headers) == (200, "in_work", False)
    assert int(answer.headers["retry-after"]) > 0
    progress = answer.json()["progress"]
    return progress["stage"], progress["state"]


async def test_a_call_that_was_handed_in_is_there_at_once_for_every_process_of_the_api(
    client: httpx.AsyncClient, services: Services
) -> None:
    event = {"ended_at": "2026-11-28T10:00:00+03:00", "recording": {"uri": "https://pbx.example/1.wav"}}
    one, other = Principal("a", frozenset({Right.VIEW})), replace(services)
    async with asking(other, one) as elsewhere:
        for number in range(5):
            taken = await client.post("/v1/calls", json=event | {"call_id": f"at-once-{number}"})
            for asked in (client, elsewhere):
                answer = await asked.get(taken.headers["location"])
                assert (answer.status_code, answer.json()["state"]) == (200, "in_work")
                assert answer.json()["progress"]["stage"] == "audio"
    await other.under_way.close()


async def test_a_call_is_followed_from_stage_to_stage_until_it_has_an_outcome(
    client: httpx.AsyncClient, services: Services
) -> None:
    assert await place(client, "way-1") is None
    put(services, ENDED, "way-1", ended("way-1"))
    assert await place(client, "way-1") == ("audio", "waiting")
    put(services, AUDIO, "way-1", audio_ready().model_copy(update={"call_id": "way-1"}).model_dump_json().encode())
    acknowledge(services.kafka, "audio", ENDED)
    assert await place(client, "way-1") == ("transcribe", "waiting")
    acknowledge(services.kafka, "transcribe", AUDIO)
    letter = dead_letter().model_copy(update={"call_id": "way-1"})
    put(services, DEAD_LETTER, "way-1", letter.model_dump_json().encode())
    assert await place(client, "way-1") == ("sink", "waiting")
    acknowledge(services.kafka, "sink", DEAD_LETTER)
    assert await place(client, "way-1") is None
    await OutcomeStore(services.database).save(done("a").model_copy(update={"call_id": "way-1"}))
    assert (await client.get("/v1/calls/way-1")).json()["state"] == "done"


async def test_a_call_that_is_tried_again_says_when_and_how_often_it_failed(
    client: httpx.AsyncClient, services: Services
) -> None:
    value, now = ended("again-1"), datetime.now(UTC)
    headers = Tries(now, made=3).headers(Message(ENDED, 0, 0, b"again-1", value))
    put(services, RETRIES[1], "again-1", value, headers)
    progress = (await client.get("/v1/calls/again-1")).json()["progress"]
    assert (progress["stage"], progress["state"], progress["tries"]) == ("audio", "retrying", 3)
    due_in = datetime.fromisoformat(progress["next_try_at"]) - now
    assert timedelta(minutes=4) < due_in < timedelta(minutes=6)


async def test_a_stage_whose_brake_is_applied_says_so(client: httpx.AsyncClient, services: Services) -> None:
    put(services, ENDED, "braked-1", ended("braked-1"))
    publish_notice(services.kafka, "audio", applied=True, reason="a test")
    assert await place(client, "braked-1") == ("audio", "braked")
    publish_notice(services.kafka, "audio", applied=False, reason="")
    assert await place(client, "braked-1") == ("audio", "waiting")


async def test_calls_under_way_obey_the_scope_and_forgotten_ones_are_not_there(services: Services) -> None:
    put(services, ENDED, "mine-1", ended("mine-1", queue="support", metadata={"brand": ["acme"]}))
    put(services, ENDED, "theirs-1", ended("theirs-1", queue="sales"))
    put(services, ENDED, "forgotten-1", ended("forgotten-1", queue="support"))
    await ForgettingStore(services.database).forget("forgotten-1", datetime.now(UTC))
    view = frozenset({Right.VIEW})
    for scope in (Scope(queues=frozenset({"support"})), Scope(metadata={"brand": frozenset({"acme"})})):
        async with asking(services, Principal("sam", view, scope)) as client:
            assert await place(client, "mine-1") == ("audio", "waiting")
            assert await place(client, "theirs-1") is None
            assert await place(client, "forgotten-1") is None


async def test_what_is_no_event_is_under_way_too_by_its_key(client: httpx.AsyncClient, services: Services) -> None:
    put(services, ENDED, "garbled-1", b"no event")
    assert await place(client, "garbled-1") == ("audio", "waiting")


async def test_many_who_ask_at_once_share_what_is_read(
    client: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(services, ENDED, "shared-1", ended("shared-1"))
    looks, look = [], services.under_way._calls.look

    def counted() -> None:
        looks.append(1)
        look()

    monkeypatch.setattr(services.under_way._calls, "look", counted)
    found = await asyncio.gather(*(place(client, "shared-1") for _ in range(40)))
    assert set(found) == {("audio", "waiting")}
    assert len(looks) < 10


async def test_while_the_brokers_are_away_nobody_is_told_that_a_call_is_not_there(services: Services) -> None:
    away = replace(services, kafka=KafkaSettings(bootstrap_servers="127.0.0.1:1"))
    async with asking(away, Principal("sam", frozenset({Right.VIEW}))) as client:
        answer = await client.get("/v1/calls/nothing")
    await away.under_way.close()
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "127.0.0.1" not in answer.text
