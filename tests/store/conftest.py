"""Stores that the contract suite meets: nx-27017, mongo-java-server where there is Java, MongoDB where there is one."""

import os
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest
from pydantic import SecretStr
from pymongo import MongoClient

from callsift.embedded import EmbeddedStore
from store.calls import OutcomeStore
from store.database import Database
from store.settings import StoreSettings
from tests.engine.servers import SERVICES
from tests.servers.mongo import mongo_java_server, with_database


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    running = EmbeddedStore(tmp_path_factory.mktemp("nx-27017"))
    yield running.uri
    running.stop()


@pytest.fixture(scope="session")
def mongo_java() -> Iterator[str]:
    with mongo_java_server() as uri:
        yield uri


@pytest.fixture(scope="session")
def container() -> Iterator[str]:
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.waiting_utils import wait_for_logs

    try:
        running = DockerContainer(SERVICES["mongodb"]["image"]).with_exposed_ports(27017).start()
    except Exception as error:  # noqa: BLE001 - docker's client has as many ways to fail as there are set-ups
        pytest.skip(f"no Docker engine answers: {type(error).__name__}")
    wait_for_logs(running, "Waiting for connections", timeout=60)
    yield f"mongodb://{running.get_container_host_ip()}:{running.get_exposed_port(27017)}"
    running.stop()


STORES = [
    "embedded",
    "mongo_java",
    "container",
    *(["CALLSIFT_TEST_MONGO"] if os.environ.get("CALLSIFT_TEST_MONGO") else []),
]


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.integration) for name in STORES])
def mongo_uri(request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the address of each store in turn; it names a database that is the test's own."""
    if request.param == "CALLSIFT_TEST_MONGO":
        uri = os.environ[request.param]
    else:
        uri = request.getfixturevalue(request.param)
    database = f"test-{uuid4().hex}"
    yield with_database(uri, database)
    with MongoClient[dict[str, object]](uri) as client:
        client.drop_database(database)


@pytest.fixture
async def store(mongo_uri: str) -> AsyncIterator[OutcomeStore]:
    store = OutcomeStore(Database(StoreSettings(uri=SecretStr(mongo_uri))))
    yield store
    store.close()
