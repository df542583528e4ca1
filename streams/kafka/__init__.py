"""Plain Kafka clients, without Faust: publishing, reading, lag, topics and access rules."""

from streams.kafka.acls import kubernetes_name, users
from streams.kafka.awaited_producer import AwaitedProducer
from streams.kafka.brake_topic import notices, publish_notice
from streams.kafka.client import KafkaUnavailable, client_config, member_config
from streams.kafka.forgotten import forgotten_calls, publish_forgotten
from streams.kafka.kept_positions import keep_positions
from streams.kafka.lag import consumer_lag
from streams.kafka.outcomes import publish_outcomes, publish_tombstones
from streams.kafka.producer import PARTITIONER, OutgoingMessage, is_too_large, produce, produce_messages
from streams.kafka.ranges import Range, topic_ranges, topic_ranges_since
from streams.kafka.reader import TopicReader, headers_of, offset_of, partition_of, read
from streams.kafka.retention_topic import last_retention, publish_retention
from streams.kafka.source_topic import source_notices
from streams.kafka.topic_admin import TOMBSTONES_S, create_topics, drift, find_topics, partitions, wanted_topics

__all__ = [
    "PARTITIONER",
    "TOMBSTONES_S",
    "AwaitedProducer",
    "KafkaUnavailable",
    "OutgoingMessage",
    "Range",
    "TopicReader",
    "client_config",
    "consumer_lag",
    "create_topics",
    "drift",
    "find_topics",
    "forgotten_calls",
    "headers_of",
    "is_too_large",
    "keep_positions",
    "kubernetes_name",
    "last_retention",
    "member_config",
    "notices",
    "offset_of",
    "partition_of",
    "partitions",
    "produce",
    "produce_messages",
    "publish_forgotten",
    "publish_notice",
    "publish_outcomes",
    "publish_retention",
    "publish_tombstones",
    "read",
    "source_notices",
    "topic_ranges",
    "topic_ranges_since",
    "users",
    "wanted_topics",
]
