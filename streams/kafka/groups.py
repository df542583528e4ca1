"""What the brokers know of consumer groups, asked without joining one.

The admin client's own questions about groups end the process while a group's coordinator is not ready or goes away:
``list_consumer_group_offsets`` with SIGSEGV (librdkafka#5040), ``describe_consumer_groups`` with SIGABRT
(librdkafka#5397). Nothing here or elsewhere asks them; ``python -m tests.coordinator`` kills the coordinators.
"""

import warnings
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from streams.kafka.client import KafkaUnavailable, LastError, ask, client_config
from streams.kafka.ranges import Partition
from streams.settings import KafkaSettings

_MEMBERS_LIMIT_S = 5.0


class Positions:
    """Asks how far groups are, as often as somebody likes, with one client for each group. Close it."""

    def __init__(self, kafka: KafkaSettings) -> None:
        """Make no client yet: each comes with the first question about its group."""
        self._kafka = kafka
        self._clients: dict[str, tuple[Consumer, LastError]] = {}

    def of(self, partitions: Mapping[str, Collection[Partition]]) -> dict[Partition, int]:
        """Return how far groups (full names) are on some partitions; where a group never committed is left out.

        Raises:
            KafkaUnavailable: The brokers do not answer in time, or refuse.
        """
        found: dict[Partition, int] = {}
        for group, own in partitions.items():
            if own:
                try:
                    found |= self._ask(group, [TopicPartition(*partition) for partition in own])
                except KafkaUnavailable:
                    self._forget(group)  # whatever holds this client up does not hold up a new one
                    raise
        return found

    def close(self) -> None:
        """Close the connections."""
        for group in list(self._clients):
            self._forget(group)

    def _ask(self, group: str, asked: list[TopicPartition]) -> dict[Partition, int]:
        if group not in self._clients:
            last_error = LastError()
            config: dict[str, Any] = client_config(self._kafka) | {"group.id": group, "enable.auto.commit": False}
            self._clients[group] = Consumer(config | {"error_cb": last_error}), last_error
        client, last_error = self._clients[group]

        def question(limit_s: float) -> dict[Partition, int]:
            found = client.committed(asked, timeout=limit_s)
            for position in found:
                if position.error is not None:
                    raise KafkaException(position.error)
            return {(position.topic, position.partition): position.offset for position in found if position.offset >= 0}

        last_error.forget()
        return ask(client, last_error, f"the brokers do not say how far the group {group} is", question)

    def _forget(self, group: str) -> None:
        client, _ = self._clients.pop(group)
        client.close()


def committed(kafka: KafkaSettings, partitions: Mapping[str, Collection[Partition]]) -> dict[Partition, int]:
    """Ask once how far groups (full names) are on some partitions, as ``Positions`` does.

    Raises:
        KafkaUnavailable: The brokers do not answer in time, or refuse.
    """
    with closing(Positions(kafka)) as positions:
        return positions.of(partitions)


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
