"""How the clients that are made here check certificates, by handshakes in memory."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from streams.tls import checked_alike, client_context, distrust
from tests.servers.certificates import Certificates, make_certificates


def greet(client: ssl.SSLContext, certificates: Certificates, name: str = "localhost") -> None:
    """Let a client and a server with a certificate shake hands; raises what the client finds wrong."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificates.server)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    )
    for end in ends * 3:
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue


def refusal(client: ssl.SSLContext, certificates: Certificates, name: str = "localhost") -> str | None:
    try:
        greet(client, certificates, name)
    except ssl.SSLError as error:
        return distrust(error)
    return "nothing is wrong"


@pytest.mark.parametrize("bare", [False, True])
def test_a_companys_own_authority_is_trusted_where_it_is_named(bare: bool, tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path, bare=bare)
    greet(client_context(certificates.authority), certificates)


def test_a_certificate_that_is_named_itself_needs_no_authority(tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)
    greet(client_context(certificates.server), certificates)


def test_an_unknown_authority_another_name_and_an_ended_certificate_are_refused(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    certificates, stranger = make_certificates(tmp_path), make_certificates(tmp_path / "old")
    trusting = client_context(certificates.authority)
    begin = "the server's certificate is not trusted: "
    assert refusal(trusting, certificates, "127.0.0.1") == "nothing is wrong"
    assert refusal(trusting, stranger) == begin + "unable to get local issuer certificate"
    named = begin + "Hostname mismatch, certificate is not valid for 'other.test'"
    assert refusal(trusting, certificates, "other.test") == named
    old = make_certificates(tmp_path / "old", datetime(2024, 1, 1, tzinfo=UTC))
    assert refusal(client_context(old.authority), old) == begin + "certificate has expired"


def test_a_client_that_checks_strictly_says_what_is_missing_and_where(tmp_path: Path) -> None:
    bare = make_certificates(tmp_path, bare=True)
    strict = client_context(bare.authority)
    strict.verify_flags |= ssl.VERIFY_X509_STRICT
    assert refusal(strict, bare) == (
        "the server's certificate is not trusted: Missing Authority Key Identifier,"
        " in the server's certificate, or one between it and its root"
    )
    greet(checked_alike(strict), bare)


def test_a_failure_that_has_nothing_to_do_with_trust_is_left_alone() -> None:
    for error in (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)"), OSError("gone")):
        assert distrust(error) is None


def test_a_signed_address_around_the_reason_is_not_repeated() -> None:
    inner = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1077)"
    error = requests.exceptions.SSLError(f"url: /a.zip?signature=5ecret (Caused by SSLError(1, '{inner}'))")
    assert distrust(error) == "the server's certificate is not trusted: certificate has expired"
