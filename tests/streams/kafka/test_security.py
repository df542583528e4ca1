"""TLS and SASL: what the settings refuse, and every client against a real broker that insists on them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from callsift.calls import call_ended, emit
from deploy.laptop.kafka import Cluster, Security
from schemas import AudioReady, OneFile
from streams.errors import SettingsError
from streams.kafka.client import KafkaUnavailable, client_config
from streams.kafka.producer import produce
from streams.kafka.reader import TopicReader
from streams.kafka.security import tls_context
from streams.kafka.topic_admin import create_topics
from streams.settings import KafkaSettings
from streams.topics import AUDIO, OUTCOMES
from tests.patience import PATIENCE_S
from tests.servers.certificates import KEY_PASSWORD, Certificates, make_certificates
from tests.servers.kafka import own_cluster

ROOT = Path(__file__).parents[3]
PASSWORD = "korrekt-pferd-batterie"
WRONG = "falsch-pferd-batterie"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@dataclass(frozen=True)
class Secured:
    """A real broker with a SASL_SSL and an SSL listener, and its topics."""

    cluster: Cluster
    certificates: Certificates

    def sasl(self, mechanism: str, password: str = PASSWORD) -> dict[str, str]:
        return {
            "bootstrap_servers": self.cluster.addresses("SASL_SSL"),
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": mechanism,
            "username": "callsift",
            "password": password,
            "ca_file": str(self.certificates.authority),
        }

    def mutual_tls(self) -> dict[str, str]:
        return {
            "bootstrap_servers": self.cluster.addresses("SSL"),
            "security_protocol": "SSL",
            "ca_file": str(self.certificates.authority),
            "certificate_file": str(self.certificates.client),
            "key_file": str(self.certificates.client_key),
            "key_password": KEY_PASSWORD,
        }

    def ways_in(self) -> dict[str, dict[str, str]]:
        mechanisms = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
        return {"mutual TLS": self.mutual_tls()} | {name: self.sasl(name) for name in mechanisms}


@pytest.fixture(scope="module")
def secured(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    security = Security(certificates.server, certificates.authority, {"callsift": PASSWORD})
    with own_cluster(tmp_path_factory.mktemp("secured"), security=security) as cluster:
        create_topics(KafkaSettings.read(bootstrap_servers=cluster.bootstrap_servers))
        yield Secured(cluster, certificates)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"security_protocol": "SASL_SSL"}, ["USERNAME", "PASSWORD"]),
        ({"security_protocol": "SASL_SSL", "username": "callsift"}, ["PASSWORD"]),
        ({"password": WRONG, "username": "callsift"}, ["USERNAME", "SECURITY_PROTOCOL"]),
        ({"security_protocol": "SSL", "password": WRONG}, ["PASSWORD", "SECURITY_PROTOCOL"]),
        ({"ca_file": __file__}, ["CA_FILE", "SECURITY_PROTOCOL"]),
        ({"security_protocol": "SSL", "ca_file": "/nowhere/ca.pem"}, ["CA_FILE"]),
        ({"security_protocol": "SSL", "certificate_file": __file__}, ["CERTIFICATE_FILE", "KEY_FILE"]),
        ({"security_protocol": "SSL", "key_password": WRONG}, ["KEY_PASSWORD", "KEY_FILE"]),
        ({"security_protocol": "TLS"}, ["SECURITY_PROTOCOL"]),
        ({"sasl_mechanism": "GSSAPI"}, ["SASL_MECHANISM"]),
    ],
)
def test_security_that_is_not_whole_stops_the_start_and_names_its_variables(
    values: dict[str, Any], named: list[str]
) -> None:
    with pytest.raises(SettingsError) as refused:
        KafkaSettings.read(**values)
    for variable in named:
        assert f"CALLSIFT_KAFKA_{variable}" in str(refused.value)
    assert WRONG not in str(refused.value)


def test_a_file_that_holds_no_certificate_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(SettingsError, match="CALLSIFT_KAFKA_CA_FILE"):
        tls_context(KafkaSettings.read(security_protocol="SSL", ca_file=tmp_path / "ca.pem"))


@pytest.mark.parametrize("password", [None, WRONG])
def test_a_key_that_its_password_does_not_open_is_refused_without_asking_on_the_terminal(
    password: str | None, certificates: Certificates
) -> None:
    files = {"certificate_file": certificates.client, "key_file": certificates.client_key}
    kafka = KafkaSettings.read(security_protocol="SSL", key_password=password, **files)
    with pytest.raises(SettingsError, match="CALLSIFT_KAFKA_KEY_PASSWORD") as refused:
        client_config(kafka)
    assert WRONG not in str(refused.value)


def test_secrets_are_not_shown_by_the_settings(certificates: Certificates) -> None:
    kafka = KafkaSettings.read(
        security_protocol="SASL_SSL",
        username="callsift",
        password=PASSWORD,
        certificate_file=certificates.client,
        key_file=certificates.client_key,
        key_password=KEY_PASSWORD,
    )
    shown = f"{kafka!r} {kafka} {kafka.model_dump_json()}"
    assert PASSWORD not in shown
    assert KEY_PASSWORD not in shown


@pytest.mark.integration
@pytest.mark.parametrize("way", ["mutual TLS", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_plain_client_comes_in_writes_and_reads(way: str, secured: Secured) -> None:
    kafka = KafkaSettings.read(**secured.ways_in()[way])
    reader = TopicReader(kafka, OUTCOMES.name, from_start=False)
    produce(kafka, OUTCOMES.name, [("a", way.encode())])
    assert next(reader.values(timeout_s=PATIENCE_S)) == way.encode()
    reader.close()


@pytest.mark.integration
@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_a_wrong_password_is_reported_at_once_and_not_shown(mechanism: str, secured: Secured) -> None:
    kafka = KafkaSettings.read(**secured.sasl(mechanism, WRONG))
    for attempt in (
        lambda: produce(kafka, "calls.ended", [("a", b"1")], timeout_s=PATIENCE_S),
        lambda: TopicReader(kafka, "calls.ended", from_start=True),
        lambda: create_topics(kafka),
    ):
        with pytest.raises(
            KafkaUnavailable, match=r"(?i)authentication failed.*CALLSIFT_KAFKA_SECURITY_PROTOCOL"
        ) as said:
            attempt()
        assert WRONG not in str(said.value)


@pytest.mark.integration
def test_a_broker_that_another_authority_vouches_for_is_not_believed(secured: Secured, tmp_path: Path) -> None:
    stranger = make_certificates(tmp_path)
    kafka = KafkaSettings.read(**secured.sasl("PLAIN") | {"ca_file": str(stranger.authority)})
    with pytest.raises(KafkaUnavailable, match="certificate verify failed"):
        produce(kafka, "calls.ended", [("a", b"1")], timeout_s=2)


@pytest.mark.integration
def test_a_client_without_a_certificate_is_sent_away_where_one_is_asked_for(secured: Secured) -> None:
    own = ("certificate_file", "key_file", "key_password")
    values = {name: value for name, value in secured.mutual_tls().items() if name not in own}
    with pytest.raises(KafkaUnavailable, match=r"certificate.*CALLSIFT_KAFKA_SECURITY_PROTOCOL"):
        produce(KafkaSettings.read(**values), "calls.ended", [("a", b"1")], timeout_s=3)


def start_worker(settings: dict[str, str], log: Path) -> "subprocess.Popen[bytes]":
    """Start an audio worker whose work takes no time, with these settings alone."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("CALLSIFT_")}
    variables = {f"CALLSIFT_KAFKA_{name.upper()}": value for name, value in settings.items()}
    variables |= {"CALLSIFT_HTTP_PORT": "127.0.0.1:0"}
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.worker", "audio"],
            env=own | variables,
            stdout=output,
            stderr=output,
            cwd=ROOT,
        )


@pytest.mark.integration
@pytest.mark.parametrize("way", ["mutual TLS", "PLAIN", "SCRAM-SHA-512"])
def test_a_worker_takes_a_call_and_publishes_what_came_of_it(way: str, secured: Secured, tmp_path: Path) -> None:
    settings = secured.ways_in()[way]
    kafka = KafkaSettings.read(**settings)
    call = call_ended(f"call by {way}", OneFile(uri="file:///precomputed.wav"))
    reader = TopicReader(kafka, AUDIO.name, from_start=False)
    emit(kafka, [call])
    worker = start_worker(settings, tmp_path / "log")
    try:
        taken, deadline = None, time.monotonic() + PATIENCE_S
        while taken is None and worker.poll() is None and time.monotonic() < deadline:
            events = (AudioReady.model_validate_json(value) for value in reader.values(timeout_s=1))
            taken = next((event for event in events if event.call_id == call.call_id), None)
    finally:
        reader.close()
        worker.terminate()
        worker.wait(PATIENCE_S)
    log = (tmp_path / "log").read_text()
    assert taken is not None, log
    assert taken.trace_id == call.trace_id
    assert PASSWORD not in log
    assert KEY_PASSWORD not in log


@pytest.mark.integration
def test_a_worker_with_a_wrong_password_ends_and_does_not_show_it(secured: Secured, tmp_path: Path) -> None:
    worker = start_worker(secured.sasl("SCRAM-SHA-512", WRONG), tmp_path / "log")
    try:
        assert worker.wait(PATIENCE_S) != 0
    finally:
        worker.kill()
    log = (tmp_path / "log").read_text()
    assert "uthentication" in log
    assert WRONG not in log
