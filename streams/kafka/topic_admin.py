"""The topics on the brokers: creating them, and telling where they differ from the catalogue."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import ConfigResource, ResourceType, TopicMetadata
from confluent_kafka.cimpl import NewTopic

from streams.kafka.client import KafkaUnavailable
from streams.kafka.ranges import BrokerView
from streams.settings import KafkaSettings
from streams.topics import ALL_TOPICS, SEGMENT_S, AnyTopic

_CURE = "Check the brokers' logs, and that this user may create and describe topics"
_EMBEDDED = "mockCluster"  # how the cluster id of librdkafka's mock begins
_LISTED_LIMIT_S = 5.0
_ANSWER_LIMIT_S = 15.0
TOMBSTONES_S = 7 * 24 * 3600


@dataclass(frozen=True)
class TopicState:
    """How a topic is kept, as the catalogue wants it or as the brokers have it."""

    partitions: int
    replication: int
    """Copies of each partition."""
    config: Mapping[str, str] = field(default_factory=dict)
    """Topic settings by Kafka's names."""


@dataclass(frozen=True)
class Difference:
    """One way in which a topic is not as the catalogue wants it."""

    topic: str
    what: str
    """topic (it is missing), partitions, replication, or the name of a topic setting."""
    expected: str
    found: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.topic}: {self.what}: expected {self.expected}, found {self.found}"


def wanted_topics(kafka: KafkaSettings) -> dict[str, TopicState]:
    """Return every topic of the catalogue by its full name, as it should be kept."""
    return {kafka.prefix + topic.name: _wanted(topic, kafka.replication_factor) for topic in ALL_TOPICS}


def drift(wanted: Mapping[str, TopicState], found: Mapping[str, TopicState]) -> list[Difference]:
    """Return every difference between the topics wanted and those found, in the order of ``wanted``.

    Partitions may only grow: too few are a difference, more are not. Of the settings only those that are wanted count;
    topics that nobody wants are none of ours.
    """
    differences = []
    for name, want in wanted.items():
        have = found.get(name)
        if have is None:
            differences.append(Difference(name, "topic", "present", "missing"))
            continue
        if have.partitions < want.partitions:
            expected = f"{want.partitions} or more"
            differences.append(Difference(name, "partitions", expected, str(have.partitions)))
        if have.replication != want.replication:
            differences.append(Difference(name, "replication", str(want.replication), str(have.replication)))
        for setting, value in want.config.items():
            if (actual := have.config.get(setting, "nothing")) != value:
                differences.append(Difference(name, setting, value, actual))
    return differences


def create_topics(kafka: KafkaSettings) -> list[str]:
    """Create the topics that do not exist yet, and return their names; those that exist stay as they are.

    What was created may be missing from a broker's list for a moment: this returns when the brokers list it.

    Raises:
        KafkaUnavailable: The brokers do not answer, or refuse.
    """
    view = BrokerView(kafka)
    _real_topics(view)  # quicker than the admin request at saying what is wrong
    wanted = [
        NewTopic(name, num_partitions=want.partitions, replication_factor=want.replication, config=dict(want.config))
        for name, want in wanted_topics(kafka).items()
    ]
    created = []
    # The futures belong to the client: it has to outlive them.
    for name, future in view.admin.create_topics(wanted, request_timeout=_ANSWER_LIMIT_S).items():
        try:
            future.result()
            created.append(name)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise KafkaUnavailable(f"cannot create topic {name}: {error.args[0].str()}", _CURE) from error
    deadline_s = time.monotonic() + _LISTED_LIMIT_S  # who may not describe them never sees them
    while not view.cluster().topics.keys() >= set(created) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    return created


def find_topics(kafka: KafkaSettings) -> dict[str, TopicState]:
    """Return the topics of the catalogue that the brokers have, by full name, with the settings that are in force.

    Raises:
        KafkaUnavailable: The brokers do not answer, or refuse.
    """
    view = BrokerView(kafka)
    listed = _real_topics(view)
    names = [name for name in wanted_topics(kafka) if name in listed]
    asked = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    # An empty request would be refused.
    answers = view.admin.describe_configs(asked, request_timeout=_ANSWER_LIMIT_S) if asked else {}
    found = {}
    for resource, future in answers.items():
        try:
            config = {name: str(entry.value) for name, entry in future.result().items()}
        except KafkaException as error:
            raise KafkaUnavailable(f"cannot describe topic {resource.name}: {error.args[0].str()}", _CURE) from error
        partitions = listed[resource.name].partitions
        copies = min((len(partition.replicas) for partition in partitions.values()), default=0)
        found[resource.name] = TopicState(len(partitions), copies, config)
    return found


def partitions(kafka: KafkaSettings) -> dict[str, int | None]:
    """Return the number of partitions of each topic of the catalogue; None where the topic does not exist.

    Raises:
        KafkaUnavailable: The brokers do not answer, or refuse.
    """
    found = BrokerView(kafka).cluster().topics
    return {name: len(found[name].partitions) if name in found else None for name in wanted_topics(kafka)}


def _real_topics(view: BrokerView) -> dict[str, TopicMetadata]:
    cluster = view.cluster()
    if str(cluster.cluster_id).startswith(_EMBEDDED):  # it would let an admin request run into its time-out
        raise KafkaUnavailable(
            "the embedded broker of `callsift up` answers no admin request",
            "It makes topics by itself; name a real one",
        )
    return cluster.topics


def _wanted(topic: AnyTopic, replication: int) -> TopicState:
    config = {
        "cleanup.policy": "compact" if topic.compacted else "delete",
        "retention.ms": "-1" if topic.retention_s is None else str(topic.retention_s * 1000),
        "segment.ms": str(SEGMENT_S * 1000),
        # A producer's clock must decide neither how long a message is kept nor whether the brokers take it.
        "message.timestamp.type": "LogAppendTime",
        # One broker may be away; with one copy there is nothing to spare.
        "min.insync.replicas": str(max(1, replication - 1)),
    }
    if topic.compacted:
        # What was replaced or forgotten goes within days, however little else is written.
        config["max.compaction.lag.ms"] = str(SEGMENT_S * 1000)
        # A subscriber that was away for less than this sees every tombstone.
        config["delete.retention.ms"] = str(TOMBSTONES_S * 1000)
    if topic.max_message_bytes is not None:
        config["max.message.bytes"] = str(topic.max_message_bytes)
    return TopicState(topic.partitions, replication, config)
