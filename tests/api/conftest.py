"""An API on this machine, asked over HTTP as others ask it."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr

from api.access.authentication import Authentication
from api.access.keys import Keys
from api.services import Services
from api.settings import ApiSettings
from callsift.embedded import EmbeddedBroker, EmbeddedStore
from store.api_keys import ApiKeyStore
from store.database import Database
from store.settings import StoreSettings
from streams.payloads import ClaimCheckStore
from streams.settings import KafkaSettings
from tests.api.asking import asking
from tests.api.described import described_once
from tests.servers.mongo import with_database


@pytest.fixture(scope="session", autouse=True)
def routes_made_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.app.described_app", described_once)
        yield


@pytest.fixture(scope="session")
def embedded_mongo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a store that all tests of the API share, each with a database of its own."""
    running = EmbeddedStore(tmp_path_factory.mktemp("api-store"))
    yield running.uri
    running.stop()


@pytest.fixture(scope="session")
def broker() -> EmbeddedBroker:
    return EmbeddedBroker()


@pytest.fixture
def services(embedded_mongo: str, broker: EmbeddedBroker, tmp_path: Path) -> Services:
    """Return services whose store is empty, and whose broker has every topic."""
    uri = with_database(embedded_mongo, f"test-{uuid4().hex}")
    database = Database(StoreSettings(uri=SecretStr(uri)))
    return Services(
        settings=ApiSettings(),
        kafka=KafkaSettings(bootstrap_servers=broker.bootstrap_servers),
        database=database,
        audio=ClaimCheckStore(tmp_path.as_uri()),
        authentication=Authentication(Keys(ApiKeyStore(database))),
    )


@pytest.fixture
async def client(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """Ask the API from this machine."""
    async with services.running(), asking(services) as client:
        yield client


def pointers(answer: httpx.Response) -> list[str]:
    """Return which places of a body an answer complains about."""
    return [str(error["pointer"]) for error in json.loads(answer.text)["errors"]]
