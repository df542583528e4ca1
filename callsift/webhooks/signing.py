"""Signatures of Standard Webhooks 1.0.0: HMAC-SHA256 over identifier, time and body. Pure."""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime


def signed_headers(secrets: Iterable[str], webhook_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the headers of one try, as https://www.standardwebhooks.com lays them down.

    Args:
        secrets: ``whsec_`` and base64 each; several while one takes the place of another.
        webhook_id: The same on every try.
        at: When it is sent.
        body: Its bytes, as they are sent.
    """
    timestamp = str(int(at.timestamp()))
    signed = b".".join((webhook_id.encode(), timestamp.encode(), body))
    signatures = (f"v1,{_signature(secret, signed)}" for secret in secrets)
    return {"webhook-id": webhook_id, "webhook-timestamp": timestamp, "webhook-signature": " ".join(signatures)}


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
