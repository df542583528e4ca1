"""Tombstones on calls.outcomes: messages without a value, by which downstream teams learn that a call is gone."""

from collections.abc import Sequence

from streams.kafka.producer import produce
from streams.settings import KafkaSettings
from streams.topics import OUTCOMES

_AT_ONCE = 1000


def publish_tombstones(kafka: KafkaSettings, call_ids: Sequence[str]) -> None:
    """Let calls.outcomes forget calls: subscribers see a null value, and compaction removes what was there. Blocks.

    Raises:
        KafkaUnavailable: The brokers do not confirm; some may be there already, and doing it again does no harm.
    """
    for first in range(0, len(call_ids), _AT_ONCE):
        produce(kafka, OUTCOMES.name, [(call_id, None) for call_id in call_ids[first : first + _AT_ONCE]])
