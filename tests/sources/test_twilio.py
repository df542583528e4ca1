"""Twilio's signature, beside what Twilio's own library says of the same requests."""

import base64
import hashlib
import hmac
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from sources.mapping.sent import FORM, Sent
from sources.mapping.twilio import is_signed

TOKEN = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
PARAMS = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}
PUBLISHED = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
"""The signature of this request in Twilio's documentation, and in the tests of its libraries."""
JSON = b'{"property": "value", "boolean": true}'
JSON_URL = f"{URL}&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
texts = st.text(st.characters(codec="utf-8"), max_size=8)
hosts = st.sampled_from(["calls.example.com", "calls.example.com:443", "calls.example.com:8443", "[2001:db8::1]"])


def sent(params: dict[str, str], signature: str, **headers: str) -> Sent:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Sent.read(urlencode(params).encode(), FORM, "", {"x-twilio-signature": signature} | named)


def test_the_published_signature_is_right() -> None:
    assert RequestValidator(TOKEN).compute_signature(URL, PARAMS) == PUBLISHED
    assert is_signed(sent(PARAMS, PUBLISHED), URL, TOKEN)


@pytest.mark.parametrize(
    ("params", "url", "token", "signature"),
    [
        (PARAMS | {"Digits": "1235"}, URL, TOKEN, PUBLISHED),
        (PARAMS, URL.replace("bar=2", "bar=3"), TOKEN, PUBLISHED),
        (PARAMS, URL, "123456", PUBLISHED),
        (PARAMS, URL, TOKEN, PUBLISHED[:-2] + "9="),
        (PARAMS, URL, TOKEN, ""),
        (PARAMS, URL, TOKEN, "ü"),
        (PARAMS, URL.replace("https", "http"), TOKEN, PUBLISHED),
    ],
    ids=["a field", "the query", "the secret", "the signature", "none", "no ASCII", "the scheme"],
)
def test_whatever_is_changed_the_signature_is_wrong(
    params: dict[str, str], url: str, token: str, signature: str
) -> None:
    assert not is_signed(sent(params, signature), url, token)


@pytest.mark.parametrize("port", ["", ":443"])
def test_the_port_may_be_signed_or_not(port: str) -> None:
    signature = RequestValidator(TOKEN).compute_signature(URL.replace(".com", ".com:443"), PARAMS)
    assert is_signed(sent(PARAMS, signature), URL.replace(".com", f".com{port}"), TOKEN)


def test_a_body_of_json_is_vouched_for_by_its_digest() -> None:
    signature = RequestValidator(TOKEN).compute_signature(JSON_URL, {})
    headers = {"x-twilio-signature": signature}
    assert RequestValidator(TOKEN).validate(JSON_URL, JSON.decode(), signature)
    assert is_signed(Sent.read(JSON, "application/json", "", headers), JSON_URL, TOKEN)
    assert not is_signed(Sent.read(JSON.replace(b"true", b"null"), "application/json", "", headers), JSON_URL, TOKEN)


def test_a_body_of_json_without_a_digest_is_not_believed() -> None:
    signature = RequestValidator(TOKEN).compute_signature(URL, {})
    assert not is_signed(Sent.read(JSON, "application/json", "", {"x-twilio-signature": signature}), URL, TOKEN)


def test_the_newer_algorithm_is_named_in_a_header() -> None:
    told = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"
    signature = RequestValidator(TOKEN).compute_signature(URL, PARAMS, "HMAC_SHA256")
    assert is_signed(sent(PARAMS, signature, x_twilio_webhooks_signature_settings=told), URL, TOKEN)
    assert not is_signed(sent(PARAMS, signature), URL, TOKEN)
    assert not is_signed(sent(PARAMS, PUBLISHED, x_twilio_webhooks_signature_settings="algorithm=NONE"), URL, TOKEN)


def test_another_sender_of_the_family_names_its_header_after_itself() -> None:
    request = Sent.read(urlencode(PARAMS).encode(), FORM, "", {"x-signalwire-signature": PUBLISHED})
    assert is_signed(request, URL, TOKEN)


@given(st.dictionaries(texts, texts, max_size=5), hosts, texts)
def test_twilios_own_library_agrees(params: dict[str, str], host: str, token: str) -> None:
    url = f"https://{host}/v1/webhooks/phone?a=1"
    signed = url + "".join(name + params[name] for name in sorted(params))
    signature = base64.b64encode(hmac.digest(token.encode(), signed.encode(), hashlib.sha1)).decode()
    if "[" not in host:  # which Twilio's library cuts at the first colon
        assert RequestValidator(token).validate(url, params, signature)
    assert is_signed(sent(params, signature), url, token)
