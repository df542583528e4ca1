"""A real Kafka for the tests, from wherever there is one.

In this order: CALLSIFT_TEST_KAFKA (bootstrap servers), a container when a Docker engine answers, this machine's Java
and Maven; else the test skips and says why. ``tests/conftest.py`` makes fixtures of it.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import docker
import pytest
from confluent_kafka.admin import AdminClient
from docker.errors import DockerException
from testcontainers.core.container import DockerContainer

from deploy.laptop.kafka import CannotRunKafka, Cluster, Security, free_ports, version
from deploy.laptop.kafka_properties import CONTROLLER, PLAINTEXT, server_properties
from streams.kafka import client_config
from streams.settings import KafkaSettings

_ANSWER_LIMIT_S = 30


@dataclass(frozen=True)
class KafkaServer:
    """A Kafka that all tests share: none may kill it or change its settings."""

    bootstrap_servers: str
    origin: str
    """CALLSIFT_TEST_KAFKA, container or java."""

    def settings(self, **changes: Any) -> KafkaSettings:
        """Return settings with a prefix that nobody else has, so that topics and groups are the test's own."""
        return KafkaSettings(bootstrap_servers=self.bootstrap_servers, prefix=f"test-{uuid4().hex[:12]}.", **changes)


@contextmanager
def kafka_server(folder: Path) -> Iterator[KafkaServer]:
    """Find or start the Kafka that all tests share; skips the test when there is none."""
    if named := os.environ.get("CALLSIFT_TEST_KAFKA"):
        yield KafkaServer(named, "CALLSIFT_TEST_KAFKA")
        return
    with ExitStack() as stack:
        if _docker_answers():
            with suppress(DockerException):  # an engine that cannot get the image
                address = stack.enter_context(_container())
                yield KafkaServer(address, "container")
                return
        cluster = stack.enter_context(own_cluster(folder))
        yield KafkaServer(cluster.bootstrap_servers, "java")


@contextmanager
def own_cluster(
    folder: Path,
    *,
    brokers: int = 1,
    security: Security | None = None,
    properties: Mapping[str, str] | None = None,
) -> Iterator[Cluster]:
    """Run brokers that the test may kill, from this machine's Java; skips the test when that cannot be."""
    cluster = Cluster(folder, brokers=brokers, security=security, properties=properties)
    try:
        cluster.start()
    except CannotRunKafka as reason:
        pytest.skip(f"cannot run Kafka on this machine: {reason} (most tests also take CALLSIFT_TEST_KAFKA or Docker)")
    except BaseException:
        cluster.kill()
        raise
    try:
        yield cluster
    finally:
        # one that was killed and has lost its quorum would not end by itself
        cluster.stop() if brokers == 1 else cluster.kill()


def delete_topics(kafka: KafkaSettings) -> None:
    """Delete every topic with the settings' prefix."""
    assert kafka.prefix, "that would delete other people's topics"
    admin = AdminClient(client_config(kafka))
    names = [name for name in admin.list_topics(timeout=_ANSWER_LIMIT_S).topics if name.startswith(kafka.prefix)]
    for future in admin.delete_topics(names).values() if names else ():
        future.result(_ANSWER_LIMIT_S)


def _docker_answers() -> bool:
    try:
        client = docker.from_env(timeout=5)
        client.ping()
    except DockerException:
        return False
    client.close()
    return True


@contextmanager
def _container() -> Iterator[str]:
    """Run the version of the pom from Apache's own image, told the same as a broker on this machine."""
    port = next(free_ports())
    told = server_properties(1, {1: {PLAINTEXT: port, CONTROLLER: 9093}}, "/tmp/kafka")
    told["listeners"] = told["listeners"].replace(f"{PLAINTEXT}://127.0.0.1", f"{PLAINTEXT}://0.0.0.0")
    container = DockerContainer(f"apache/kafka:{version()}").with_bind_ports(port, port)
    for name, value in told.items():
        container.with_env(f"KAFKA_{name.upper().replace('.', '_')}", value)
    with container:
        address = f"127.0.0.1:{port}"
        AdminClient({"bootstrap.servers": address, "log_level": 0}).list_topics(timeout=180)
        yield address
