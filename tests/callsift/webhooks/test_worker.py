"""Real worker processes: what is published reaches the consumer, also when workers are killed while they post."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import pytest
import yaml
from pydantic import SecretStr

from api.webhook_endpoints.resource import new_secret
from callsift.embedded import EmbeddedBroker, EmbeddedStore
from store.calls import OutcomeStore
from store.database import Database
from store.settings import StoreSettings
from store.webhook_endpoints import Endpoint, EndpointStore
from streams.kafka import publish_outcomes
from streams.settings import KafkaSettings
from tests.patience import PATIENCE_S, until
from tests.servers.webhooks import Consumer
from tests.store.outcomes import done

pytestmark = pytest.mark.integration
_T = TypeVar("_T")
CALLS = 30


class Place:
    """A broker, a store, and the workers that a test starts."""

    def __init__(self, home: Path) -> None:
        self.broker, self._store = EmbeddedBroker(), EmbeddedStore(home / "store")
        self.kafka = KafkaSettings(bootstrap_servers=self.broker.bootstrap_servers)
        self._mongo, self._home = StoreSettings(uri=SecretStr(self._store.uri)), home
        self._workers: list[subprocess.Popen[bytes]] = []
        allowed = {"endpoints": {"schemes": ["http"], "internal_hosts": ["127.0.0.1"]}}
        (home / "sources.yaml").write_text(yaml.safe_dump(allowed), encoding="utf-8")

    def worker(self) -> "subprocess.Popen[bytes]":
        """Start a worker."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("CALLSIFT_")}
        variables = {
            "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "CALLSIFT_MONGO_URI": self._store.uri,
            "CALLSIFT_SOURCES_FILE": str(self._home / "sources.yaml"),
            "CALLSIFT_HTTP_PORT": "127.0.0.1:0",
        }
        with (self._home / "worker.log").open("ab") as log:
            command = [sys.executable, "-m", "callsift", "worker", "webhooks"]
            self._workers.append(subprocess.Popen(command, env=own | variables, stdout=log, stderr=log))
        return self._workers[-1]

    def said(self) -> str:
        """Return the log of the workers."""
        return (self._home / "worker.log").read_text(encoding="utf-8")

    def ask(self, ask: Callable[[Database], Coroutine[Any, Any, _T]]) -> _T:
        """Ask the store."""

        async def asked() -> _T:
            with closing(Database(self._mongo)) as database:
                return await ask(database)

        return asyncio.run(asked())

    def publish(self, *call_ids: str) -> None:
        """Store outcomes, then publish them, as the sink does."""

        async def stored(database: Database) -> None:
            for call_id in call_ids:
                await OutcomeStore(database).save(done(f"outcome-of-{call_id}", call_id))

        self.ask(stored)
        publish_outcomes(self.kafka, [done(f"outcome-of-{call_id}", call_id) for call_id in call_ids])

    def stop(self) -> None:
        """End everything."""
        for worker in self._workers:
            worker.kill()
            worker.wait()
        self._store.stop()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.stop()


def endpoint(place: Place, url: str) -> tuple[Endpoint, str]:
    """Make an endpoint, and return it with its secret."""
    now = datetime.now(UTC) - timedelta(seconds=1)
    made = Endpoint(id=uuid4().hex[:12], url=url, by="anna", secrets=(new_secret(now),), created_at=now)
    place.ask(lambda database: EndpointStore(database).add(made))
    return made, made.secrets[0].value


def test_what_is_published_is_posted_signed_and_a_worker_that_is_asked_to_ends_in_order(
    place: Place, consumer: Consumer
) -> None:
    _, secret = endpoint(place, consumer.address)
    worker = place.worker()
    place.publish("one")
    until(lambda: len(consumer.got) == 1, place.said, within_s=PATIENCE_S)
    assert consumer.got[0].verified(secret)["data"]["call_id"] == "one"
    worker.terminate()
    assert worker.wait(PATIENCE_S) == 0, place.said()
    assert consumer.address not in place.said()


@pytest.mark.slow  # make test-slow
def test_workers_that_are_killed_while_they_post_lose_nothing(place: Place, consumer: Consumer) -> None:
    endpoint(place, consumer.address)
    place.publish(*(f"call-{number}" for number in range(CALLS)))
    for seen in (1, CALLS // 3):
        worker = place.worker()
        until(lambda seen=seen: len(consumer.got) >= seen, place.said, within_s=PATIENCE_S)  # type: ignore[misc]
        worker.kill()
        worker.wait()
    place.worker()
    wanted = {f"outcome-of-call-{number}" for number in range(CALLS)}
    until(lambda: set(consumer.ids) == wanted, place.said, within_s=PATIENCE_S)


def test_what_was_published_while_an_endpoint_was_disabled_is_replayed(place: Place, consumer: Consumer) -> None:
    made, _ = endpoint(place, consumer.address)
    place.ask(lambda database: EndpointStore(database).change(made.id, {"enabled": False}))
    place.worker()
    place.publish("missed")
    since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    place.ask(lambda database: EndpointStore(database).change(made.id, {"enabled": True, "replay_since": since}))
    until(lambda: consumer.ids == ["outcome-of-missed"], place.said, within_s=PATIENCE_S)
