"""Keeps how far groups without members are: brokers forget it after a week, by ``offsets.retention.minutes``.

A group that has no position counts, for an autoscaler, as one that has everything before it that was ever published:
its workers would be started for nothing, and never be sent away.
"""

from collections.abc import Mapping
from contextlib import closing

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from streams.kafka.client import LastError, ask, client_config
from streams.kafka.groups import committed
from streams.kafka.ranges import BrokerView, Partition
from streams.settings import KafkaSettings
from streams.topics import RETRIES, RETRY_GROUP, STAGES

_HAS_MEMBERS = {
    KafkaError.UNKNOWN_MEMBER_ID,
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError.FENCED_INSTANCE_ID,
}


def keep_positions(kafka: KafkaSettings) -> int:
    """Commit again where every group is that has no members; returns how many such groups there are.

    Where a group never was, it is at the beginning of what there is, as its workers begin there.

    Raises:
        KafkaUnavailable: The brokers do not answer in time, or refuse.
    """
    groups = {RETRY_GROUP: RETRIES} | {stage.group: stage.consumes for stage in STAGES.values()}
    kept = 0
    for group, topics in groups.items():
        ranges = BrokerView(kafka).ranges(kafka.prefix + topic.name for topic in topics)
        known = committed(kafka, {kafka.prefix + group: list(ranges)})
        positions = {place: max(known.get(place, 0), held.start) for place, held in ranges.items()}
        kept += bool(positions) and _commit(kafka, kafka.prefix + group, positions)
    return kept


def _commit(kafka: KafkaSettings, group: str, positions: Mapping[Partition, int]) -> bool:
    """Commit for a group (full name) from outside; tell whether the brokers did it: not while it has members."""
    last_error = LastError()
    own = {"group.id": group, "enable.auto.commit": False, "error_cb": last_error}
    offsets = [TopicPartition(*place, offset) for place, offset in positions.items()]

    def question(_limit_s: float) -> bool:
        try:
            found = client.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            if error.args[0].code() in _HAS_MEMBERS:
                return False
            raise
        refused = [one.error for one in found or () if one.error is not None]
        if refused and refused[0].code() in _HAS_MEMBERS:
            return False
        if refused:
            raise KafkaException(refused[0])
        return True

    with closing(Consumer(client_config(kafka) | own)) as client:
        return ask(client, last_error, f"the position of the group {group} cannot be kept", question)
