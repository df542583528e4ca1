"""What the brokers know of consumer groups, asked without joining one.

The admin client's own questions about groups end the process while a group's coordinator is not ready or goes away:
``list_consumer_group_offsets`` with SIGSEGV (librdkafka#5040), ``describe_consumer_groups`` with SIGABRT
(librdkafka#5397). Nothing here or elsewhere asks them; ``python -m tests.coordinator`` kills the coordinators.
"""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from streams.kafka.client import client_config
from streams.kafka.last_error import Trouble, ask
from streams.kafka.reader import Place
from streams.settings import KafkaSettings

_MEMBERS_LIMIT_S = 5.0


def committed(kafka: KafkaSettings, places: Mapping[str, Sequence[Place]]) -> dict[Place, int]:
    """Return how far groups (full names) are on some partitions; those where a group never committed are left out.

    Raises:
        KafkaUnavailable: The brokers do not answer in time, or refuse.
    """
    positions: dict[Place, int] = {}
    for group, own in places.items():
        trouble = Trouble()
        asking = asking_as(kafka, group, trouble)
        question = partial(positions_of, asking, own)
        try:
            positions |= ask(asking, trouble, f"the brokers do not say how far the group {group} is", question)
        finally:
            asking.close()
    return positions


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


def asking_as(kafka: KafkaSettings, group: str, trouble: Trouble) -> Consumer:
    """Return a client that asks in a group's name, and is to be closed."""
    return Consumer(client_config(kafka) | {"group.id": group, "enable.auto.commit": False} | {"error_cb": trouble})


def positions_of(asking: Consumer, places: Iterable[Place], limit_s: float) -> dict[Place, int]:
    """Ask once for what the client's group has committed; raises KafkaException."""
    asked = [TopicPartition(*place) for place in places]
    found = asking.committed(asked, timeout=limit_s) if asked else []
    for position in found:
        if position.error is not None:
            raise KafkaException(position.error)
    return {(position.topic, position.partition): position.offset for position in found if position.offset >= 0}
