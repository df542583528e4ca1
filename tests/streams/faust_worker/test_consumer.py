"""How far a partition may be committed, by Faust's own account of what was acknowledged."""

import inspect
from collections import defaultdict
from typing import cast
from unittest.mock import AsyncMock

import pytest
from aiokafka import AIOKafkaConsumer
from faust.types.tuples import TP
from intervaltree import IntervalTree

from streams.faust_worker.app import make_app
from streams.faust_worker.consumer import Consumer, Transport
from streams.settings import KafkaSettings
from streams.topics import STAGES

HERE = TP("calls.ended", 0)


@pytest.fixture
def consumer() -> Consumer:
    """A consumer that connects to nobody, with messages at 2, 4, 6 …, and the marker of a transaction after each."""
    made = Consumer.__new__(Consumer)
    made._acked = defaultdict(list)
    made._acked_index = defaultdict(set)
    made._gap = defaultdict(IntervalTree)
    made._committed_offset = defaultdict(lambda: None, {HERE: 2})
    return made


async def test_every_acknowledged_message_can_be_committed_at_once(consumer: Consumer) -> None:
    for offset in (4, 6, 8, 10):
        await consumer._add_gap(HERE, offset - 1, offset)
        consumer._acked[HERE].append(offset)
        found = consumer._new_offset(HERE)
        assert found == offset + 1
        consumer._committed_offset[HERE] = found


async def test_a_broker_may_hold_a_question_for_as_long_as_the_settings_say() -> None:
    app = make_app(STAGES["audio"], KafkaSettings())
    app.finalize()
    app.transport = Transport(app, AsyncMock(), 0.3)
    thread = cast("Consumer", app.consumer)._new_consumer_thread()
    made = thread._create_worker_consumer(app.transport)
    assert made._fetch_max_wait_ms == 300
    assert "fetch_max_wait_ms=self._fetch_max_wait_ms" in inspect.getsource(AIOKafkaConsumer)
