"""Tokens of a real issuer on this machine, signed with another library than checks them."""

import base64
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from api.access import Right, Role, Scope
from api.access.issuer import Issuer, IssuerUnavailable
from api.settings import OidcSettings
from streams.errors import SettingsError
from tests.servers.oidc import AUDIENCE, OidcIssuer, oidc_issuer

pytestmark = pytest.mark.integration


@pytest.fixture
def local() -> Iterator[OidcIssuer]:
    with oidc_issuer() as running:
        yield running


def known(local: OidcIssuer, clock: list[float] | None = None, **settings: str) -> Issuer:
    now = clock or [0.0]
    return Issuer(OidcSettings(issuer=local.address, audience=AUDIENCE, **settings), lambda: now[0])  # type: ignore[arg-type]


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_a_token_says_who_somebody_is_and_what_they_may(local: OidcIssuer, algorithm: str) -> None:
    who = await known(local).principal(
        local.token(algorithm, callsift_role="viewer", callsift_rights=["listen", "administer"])
    )
    assert who is not None
    assert who.name == f"ayse of {local.address}"
    assert who.rights == {Right.VIEW, Right.LISTEN}
    assert who.scope == Scope()


async def test_a_person_sees_their_own_calls_and_nothing_without_the_claim(local: OidcIssuer) -> None:
    issuer = known(local, agents_claim="agent_id", queues_claim="groups")
    own = await issuer.principal(local.token(callsift_role="viewer", agent_id="7", groups=["support", "sales"]))
    everyones = await issuer.principal(local.token(callsift_role="viewer", agent_id="*", groups="*"))
    nobodys = await issuer.principal(local.token(callsift_role="viewer"))
    assert own and own.scope == Scope(frozenset({"support", "sales"}), frozenset({"7"}))
    assert everyones and everyones.scope == Scope()
    assert nobodys and nobodys.scope == Scope(frozenset(), frozenset())


async def test_a_token_without_a_role_that_is_known_allows_nothing(local: OidcIssuer) -> None:
    who = await known(local).principal(local.token(callsift_role="root"))
    assert who is not None
    assert who.rights == frozenset()


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another"},
        {"iss": "http://127.0.0.1:1"},
        {"exp": 1},
        {"exp": None},
        {"sub": None},
        {"aud": None},
        {"nbf": 4_000_000_000},
    ],
    ids=str,
)
async def test_a_token_for_others_or_for_another_time_is_refused(local: OidcIssuer, claims: dict[str, Any]) -> None:
    assert await known(local).principal(local.token(callsift_role="admin", **claims)) is None


async def test_clocks_may_differ_by_some_seconds(local: OidcIssuer) -> None:
    assert await known(local).principal(local.token(exp=int(time.time()) - 10)) is not None


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def test_a_token_that_is_not_signed_or_signed_with_the_public_key_is_refused(local: OidcIssuer) -> None:
    claims = {
        "iss": local.address,
        "aud": AUDIENCE,
        "sub": "x",
        "exp": int(time.time()) + 300,
        "callsift_role": "admin",
    }
    key = local.keys["RS256"]
    assert isinstance(key, RSAKey)
    unsigned = f"{part({'alg': 'none', 'kid': key.kid})}.{part(claims)}."
    signed = f"{part({'alg': 'HS256', 'kid': key.kid})}.{part(claims)}"
    mac = hmac.digest(key.as_pem(private=False), signed.encode(), "sha256")  # the public key as the secret
    confused = f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    other_key = local.token("ES256")
    mixed = other_key.split(".")
    mixed[0] = part({"alg": "ES256", "kid": key.kid})
    for token in (unsigned, confused, ".".join(mixed), "a.b.c", "", "é" * 10, local.token()[:-4] + "AAAA"):
        assert await known(local).principal(token) is None


async def test_new_keys_are_asked_for_and_unknown_ones_not_more_than_twice_a_minute(local: OidcIssuer) -> None:
    clock = [0.0]
    issuer = known(local, clock)
    assert await issuer.principal(local.token()) is not None
    local.rotate("second")
    for _ in range(20):
        assert await issuer.principal(local.token()) is None
    assert local.asked.count("/keys") == 1
    clock[0] = 31.0
    assert await issuer.principal(local.token()) is not None
    assert local.asked.count("/keys") == 2


async def test_keys_that_are_known_do_while_the_issuer_is_away(local: OidcIssuer) -> None:
    clock = [0.0]
    issuer, token = known(local, clock), local.token()
    assert await issuer.principal(token) is not None
    local.is_down, clock[0] = True, 4000.0
    assert await issuer.principal(token) is not None
    with pytest.raises(IssuerUnavailable):
        await known(local).principal(token)


@pytest.mark.parametrize(
    "changed", [{"jwks_uri": "http://localhost:1/keys"}, {"issuer": "https://example.org"}], ids=str
)
async def test_only_the_issuers_own_host_is_asked_for_keys(local: OidcIssuer, changed: dict[str, str]) -> None:
    local.changed = changed
    with pytest.raises(IssuerUnavailable):
        await known(local).principal(local.token())
    assert local.asked == ["/.well-known/openid-configuration"]


@pytest.mark.parametrize("issuer", ["http://example.org", "example.org", "ftp://127.0.0.1"])
def test_an_issuer_is_asked_over_tls_or_on_this_machine(issuer: str) -> None:
    with pytest.raises(SettingsError, match="CALLSIFT_OIDC_ISSUER is https"):
        OidcSettings.read(issuer=issuer, audience=AUDIENCE)


def test_an_issuer_needs_an_audience() -> None:
    with pytest.raises(SettingsError, match="CALLSIFT_OIDC_AUDIENCE"):
        OidcSettings.read(issuer="https://example.org")


def test_no_role_may_hear_or_see_numbers() -> None:
    assert not any(role.rights & {Right.LISTEN, Right.SEE_NUMBER} for role in Role)
