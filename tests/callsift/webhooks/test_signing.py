"""Signatures: the standard's published vector, and its published library as the consumer."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from api.webhook_endpoints.resource import new_secret
from callsift.webhooks.signing import signed_headers

BODY = '{"type": "call.classified", "data": {"category": "şikâyet"}}'.encode()


def test_the_published_vector_is_signed_as_it_says() -> None:
    """From the tests of the standard's own libraries."""
    at = datetime.fromtimestamp(1614265330, UTC)
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = signed_headers([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_while_a_secret_rotates_a_consumer_with_either_verifies_and_one_with_neither_refuses() -> None:
    now = datetime.fromtimestamp(int(time.time()), UTC)
    old, new, other = (new_secret(now).value for _ in range(3))
    headers = signed_headers([new, old], uuid4().hex, now, BODY)
    assert len(headers["webhook-signature"].split()) == 2
    for secret in (old, new):
        assert Webhook(secret).verify(BODY, headers) == {"type": "call.classified", "data": {"category": "şikâyet"}}
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(BODY, headers)


@given(st.binary(min_size=1), st.text(st.characters(categories=["L", "N"]), min_size=1))
def test_the_library_signs_every_body_in_the_same_way(body: bytes, webhook_id: str) -> None:
    now = datetime.fromtimestamp(1614265330, UTC)
    secret = new_secret(now).value
    text = body.decode("latin-1")
    wanted = Webhook(secret).sign(webhook_id, now, text)
    assert signed_headers([secret], webhook_id, now, text.encode())["webhook-signature"] == wanted


@pytest.mark.parametrize("damage", [lambda body: body + b" ", lambda body: body.replace(b"call", b"ball")])
def test_a_changed_body_is_refused(damage: Callable[[bytes], bytes]) -> None:
    now = datetime.fromtimestamp(int(time.time()), UTC)
    secret = new_secret(now).value
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(damage(BODY), signed_headers([secret], "one", now, BODY))
