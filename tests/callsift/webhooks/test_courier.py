"""What endpoints get: once where they take it, by the schedule where they do not, whatever befalls others."""

from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from callsift.webhooks.courier import LEASE
from callsift.webhooks.intake import Announcement
from callsift.webhooks.schedule import LASTS
from callsift.webhooks.worker import WebhooksWorker
from schemas import Turn
from store.forgetting import ForgettingStore
from store.settings import StoreSettings
from store.webhook_endpoints import Filters
from streams.settings import KafkaSettings
from tests.callsift.webhooks.conftest import HERE, NOW, World
from tests.servers.webhooks import Consumer, webhook_consumer
from tests.store.outcomes import done

pytestmark = pytest.mark.integration
DAY = timedelta(days=1)


async def test_an_outcome_is_posted_thin_signed_and_once(world: World, consumer: Consumer) -> None:
    world.now = NOW
    endpoint = await world.endpoint(consumer.address)
    outcome = await world.publish("call/1")
    await world.publish("call/1")  # the topic brings it twice
    assert await world.round(endpoint) == 0
    assert await world.round(endpoint) > 0
    [got] = consumer.got
    assert got.headers["webhook-id"] == outcome.outcome_id
    assert got.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    content = got.content
    assert content["type"] == "call.classified"
    assert content["data"]["call_id"] == "call/1"
    assert content["data"]["category"] == outcome.category
    assert content["data"]["link"] == "https://calls.example.com/v1/calls/call%2F1"
    assert {"caller", "summary", "justification", "transcript", "evidence"}.isdisjoint(content["data"])
    [delivery] = await world.of(endpoint)
    assert (delivery.state, delivery.tries, delivery.attempts[0].status) == ("delivered", 1, 200)


async def test_the_transcript_is_posted_only_where_the_endpoint_says_so(world: World, consumer: Consumer) -> None:
    endpoint = await world.endpoint(consumer.address, include_transcript=True)
    outcome = done("outcome-of-told", "told")
    turns = (Turn(speaker="customer", start_s=0.0, end_s=1.0, text="alo", confidence=0.9),)
    stored = await world.calls.save(outcome, turns)
    assert stored is not None
    await world.announce(Announcement("told", stored.outcome_id, world.now, stored))
    await world.round(endpoint)
    assert [turn["text"] for turn in consumer.got[0].content["data"]["transcript"]] == ["alo"]


async def test_only_what_the_filters_want_is_queued(world: World, consumer: Consumer) -> None:
    endpoint = await world.endpoint(consumer.address, filters=Filters(queue=("sales",), confidence_from=0.8))
    for call_id, queue, confidence in (("a", "sales", 0.9), ("b", "support", 0.9), ("c", "sales", 0.7)):
        await world.publish(call_id, queue=queue, confidence=confidence)
    assert [one.call_id for one in await world.of(endpoint)] == ["a"]


async def test_only_calls_within_the_scope_of_whoever_made_it_are_told(world: World, consumer: Consumer) -> None:
    scoped = await world.endpoint(consumer.address, scope='{"outcome.queue": {"$in": ["sales"]}}')
    await world.publish("mine", queue="sales")
    await world.publish("theirs", queue="support")
    assert [one.call_id for one in await world.of(scoped)] == ["mine"]


async def test_what_was_published_before_an_endpoint_was_made_is_not_told(world: World, consumer: Consumer) -> None:
    world.now = NOW - DAY
    endpoint = await world.endpoint(consumer.address)
    await world.publish("old")
    assert await world.of(endpoint) == []


async def test_a_call_that_is_gone_is_told_to_those_who_knew_it_and_its_deliveries_go(
    world: World, consumer: Consumer
) -> None:
    knew = await world.endpoint(consumer.address, scope='{"outcome.queue": {"$in": ["sales"]}}')
    stranger = await world.endpoint(consumer.address, scope='{"outcome.queue": {"$in": ["support"]}}')
    await world.publish("gone", queue="sales")
    await ForgettingStore(world.database).forget("gone", world.now)
    await world.announce(Announcement("gone", "tombstone-1", world.now, None))
    assert [(one.type, one.webhook_id) for one in await world.of(knew)] == [("call.forgotten", "tombstone-1")]
    assert await world.of(stranger) == []
    await world.round(knew)
    assert consumer.got[0].content["data"] == {"call_id": "gone"}


async def test_an_endpoint_that_is_off_when_a_call_goes_is_told_when_it_is_on_again(
    world: World, consumer: Consumer
) -> None:
    endpoint = await world.endpoint(consumer.address)
    await world.publish("gone")
    await world.round(endpoint)
    await world.endpoints.change(endpoint.id, {"enabled": False})
    await ForgettingStore(world.database).forget("gone", world.now)
    await world.announce(Announcement("gone", "tombstone-1", world.now, None))
    await world.round(endpoint)
    assert len(consumer.got) == 1
    await world.endpoints.change(endpoint.id, {"enabled": True})
    await world.round(endpoint)
    assert consumer.got[-1].content["type"] == "call.forgotten"


@pytest.mark.parametrize("off", [{"enabled": False}, {"off": {"at": NOW.isoformat(), "reason": "gone"}}])
async def test_of_an_endpoint_that_is_off_what_waits_has_no_age(
    world: World, consumer: Consumer, off: dict[str, Any]
) -> None:
    endpoint = await world.endpoint(consumer.address)
    await world.announce(Announcement("gone", "tombstone-1", world.now, None))
    world.now += timedelta(hours=1)
    worker = WebhooksWorker(KafkaSettings(), StoreSettings(), HERE, "")

    async def shown() -> tuple[float | None, float | None]:
        await worker._look(world.places)
        names = ("callsift_webhook_waiting_deliveries", "callsift_webhook_waiting_seconds")
        waiting, waits_s = (REGISTRY.get_sample_value(name, {"endpoint": endpoint.id}) for name in names)
        return waiting, waits_s

    assert await shown() == (1, 3600)
    await world.endpoints.change(endpoint.id, off)
    assert await shown() == (1, 0)
    await world.endpoints.change(endpoint.id, {"enabled": True, "off": None})
    assert await shown() == (1, 3600)


async def test_who_was_told_of_a_call_is_known_to_be_until_it_is_gone(world: World, consumer: Consumer) -> None:
    scoped = await world.endpoint(consumer.address, scope='{"outcome.queue": {"$in": ["sales"]}}')
    other = await world.endpoint(consumer.address)
    await world.publish("told", queue="sales")
    for endpoint in (scoped, other):
        await world.round(endpoint)
    await world.deliveries.remove_ended_before(world.now + DAY, but_to=[scoped.id])
    assert ([one.call_id for one in await world.of(scoped)], await world.of(other)) == (["told"], [])
    await world.announce(Announcement("told", "tombstone-1", world.now, None))
    await world.round(scoped)
    await world.deliveries.remove_ended_before(world.now + DAY, kind="call.forgotten")
    assert (consumer.got[-1].content["type"], await world.of(scoped)) == ("call.forgotten", [])


async def test_a_call_that_is_forgotten_while_it_waits_is_not_told(world: World, consumer: Consumer) -> None:
    endpoint = await world.endpoint(consumer.address)
    await world.publish("forgotten")
    await ForgettingStore(world.database).forget("forgotten", world.now)
    await world.round(endpoint)
    assert ([one.state for one in await world.of(endpoint)], consumer.got) == (["dropped"], [])


async def test_a_consumer_that_is_down_for_a_day_gets_everything_when_it_is_back_and_each_by_one_identifier(
    world: World, consumer: Consumer
) -> None:
    endpoint = await world.endpoint(consumer.address)
    consumer.answer = "503"
    for number in range(24):
        await world.publish(f"call-{number}")
        await world.until(endpoint, NOW + timedelta(hours=number + 1))
    assert (await world.again(endpoint)).is_on
    tried = len(consumer.got)
    assert 24 < tried < 24 * 12 + 24 * 8  # looked at every five minutes at the most, and not each delivery each time
    consumer.answer = "200"
    await world.until(endpoint, world.now + timedelta(minutes=15))
    ids = consumer.ids[tried:]
    assert sorted(set(ids)) == sorted(f"outcome-of-call-{number}" for number in range(24))
    assert len(ids) == 24
    assert {one.state for one in await world.of(endpoint)} == {"delivered"}
    assert (await world.again(endpoint)).failing_since is None


async def test_a_consumer_that_takes_nothing_for_a_whole_schedule_is_switched_off_and_tried_ten_times(
    world: World, consumer: Consumer
) -> None:
    endpoint = await world.endpoint(consumer.address)
    consumer.answer = "500"
    await world.publish("only")
    await world.until(endpoint, NOW + LASTS + timedelta(hours=2))
    off = (await world.again(endpoint)).off
    assert off is not None
    assert off.reason == "failing"
    assert len(consumer.got) == 10
    assert set(consumer.ids) == {"outcome-of-only"}
    await world.publish("later")
    assert [one.call_id for one in await world.of(endpoint)] == ["only"]


async def test_one_delivery_that_is_refused_to_the_end_switches_nothing_off(world: World, consumer: Consumer) -> None:
    endpoint = await world.endpoint(consumer.address)
    consumer.answer = "400"
    await world.publish("poison")
    await world.round(endpoint)
    for day in range(5):
        consumer.answer = "200"
        await world.publish(f"good-{day}")
        [good] = [one for one in await world.of(endpoint) if one.call_id == f"good-{day}"]
        poison = next(one for one in await world.of(endpoint) if one.call_id == "poison")
        if poison.state == "waiting":  # out of the way, so that it alone is refused
            await world.deliveries.note(poison, poison.attempts[-1], world.now + timedelta(minutes=1))
        await world.round(endpoint)
        assert (await world.deliveries.find(endpoint.id, good.webhook_id)) is not None
        consumer.answer = "400"
        await world.until(endpoint, world.now + DAY)
    assert (await world.again(endpoint)).is_on
    assert {one.call_id: one.state for one in await world.of(endpoint)}["poison"] == "failed"


async def test_one_delivery_that_is_refused_goes_by_the_schedule_however_many_others_are_taken(
    world: World, consumer: Consumer
) -> None:
    endpoint = await world.endpoint(consumer.address)
    consumer.answers[(await world.publish("poison")).outcome_id] = "400"
    for number in range(10):
        await world.publish(f"good-{number}")
        await world.until(endpoint, world.now + timedelta(seconds=30), step=timedelta(seconds=5))
    states = {one.call_id: (one.state, one.tries) for one in await world.of(endpoint)}
    assert [states[f"good-{number}"] for number in range(10)] == [("delivered", 1)] * 10
    state, tries = states["poison"]
    assert (state, tries <= 6) == ("waiting", True)


@pytest.mark.parametrize(("others", "at_last"), [("200", 7), ("slow", 12)])
async def test_a_pause_that_an_endpoint_asks_for_holds_whatever_becomes_of_others_of_the_round(
    world: World, consumer: Consumer, others: str, at_last: int
) -> None:
    endpoint = await world.endpoint(consumer.address)
    consumer.answer, consumer.headers = others, {"Retry-After": "600"}
    consumer.answers[(await world.publish("refused")).outcome_id] = "400"
    for number in range(5):
        await world.publish(f"other-{number}")
    await world.until(endpoint, world.now + timedelta(seconds=590), step=timedelta(seconds=30))
    assert len(consumer.got) == 6
    consumer.answer = "200"
    await world.until(endpoint, world.now + timedelta(seconds=60), step=timedelta(seconds=30))
    assert len(consumer.got) == at_last


async def test_410_switches_off_at_once_and_what_waits_is_kept_for_when_it_is_enabled(
    world: World, consumer: Consumer
) -> None:
    endpoint = await world.endpoint(consumer.address)
    consumer.answer = "410"
    await world.publish("one")
    await world.round(endpoint)
    off = (await world.again(endpoint)).off
    assert off is not None
    assert off.reason == "gone"
    await world.until(endpoint, world.now + DAY)
    assert len(consumer.got) == 1
    consumer.answer = "200"
    await world.endpoints.change(endpoint.id, {"off": None, "failing_since": None})
    await world.until(endpoint, world.now + timedelta(minutes=15))
    assert [one.state for one in await world.of(endpoint)] == ["delivered"]


async def test_retry_after_holds_back_everything_for_that_endpoint(world: World, consumer: Consumer) -> None:
    endpoint = await world.endpoint(consumer.address)
    consumer.answer, consumer.headers = "429", {"Retry-After": "600"}
    await world.publish("one")
    await world.round(endpoint)
    await world.publish("two")
    await world.until(endpoint, NOW + timedelta(seconds=590), timedelta(seconds=10))
    assert len(consumer.got) == 1
    consumer.answer = "200"
    await world.until(endpoint, NOW + timedelta(seconds=630), timedelta(seconds=10))
    assert {one.state for one in await world.of(endpoint)} == {"delivered"}


async def test_what_a_killed_worker_has_posted_and_not_noted_is_posted_again_under_the_same_identifier(
    world: World, consumer: Consumer
) -> None:
    endpoint = await world.endpoint(consumer.address)
    await world.publish("one")
    [held] = await world.deliveries.lease(endpoint.id, world.now, LEASE, 8)  # of the one that is killed
    assert await world.round(endpoint) > 0
    world.now += LEASE
    await world.round(endpoint)
    assert consumer.ids == ["outcome-of-one"]
    assert not await world.deliveries.end(held, "failed", world.now)
    assert [one.state for one in await world.of(endpoint)] == ["delivered"]


async def test_one_that_is_slow_delays_no_other(world: World, consumer: Consumer) -> None:
    with webhook_consumer() as slow:
        slow.answer = "slow"
        for_slow, for_other = await world.endpoint(slow.address), await world.endpoint(consumer.address)
        await world.publish("one")
        await world.round(for_other)
        assert consumer.ids == ["outcome-of-one"]
        assert slow.got == []
        await world.round(for_slow)
    [late] = await world.of(for_slow)
    assert (late.state, late.attempts[0].problem) == ("waiting", "timeout")


async def test_replaying_posts_what_was_missed_and_what_was_delivered_only_if_that_is_asked_for(
    world: World, consumer: Consumer
) -> None:
    endpoint = await world.endpoint(consumer.address)
    delivered = await world.publish("delivered")
    await world.round(endpoint)
    await world.endpoints.change(endpoint.id, {"enabled": False})
    missed = await world.publish("missed")
    await world.endpoints.change(endpoint.id, {"enabled": True})
    on_topic = [Announcement(one.call_id, one.outcome_id, world.now, one) for one in (delivered, missed)]
    await world.intake.replay(on_topic, await world.again(endpoint), world.now)
    await world.round(endpoint)
    assert consumer.ids == ["outcome-of-delivered", "outcome-of-missed"]
    await world.endpoints.change(endpoint.id, {"replay_delivered": True})
    await world.intake.replay(on_topic, await world.again(endpoint), world.now)
    await world.round(endpoint)
    assert sorted(consumer.ids[2:]) == ["outcome-of-delivered", "outcome-of-missed"]
