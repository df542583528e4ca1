"""Plain Kafka clients, without Faust: publishing, reading, lag, topics and access rules."""

from streams.kafka.acls import kubernetes_name, users
from streams.kafka.awaited_producer import AwaitedProducer
from streams.kafka.brake_topic import notices, publish_notice
from streams.kafka.client import KafkaUnavailable, client_config
from streams.kafka.forgotten import forgotten_calls, publish_forgotten
from streams.kafka.lag import consumer_lag
from streams.kafka.producer import PARTITIONER, OutgoingMessage, is_too_large, produce
from streams.kafka.reader import TopicReader
from streams.kafka.retention_topic import last_retention, publish_retention
from streams.kafka.tombstones import publish_tombstones
from streams.kafka.topic_admin import create_topics, drift, find_topics, partitions, wanted_topics

__all__ = [
    "PARTITIONER",
    "AwaitedProducer",
    "KafkaUnavailable",
    "OutgoingMessage",
    "TopicReader",
    "client_config",
    "consumer_lag",
    "create_topics",
    "drift",
    "find_topics",
    "forgotten_calls",
    "is_too_large",
    "kubernetes_name",
    "last_retention",
    "notices",
    "partitions",
    "produce",
    "publish_forgotten",
    "publish_notice",
    "publish_retention",
    "publish_tombstones",
    "users",
    "wanted_topics",
]
