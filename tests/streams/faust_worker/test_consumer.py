"""How far a partition may be committed, by Faust's own account of what was acknowledged."""

from collections import defaultdict

import pytest
from faust.types.tuples import TP
from intervaltree import IntervalTree

from streams.faust_worker.consumer import Consumer

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
