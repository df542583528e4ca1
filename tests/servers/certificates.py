"""Certificates for one test run: an authority, a server on this machine, and a client whose key is encrypted."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

KEY_PASSWORD = "opens-the-key"


@dataclass(frozen=True)
class Certificates:
    """PEM files."""

    authority: Path
    """Who signed the others."""
    server: Path
    """Key and certificate of a server on 127.0.0.1 and localhost."""
    client: Path
    """Certificate of a client."""
    client_key: Path
    """Its key, encrypted with ``KEY_PASSWORD``."""


def make_certificates(folder: Path, not_after: datetime | None = None, *, bare: bool = False) -> Certificates:
    """Write an authority and what it signed; another call makes an authority that is a stranger to it.

    They end at ``not_after`` (UTC, whole seconds); None: in two days. They are as RFC 5280 asks, or if ``bare`` as many
    companies' own authorities make them: without key identifiers and key usage.
    """
    end = not_after or datetime.now(UTC) + timedelta(days=2)
    key, authority = _signed("callsift test authority", None, end, bare)
    server_key, server = _signed("server", (key, authority), end, bare)
    client_key, client = _signed("client", (key, authority), end, bare)
    made = Certificates(folder / "authority.pem", folder / "server.pem", folder / "client.pem", folder / "client.key")
    made.authority.write_bytes(_pem(authority))
    made.server.write_bytes(_key_pem(server_key, NoEncryption()) + _pem(server))
    made.client.write_bytes(_pem(client))
    made.client_key.write_bytes(_key_pem(client_key, BestAvailableEncryption(KEY_PASSWORD.encode())))
    return made


Issuer = tuple[ec.EllipticCurvePrivateKey, x509.Certificate]


def _signed(name: str, issuer: Issuer | None, end: datetime, bare: bool) -> Issuer:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signing_key, issued_by = (key, subject) if issuer is None else (issuer[0], issuer[1].subject)
    here = [x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issued_by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(datetime.now(UTC), end) - timedelta(days=1))
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(here), critical=False)
    )
    for extension, critical in () if bare else _asked_for(key, signing_key, is_authority=issuer is None):
        builder = builder.add_extension(extension, critical=critical)
    return key, builder.sign(signing_key, hashes.SHA256())


def _asked_for(
    key: ec.EllipticCurvePrivateKey, signing_key: ec.EllipticCurvePrivateKey, *, is_authority: bool
) -> list[tuple[x509.ExtensionType, bool]]:
    """Return what RFC 5280 asks for in a certificate besides its constraints, each with whether it is critical."""
    usage = x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
    return [
        (usage, True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), False),
    ]


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey, encryption: KeySerializationEncryption) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
