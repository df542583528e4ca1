"""Creating and listing topics, through confluent-kafka's admin client."""

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from streams.catalogue import TOPICS, Topic
from streams.kafka_client import KafkaUnavailable, client_config
from streams.settings import KafkaSettings

_CURE = "The embedded broker of `callsift up` makes topics by itself and answers no admin request; name a real broker"


def create_topics(kafka: KafkaSettings) -> list[str]:
    """Create the topics that do not exist yet, and return their names.

    Raises:
        KafkaUnavailable: The brokers do not answer, or refuse.
    """
    admin = AdminClient(client_config(kafka))
    wanted = [_new_topic(topic, kafka) for topic in TOPICS]
    created = []
    # The futures belong to the client: it has to outlive them.
    for name, future in admin.create_topics(wanted, request_timeout=15).items():
        try:
            future.result()
            created.append(name)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise KafkaUnavailable(f"cannot create topic {name}: {error.args[0].str()}", _CURE) from error
    return created


def partitions(kafka: KafkaSettings) -> dict[str, int | None]:
    """Return the number of partitions of each topic of the catalogue; None where the topic does not exist.

    Raises:
        KafkaUnavailable: The brokers do not answer.
    """
    try:
        found = AdminClient(client_config(kafka)).list_topics(timeout=10).topics
    except KafkaException as error:
        raise KafkaUnavailable(
            f"cannot list topics: {error.args[0].str()}",
            "Check CALLSIFT_KAFKA_BOOTSTRAP_SERVERS and that the brokers are up",
        ) from error
    names = [kafka.prefix + topic.name for topic in TOPICS]
    return {name: len(found[name].partitions) if name in found else None for name in names}


def _new_topic(topic: Topic, kafka: KafkaSettings) -> NewTopic:
    retention_ms = -1 if topic.retention_s is None else topic.retention_s * 1000
    return NewTopic(
        kafka.prefix + topic.name,
        num_partitions=topic.partitions,
        replication_factor=kafka.replication_factor,
        config={
            "cleanup.policy": "compact" if topic.compacted else "delete",
            "retention.ms": str(retention_ms),
            "min.insync.replicas": str(max(1, kafka.replication_factor - 1)),
        },
    )
