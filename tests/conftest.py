"""What every test shares: properties are judged by their claims, never by the machine's speed; a real Kafka.

``make test`` runs several processes, each with a Kafka of its own.
"""

import itertools
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from deploy.laptop.kafka import Cluster
from streams.kafka.topic_admin import create_topics, partitions
from streams.settings import KafkaSettings
from tests.patience import PATIENCE_S
from tests.servers.kafka import KafkaServer, delete_topics, kafka_server, own_cluster

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # begun in the background of a script: commands that tests start would not hear Ctrl-C, either
    signal.signal(signal.SIGINT, signal.default_int_handler)
settings.register_profile("callsift", deadline=None)
settings.load_profile("callsift")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the tests, they begin with the long ones, so that they end together."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.get_closest_marker("integration") is None)


@pytest.fixture(scope="session")
def kafka_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """A real Kafka that all tests share; ``kafka_cluster.settings()`` has a prefix of its own, without topics."""
    with kafka_server(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture
def real_kafka(kafka_cluster: KafkaServer) -> Iterator[KafkaSettings]:
    """The shared Kafka with all topics of the catalogue, under a prefix that only this test has."""
    kafka = kafka_cluster.settings()
    create_topics(kafka)
    deadline = time.monotonic() + PATIENCE_S
    while not all(partitions(kafka).values()):  # brokers list what they have made a moment later
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield kafka
    delete_topics(kafka)


@pytest.fixture
def start_cluster(tmp_path: Path) -> Iterator[Callable[..., Cluster]]:
    """Start brokers that the test may kill: ``start_cluster(brokers=3)``; arguments as ``own_cluster`` has them."""
    with ExitStack() as stack:
        numbers = itertools.count(1)

        def start(**options: Any) -> Cluster:
            return stack.enter_context(own_cluster(tmp_path / f"cluster-{next(numbers)}", **options))

        yield start
