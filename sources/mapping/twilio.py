"""Twilio's signature of its callbacks, also SignalWire's. Pure."""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import SplitResult, parse_qs, urlsplit

from sources.mapping.sent import Sent

_SIGNATURES = ("x-twilio-signature", "x-signalwire-signature")
_SETTINGS = "x-twilio-webhooks-signature-settings"
_DIGESTS = {"HMAC_SHA1": hashlib.sha1, "HMAC_SHA256": hashlib.sha256}
_PORTS = {"https": 443, "http": 80}


def is_signed(sent: Sent, url: str, secret: str) -> bool:
    """Tell whether whoever knows the ``secret`` has sent a request to a public address, query included.

    With and without the port, since senders sign either; a body that is no form by its digest in the query.
    """
    given = next((sent.headers[name] for name in _SIGNATURES if name in sent.headers), "")
    digest = _DIGESTS.get(_algorithm(sent.headers.get(_SETTINGS, "")))
    if not given or digest is None:
        return False
    parts = urlsplit(url)
    announced = parse_qs(parts.query).get("bodySHA256")
    if sent.form or not sent.raw:
        signed = "".join(name + value for name, value in sorted(set(sent.form)))
    elif announced and hashlib.sha256(sent.raw).hexdigest() == announced[0].lower():
        signed = ""
    else:  # a body that nothing vouches for
        return False
    expected = [
        base64.b64encode(hmac.digest(secret.encode(), (one + signed).encode(), digest)).decode()
        for one in _with_and_without_port(parts)
    ]
    return any(hmac.compare_digest(one.encode(), given.encode()) for one in expected)


def _algorithm(settings: str) -> str:
    named = (part.strip().partition("=") for part in settings.split(","))
    return next((value.strip().upper() for name, _, value in named if name.strip() == "algorithm"), "HMAC_SHA1")


def _with_and_without_port(parts: SplitResult) -> Iterable[str]:
    host = parts.netloc.rpartition("@")[2]
    name = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    before = parts.netloc.removesuffix(host)
    port = parts.port or _PORTS.get(parts.scheme, 80)
    return [parts._replace(netloc=f"{before}{netloc}").geturl() for netloc in (name, f"{name}:{port}")]
