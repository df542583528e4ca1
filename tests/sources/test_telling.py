"""What processes tell of the ways in that they serve, and what becomes of several of them."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from api.sources import SourceShown
from callsift.embedded import EmbeddedBroker
from schemas import SourceFigures, SourceNotice
from sources import metrics, telling
from sources.metrics import Seen
from sources.telling import merged, tell_for_ever
from streams.errors import CallsiftError
from streams.kafka import AwaitedProducer, source_notices
from streams.settings import KafkaSettings
from tests.patience import PATIENCE_S

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def figures(at: datetime, **counts: int) -> SourceFigures:
    return SourceFigures(since=at - 9 * MINUTE, at=at, counts=counts)


def test_processes_that_write_in_turns_keep_each_others_part() -> None:
    first = merged(None, "own", "webhook", ("a", figures(NOW, taken=1)), Seen(last={"taken": NOW}))
    second = merged(first, "own", "webhook", ("b", figures(NOW, taken=2)), Seen(last={"taken": NOW - MINUTE}))
    third = merged(second, "own", "webhook", ("a", figures(NOW + MINUTE, taken=5)), Seen(last={"taken": NOW}))
    shown = SourceShown.of(third, NOW + MINUTE)
    assert (shown.taken, shown.silent_s, shown.last_taken_at) == (7, 60, NOW)


def test_a_new_process_remembers_what_was_said_last_and_why_it_was_refused() -> None:
    long_ago = NOW - timedelta(days=8)
    old = Seen(last={"taken": long_ago, "invalid": long_ago}, refusal="ended_at is missing")
    before = merged(None, "own", "folder", ("a", figures(long_ago, taken=9, invalid=1)), old)
    shown = SourceShown.of(merged(before, "own", "folder", ("b", figures(NOW)), Seen()), NOW)
    assert (shown.last_event_at, shown.silent_s) == (long_ago, 8 * 86400)
    assert (shown.last_refused_at, shown.last_refusal) == (long_ago, "ended_at is missing")
    assert (shown.taken, shown.refused) == (0, {}), "what was silent for a week is counted no more"


@pytest.mark.parametrize(("minutes", "is_served"), [(2.9, True), (3.1, False)])
def test_a_source_whose_process_is_silent_is_not_served(minutes: float, is_served: bool) -> None:
    notice = SourceNotice(source="own", kind="asterisk", processes={"a": figures(NOW - minutes * MINUTE)})
    shown = SourceShown.of(notice, NOW)
    assert (shown.is_served, shown.silent_s, shown.last_event_at) == (is_served, None, None)


@pytest.fixture
def kafka() -> Iterator[KafkaSettings]:
    broker = EmbeddedBroker()
    yield KafkaSettings(bootstrap_servers=broker.bootstrap_servers)


@pytest.mark.integration
async def test_what_a_source_says_is_on_the_topic_and_what_is_refused_with_its_reason(
    kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "_LOOK_S", 0.05)
    producer = AwaitedProducer(kafka)
    working = asyncio.create_task(tell_for_ever(kafka, producer, {"told": "webhook"}))

    async def told(result: str, n: int) -> SourceNotice:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                notice = (await asyncio.to_thread(source_notices, kafka)).get("told")
                if notice and sum(one.counts.get(result, 0) for one in notice.processes.values()) == n:
                    return notice
                await asyncio.sleep(0.05)

    try:
        await told("taken", 0)
        metrics.observe("told", "taken")
        assert set((await told("taken", 1)).last) == {"taken"}
        metrics.observe("told", "invalid", "ended_at is missing")
        notice = await told("invalid", 1)
        assert (notice.kind, notice.refusal, set(notice.last)) == (
            "webhook",
            "ended_at is missing",
            {"taken", "invalid"},
        )
    finally:
        working.cancel()
        producer.close()


async def test_brokers_that_are_away_are_said_once_and_told_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(telling, "_LOOK_S", 0.0)
    tries = asyncio.Semaphore(0)

    def away(_: KafkaSettings) -> dict[str, SourceNotice]:
        loop.call_soon_threadsafe(tries.release)
        raise CallsiftError("the brokers are away", "Wait")

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(telling, "source_notices", away)
    kafka = KafkaSettings(bootstrap_servers="127.0.0.1:1")
    producer = AwaitedProducer(kafka)
    working = asyncio.create_task(tell_for_ever(kafka, producer, {"away": "folder"}))
    for _ in range(3):
        await tries.acquire()
    working.cancel()
    producer.close()
    assert len([one for one in caplog.records if one.name == "sources.telling"]) == 1
