"""What the brokers know of consumer groups, asked without joining one.

The admin client's own questions about groups end the process while a group's coordinator is not ready or goes away:
``list_consumer_group_offsets`` with SIGSEGV (librdkafka#5040), ``describe_consumer_groups`` with SIGABRT
(librdkafka#5397). Nothing here or elsewhere asks them; ``python -m tests.coordinator`` kills the coordinators.
"""

import warnings
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from streams.kafka.client import LastError, ask, client_config
from streams.kafka.ranges import Partition
from streams.settings import KafkaSettings

_MEMBERS_LIMIT_S = 5.0


def committed(kafka: KafkaSettings, partitions: Mapping[str, Collection[Partition]]) -> dict[Partition, int]:
    """Return how far groups (full names) are on some partitions; those where a group never committed are left out.

    Raises:
        KafkaUnavailable: The brokers do not answer in time, or refuse.
    """
    positions: dict[Partition, int] = {}
    for group, own in partitions.items():
        if own:
            positions |= _committed(kafka, group, [TopicPartition(*partition) for partition in own])
    return positions


def _committed(kafka: KafkaSettings, group: str, asked: list[TopicPartition]) -> dict[Partition, int]:
    last_error = LastError()
    config: dict[str, Any] = client_config(kafka) | {"group.id": group, "enable.auto.commit": False}
    client = Consumer(config | {"error_cb": last_error})

    def question(limit_s: float) -> dict[Partition, int]:
        found = client.committed(asked, timeout=limit_s)
        for position in found:
            if position.error is not None:
                raise KafkaException(position.error)
        return {(position.topic, position.partition): position.offset for position in found if position.offset >= 0}

    try:
        return ask(client, last_error, f"the brokers do not say how far the group {group} is", question)
    finally:
        client.close()


def members(kafka: KafkaSettings, groups: Iterable[str]) -> dict[str, int | None]:
    """Return how many members groups (full names) have; None: the brokers do not tell."""
    config: dict[str, Any] = client_config(kafka)
    client = AdminClient(config)  # one that knew a broker that went would wait for it
    return {group: _members(client, group) for group in groups}


def _members(client: AdminClient, group: str) -> int | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # for describe_consumer_groups, see above
        try:
            return sum(len(found.members) for found in client.list_groups(group, timeout=_MEMBERS_LIMIT_S))
        except KafkaException:  # a broker that does not know the question, or does not answer
            return None
