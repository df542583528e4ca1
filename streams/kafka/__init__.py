"""Plain Kafka clients, without Faust: publishing, reading, lag, topics and access rules."""

from streams.kafka.acls import kubernetes_name, users
from streams.kafka.client import KafkaUnavailable, client_config
from streams.kafka.producer import produce
from streams.kafka.reader import TopicReader
from streams.kafka.topic_admin import create_topics, drift, find_topics, partitions, wanted_topics

__all__ = [
    "KafkaUnavailable",
    "TopicReader",
    "client_config",
    "create_topics",
    "drift",
    "find_topics",
    "kubernetes_name",
    "partitions",
    "produce",
    "users",
    "wanted_topics",
]
