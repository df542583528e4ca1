"""Every client that talks TLS, before a server whose certificate an authority of a company's own has signed.

The authority is as RFC 5280 asks, or bare of what many leave out; docs/fetching.md says who takes which.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import aiohttp
import fsspec
import pytest
from aiokafka.client import AIOKafkaClient
from fsspec.implementations.memory import MemoryFileSystem
from pydantic import SecretStr

from agents.audio.fetching import RecordingUnreachable
from agents.classify.agent import make_classifier
from agents.classify.hosted import ModelAway
from agents.classify.settings import ClassifierName, ClassifySettings
from agents.transcribe.model_files.download import download
from callsift.embedded import EmbeddedStore
from deploy.laptop.kafka import Security
from schemas import Speaker, Taxonomy
from store import calls as sink
from store import errors as store_errors
from store.database import Database
from store.settings import StoreSettings
from streams.errors import CallsiftError
from streams.kafka import KafkaUnavailable, produce
from streams.kafka.security import tls_context
from streams.kafka.topic_admin import create_topics
from streams.payloads import claim_check
from streams.payloads.errors import AudioStoreUnavailable
from streams.settings import KafkaSettings
from tests.agents.audio.fetching.fetched import SMALL, fetched
from tests.agents.audio.fetching.web import web_server
from tests.schemas.examples import turn
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.gemini import gemini_server
from tests.servers.kafka import own_cluster
from tests.servers.s3 import s3_server
from tests.servers.tls import tls_before

pytestmark = pytest.mark.integration
_BUNDLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE")
STRICT = sys.version_info >= (3, 13)
"""Whether clients that leave it to Python, and are not ours to change, refuse a bare authority."""


@pytest.fixture(scope="module", params=["proper", "bare"])
def certificates(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"), bare=request.param == "bare")


@pytest.fixture(autouse=True)
def nobody_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _BUNDLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, certificates: Certificates) -> Callable[[str], None]:
    """Name the authority in one variable."""
    return lambda name: monkeypatch.setenv(name, str(certificates.authority))


@pytest.fixture(scope="module")
def web(certificates: Certificates) -> Iterator[str]:
    with web_server({"small.wav": SMALL}) as address, tls_before(_port(address), certificates.server) as port:
        yield f"https://127.0.0.1:{port}"


async def test_a_recording_is_fetched_once_the_authority_is_named(
    web: str, certificates: Certificates, environment: Callable[[str], None], tmp_path: Path
) -> None:
    uri, hosts = f"{web}/small.wav", ("127.0.0.1",)
    with pytest.raises(RecordingUnreachable, match=r"not trusted: unable to get local issuer.*CALLSIFT_FETCH_TLS"):
        await fetched(uri, tmp_path / "a", internal_hosts=hosts)
    named = {web: {"ca_file": certificates.authority}}
    assert await fetched(uri, tmp_path / "b", internal_hosts=hosts, tls=named) == SMALL
    environment("SSL_CERT_FILE")
    assert await fetched(uri, tmp_path / "c", internal_hosts=hosts) == SMALL


def test_a_model_is_downloaded_once_the_authority_is_named(
    web: str, environment: Callable[[str], None], tmp_path: Path
) -> None:
    def downloaded() -> bytes:
        download(
            f"{web}/small.wav", tmp_path / "part", limit_bytes=10**6, time_limit_s=60, on_progress=lambda *_bytes: None
        )
        return (tmp_path / "part").read_bytes()

    with pytest.raises(CallsiftError, match=r"not trusted: unable to get local issuer.*REQUESTS_CA_BUNDLE"):
        downloaded()
    environment("REQUESTS_CA_BUNDLE")
    assert downloaded() == SMALL


@pytest.fixture(scope="module")
def s3(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("s3") / "log"
    with s3_server(log) as address, tls_before(_port(address), certificates.server) as port:
        yield f"https://127.0.0.1:{port}"


@pytest.fixture
def forget() -> Iterator[Callable[[], None]]:
    """Forget fsspec's drivers, which keep what the environment said; also at the end."""
    clear = fsspec.get_filesystem_class("s3").clear_instance_cache
    yield clear
    clear()


def test_the_audio_store_in_s3_is_used_once_the_authority_is_named(
    s3: str, environment: Callable[[str], None], forget: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"ENDPOINT_URL": s3, "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b", "REGION": "eu-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    forget()
    store = claim_check.ClaimCheckStore("s3://calls")
    with pytest.raises(AudioStoreUnavailable, match=r"not trusted: unable to get local issuer.*AWS_CA_BUNDLE"):
        store.put("a.wav", SMALL)
    environment("AWS_CA_BUNDLE")
    forget()
    fsspec.filesystem("s3").mkdir("calls")
    assert store.get(store.put("a.wav", SMALL)) == SMALL


class ByAiohttp(MemoryFileSystem):  # type: ignore[misc]
    """A driver that asks a server with aiohttp and lets its errors through, as Google Cloud's does."""

    address = ""

    def _open(self, path: str, *_arguments: Any, **_named: Any) -> Any:
        async def ask() -> None:
            async with aiohttp.ClientSession() as session, session.get(self.address):
                pass

        asyncio.run(ask())


def test_a_driver_whose_server_is_not_trusted_does_not_count_as_missing(web: str) -> None:
    ByAiohttp.address = web
    fsspec.register_implementation("by-aiohttp", ByAiohttp, clobber=True)
    store = claim_check.ClaimCheckStore("by-aiohttp://calls")
    with pytest.raises(AudioStoreUnavailable, match="not trusted: unable to get local issuer"):
        store.put("a.wav", SMALL)


@pytest.fixture(scope="module")
def mongo(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    running = EmbeddedStore(tmp_path_factory.mktemp("nx-27017"))
    with tls_before(int(running.uri.rsplit(":", 1)[1]), certificates.server) as port:
        yield port
    running.stop()


async def test_mongodb_answers_once_the_authority_is_named(mongo: int, certificates: Certificates) -> None:
    async def count(uri: str, timeout_s: float) -> int:
        settings = StoreSettings(uri=SecretStr(uri), timeout_s=timeout_s)
        store = sink.OutcomeStore(Database(settings))
        try:
            return await store.count()
        finally:
            store.close()

    uri = f"mongodb://127.0.0.1:{mongo}/test-{uuid4().hex}?tls=true"
    with pytest.raises(store_errors.MongoUnavailable, match=r"not trusted: unable to get local issuer.*tlsCAFile"):
        await count(uri, 5)
    assert await count(f"{uri}&tlsCAFile={certificates.authority}", 30) == 0


@pytest.mark.parametrize(("client", "variable"), [("gemini", "SSL_CERT_FILE"), ("gemini-legacy", "REQUESTS_CA_BUNDLE")])
async def test_gemini_is_asked_once_the_authority_is_named(
    client: ClassifierName,
    variable: str,
    certificates: Certificates,
    environment: Callable[[str], None],
    request: pytest.FixtureRequest,
) -> None:
    with gemini_server() as server, tls_before(_port(server.address), certificates.server) as port:

        async def ask() -> str:
            settings = ClassifySettings(
                classifier=client,
                gemini_api_key=SecretStr("AIzaSyNotAKeyButLooksLikeOne"),
                gemini_endpoint=f"https://127.0.0.1:{port}",
                gemini_timeout_s=60,
            )
            classifier = make_classifier(settings, Taxonomy.load())
            return (await classifier.classify([turn(Speaker.CUSTOMER, "kombim su akıtıyor")])).leaf.category

        with pytest.raises(ModelAway, match=rf"not trusted: unable to get local issuer.*{variable}"):
            await ask()
        environment(variable)
        is_bare = "bare" in request.node.name
        if client == "gemini-legacy" and STRICT and is_bare:
            with pytest.raises(ModelAway, match=r"Missing Authority Key Identifier, in the server's certificate"):
                await ask()
        else:
            assert await ask() == "potential_customer"


async def test_both_kinds_of_kafka_client_come_in_once_the_authority_is_named(
    certificates: Certificates, tmp_path: Path
) -> None:
    security = Security(certificates.server, certificates.authority, {"callsift": "password"})
    with own_cluster(tmp_path / "cluster", security=security) as cluster:
        kafka = KafkaSettings.read(
            bootstrap_servers=cluster.addresses("SASL_SSL"),
            security_protocol="SASL_SSL",
            sasl_mechanism="PLAIN",
            username="callsift",
            password="password",
            ca_file=certificates.authority,
        )
        create_topics(kafka)
        produce(kafka, "calls.ended", [("a", b"1")], timeout_s=60)
        client = AIOKafkaClient(  # as Faust makes it
            bootstrap_servers=kafka.bootstrap_servers,
            security_protocol="SASL_SSL",
            ssl_context=tls_context(kafka),
            sasl_mechanism="PLAIN",
            sasl_plain_username="callsift",
            sasl_plain_password="password",
        )
        await client.bootstrap()
        await client.close()
        with pytest.raises(KafkaUnavailable, match="certificate verify failed"):
            produce(kafka.model_copy(update={"ca_file": None}), "calls.ended", [("a", b"1")], timeout_s=5)


def _port(address: str) -> int:
    port = urlsplit(address).port
    assert port
    return port
