"""The brokers of these tests: the embedded one, a real Kafka, and both in turn."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from callsift.embedded import EmbeddedBroker
from streams.settings import KafkaSettings


@pytest.fixture
def embedded_kafka() -> Iterator[KafkaSettings]:
    """An embedded broker with all topics, which is the test's own."""
    prefix = f"{uuid4().hex[:8]}."
    broker = EmbeddedBroker(prefix)
    yield KafkaSettings(bootstrap_servers=broker.bootstrap_servers, prefix=prefix)
    del broker


@pytest.fixture(params=["embedded_kafka", "real_kafka"])
def kafka(request: pytest.FixtureRequest) -> KafkaSettings:
    """Both in turn: what runs on a laptop must do what runs in production."""
    settings: KafkaSettings = request.getfixturevalue(request.param)
    return settings
