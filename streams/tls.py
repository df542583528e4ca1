"""TLS of the clients that are made here: the same on every version of Python, and a failure that says what is wrong."""

import re
import ssl
from pathlib import Path

from pydantic import SecretStr

_FAILED = re.compile(r"certificate verify failed: ([^()]*[^() .])\.? \(_ssl\.c")
_WHERE = {
    "Missing Authority Key Identifier": "in the server's certificate, or one between it and its root",
    "Missing Subject Key Identifier": "in the certificate of an authority",
}
"""OpenSSL says what is missing, and not where."""


def client_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """Return how a client encrypts: chain, dates and name of the server's certificate are checked.

    Args:
        ca_file: PEM file of the authorities to trust; None: those of the system.

    Raises:
        OSError: The file cannot be read, or holds no certificate.
    """
    return checked_alike(ssl.create_default_context(cafile=ca_file))


def load_own_certificate(
    context: ssl.SSLContext, certificate_file: Path, key_file: Path | None, key_password: SecretStr | None
) -> None:
    """Let a context prove who we are.

    Args:
        context: Changed in place.
        certificate_file: PEM file of our certificate and its chain.
        key_file: PEM file of its private key; None: it is in the certificate's file.
        key_password: Password of the key; None: it has none.

    Raises:
        OSError: A file cannot be read, or the key does not open or does not belong to the certificate.
    """
    # without a password OpenSSL would ask for one on the terminal; an empty one is refused instead
    password = key_password.get_secret_value() if key_password else ""
    context.load_cert_chain(certificate_file, key_file, password)


def checked_alike(context: ssl.SSLContext) -> ssl.SSLContext:
    """Let a context check certificates in the same way on every version of Python, and return it.

    From 3.13 on Python asks for extensions that many companies' own authorities leave out, and that neither OpenSSL,
    Java nor librdkafka asks for; and it trusts an intermediate authority that was named without its root.
    """
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def distrust(error: BaseException) -> str | None:
    """Return why a certificate was not trusted, where any library's error says so in Python's words; None: it does not.

    What is returned holds nothing else of the error's text, which may hold a whole address.
    """
    if (found := _FAILED.search(str(error))) is None:
        return None
    why = found[1]
    return f"the server's certificate is not trusted: {why}" + (f", {_WHERE[why]}" if why in _WHERE else "")
