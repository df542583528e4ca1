"""The pipeline's topics and users as resources of Strimzi, for clusters whose Kafka is declared in Git."""

from collections.abc import Iterator
from typing import Any

from streams.kafka import kubernetes_name, users, wanted_topics
from streams.settings import KafkaSettings

API_VERSION = "kafka.strimzi.io/v1"
"""Of Strimzi 0.49 and newer; 1.0 has no other."""
Resource = dict[str, Any]


def topic_resources(kafka: KafkaSettings, cluster: str, namespace: str | None) -> Iterator[Resource]:
    """Yield a ``KafkaTopic`` for every topic of the catalogue, for the ``Kafka`` resource named ``cluster``."""
    for name, wanted in wanted_topics(kafka).items():
        yield _resource(
            "KafkaTopic",
            kubernetes_name(name),
            cluster,
            namespace,
            topicName=name,
            partitions=wanted.partitions,
            replicas=wanted.replication,
            config=dict(wanted.config),
        )


def user_resources(
    kafka: KafkaSettings, cluster: str, namespace: str | None, authentication: str
) -> Iterator[Resource]:
    """Yield a ``KafkaUser`` with its access rules for everybody whom the brokers have to know.

    ``authentication`` is how they prove who they are, by Strimzi's name: scram-sha-512 or tls.
    """
    for user in users(kafka):
        rules = [
            {
                "resource": {"type": rule.resource, "name": rule.name, "patternType": "literal"},
                "operations": list(rule.operations),
            }
            for rule in user.rules
        ]
        yield _resource(
            "KafkaUser",
            user.name,
            cluster,
            namespace,
            authentication={"type": authentication},
            authorization={"type": "simple", "acls": rules},
        )


def _resource(kind: str, name: str, cluster: str, namespace: str | None, **spec: Any) -> Resource:
    labels = {"strimzi.io/cluster": cluster, "app.kubernetes.io/part-of": "callsift"}
    place = {"namespace": namespace} if namespace else {}
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {"name": name, **place, "labels": labels},
        "spec": spec,
    }
