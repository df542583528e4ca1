"""Which topics the brokers have, and which offsets can be read of them."""

from collections.abc import Iterable, Mapping
from concurrent.futures import wait
from datetime import datetime
from typing import Any, NamedTuple

from confluent_kafka import IsolationLevel, KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient, ClusterMetadata, OffsetSpec

from streams.kafka.client import KafkaUnavailable, LastError, ask, client_config
from streams.settings import KafkaSettings

Partition = tuple[str, int]
"""Full name of a topic, and a partition's number."""


class Range(NamedTuple):
    """A part of a partition, as offsets."""

    start: int
    """The first offset of it."""
    end: int
    """The offset after its last one."""


Ranges = Mapping[Partition, Range]
_EARLIEST, _LATEST = OffsetSpec.earliest(), OffsetSpec.latest()


class BrokerView:
    """Asks the brokers which topics there are and how far they reach."""

    def __init__(self, kafka: KafkaSettings) -> None:
        """Make the client; it connects when it is asked."""
        self.last_error = LastError()
        own: dict[str, Any] = {"error_cb": self.last_error, "allow.auto.create.topics": False}
        self.admin = AdminClient(client_config(kafka) | own)

    def cluster(self) -> ClusterMetadata:
        """Return the cluster with all its topics.

        Raises:
            KafkaUnavailable: The brokers do not answer in time, or refuse.
        """
        what = "the brokers do not list their topics"
        return ask(self.admin, self.last_error, what, lambda limit_s: self.admin.list_topics(timeout=limit_s))

    def ranges(self, topics: Iterable[str]) -> dict[Partition, Range]:
        """Return what each partition of ``topics`` (full names) holds; topics that do not exist are left out.

        Raises:
            KafkaUnavailable: The brokers do not answer in time, or refuse.
        """
        wanted = set(topics)

        def question(limit_s: float) -> dict[Partition, Range]:
            found = self.admin.list_topics(timeout=limit_s).topics
            partitions = [(name, number) for name in sorted(wanted & found.keys()) for number in found[name].partitions]
            starts = self._offsets(partitions, _EARLIEST, limit_s)
            ends = self._offsets(partitions, _LATEST, limit_s)
            return {partition: Range(starts[partition], ends[partition]) for partition in partitions}

        return ask(self.admin, self.last_error, "the brokers do not say what their topics hold", question)

    def first_since(self, partitions: Iterable[Partition], moment: datetime) -> dict[Partition, int]:
        """Return the first offset of each partition that was published at a moment or later; without it left out.

        Raises:
            KafkaUnavailable: The brokers do not answer in time, or refuse.
        """
        asked = list(partitions)
        spec = OffsetSpec.for_timestamp(round(moment.timestamp() * 1000))
        what = "the brokers do not say when messages were published"
        found = ask(self.admin, self.last_error, what, lambda limit_s: self._offsets(asked, spec, limit_s))
        return {partition: offset for partition, offset in found.items() if offset >= 0}

    def _offsets(self, partitions: list[Partition], spec: OffsetSpec, limit_s: float) -> dict[Partition, int]:
        if not partitions:
            return {}
        asked = self.admin.list_offsets(
            {TopicPartition(*partition): spec for partition in partitions},
            request_timeout=limit_s,
            isolation_level=IsolationLevel.READ_COMMITTED,  # as everybody reads: up to the oldest open transaction
        )
        wait(asked.values())  # an admin client that is dropped while a question is open crashes the process
        return {(one.topic, one.partition): future.result().offset for one, future in asked.items()}


def topic_ranges(kafka: KafkaSettings, topic: str) -> dict[Partition, Range]:
    """Return what each partition of one topic (name without prefix) holds at this moment.

    Raises:
        KafkaUnavailable: The brokers do not answer or refuse, or there is no such topic, or it may not be read.
    """
    name, view = kafka.prefix + topic, BrokerView(kafka)
    if found := view.ranges([name]):
        return found

    def by_name(limit_s: float) -> ClusterMetadata:
        return view.admin.list_topics(name, timeout=limit_s)

    # A topic that may not be read is missing where all are listed; asked for by its name it is refused.
    error = ask(view.admin, view.last_error, f"cannot read {name}", by_name).topics[name].error
    if error is not None and error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
        raise KafkaUnavailable(f"not allowed to read {name}", "`callsift topics export --acls` lists what is needed")
    raise KafkaUnavailable(f"there is no topic {name}", "Create it with `callsift topics create`")


def topic_ranges_since(kafka: KafkaSettings, topic: str, moment: datetime) -> dict[Partition, Range]:
    """Return what each partition of one topic (name without prefix) holds of what was published since a moment.

    Raises:
        KafkaUnavailable: As for ``topic_ranges``.
    """
    ranges = topic_ranges(kafka, topic)
    if moment.timestamp() <= 0:  # brokers have other meanings for such
        return ranges
    first = BrokerView(kafka).first_since(ranges, moment)
    return {partition: Range(first.get(partition, part.end), part.end) for partition, part in ranges.items()}
