"""The brake: applied by counting, shared by a topic, released by a person alone."""

import asyncio
import threading

import pytest

from streams.kafka.brake_topic import follow, notices, publish_notice
from streams.processing.brake import Brake
from streams.settings import KafkaSettings
from tests.patience import PATIENCE_S


class Told:
    """What a brake tells its worker and the others."""

    def __init__(self) -> None:
        self.changes: list[str | None] = []
        self.applied: list[str] = []

    def brake(self, sample: int = 10, share: float = 0.9) -> Brake:
        return Brake(sample=sample, share=share, on_change=self.changes.append, apply=self.applied.append)


async def test_nearly_everything_invalid_applies_the_brake_and_tells_the_others() -> None:
    told = Told()
    brake = told.brake()
    for invalid in [False, *[True] * 8]:
        assert not brake.note(invalid=invalid)
    assert brake.note(invalid=True)
    assert told.changes == told.applied == ["9 of the last 10 events were invalid"]


async def test_a_few_invalid_events_do_not_even_if_all_of_the_few_are() -> None:
    told = Told()
    brake = told.brake()
    for _ in range(5):
        assert not brake.note(invalid=True)
    for number in range(1, 100):
        assert not brake.note(invalid=number % 2 == 0)
    assert told.applied == []


async def test_nothing_passes_an_applied_brake_until_it_is_released() -> None:
    told = Told()
    brake = told.brake()
    brake.set("another worker saw it")
    waiting = asyncio.create_task(brake.released())
    await asyncio.sleep(0)
    assert not waiting.done()
    brake.set(None)
    await asyncio.wait_for(waiting, 5)
    assert told.changes == ["another worker saw it", None]
    assert told.applied == []


async def test_a_release_sets_the_count_back_to_zero() -> None:
    brake = Told().brake()
    for _ in range(10):
        brake.note(invalid=True)
    brake.set(None)
    assert [brake.note(invalid=True) for _ in range(9)] == [False] * 9


@pytest.mark.integration
def test_a_worker_that_starts_finds_the_brake_as_it_was_left_and_sees_its_release(
    embedded_kafka: KafkaSettings,
) -> None:
    publish_notice(embedded_kafka, "audio", applied=True, reason="all invalid")
    publish_notice(embedded_kafka, "sink", applied=True, reason="another stage")
    seen: list[str | None] = []
    released = threading.Event()

    def changed(reason: str | None) -> None:
        seen.append(reason)
        if reason is None:
            released.set()

    follow(embedded_kafka, "audio", changed)
    assert seen == ["all invalid"]
    publish_notice(embedded_kafka, "audio", applied=False, reason="schema mended")
    assert released.wait(PATIENCE_S)
    assert seen == ["all invalid", None]


@pytest.mark.integration
def test_the_newest_notice_of_each_stage_counts(embedded_kafka: KafkaSettings) -> None:
    publish_notice(embedded_kafka, "audio", applied=True, reason="all invalid")
    publish_notice(embedded_kafka, "audio", applied=False, reason="mended")
    publish_notice(embedded_kafka, "classify", applied=True, reason="all invalid")
    assert {stage: notice.applied for stage, notice in notices(embedded_kafka).items()} == {
        "audio": False,
        "classify": True,
    }
