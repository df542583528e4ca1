"""An issuer of OpenID Connect: who a person is, by the token that they send."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt

from api.access.principal import Principal, Right, Role, Scope
from api.settings import OidcSettings
from streams.errors import TransientError

logger = logging.getLogger(__name__)
ALGORITHMS = ("RS256", "ES256", "EdDSA")
"""What tokens may be signed with: never none, and nothing where who checks could sign, too."""
LEEWAY_S = 30
TIMEOUT_S = 5.0
"""Seconds to wait for the issuer."""
_DISCOVERY = "/.well-known/openid-configuration"
_KEYS_LAST_S = 3600.0
_BETWEEN_LOOKS_S = 30.0
_MOST_BYTES = 256 * 1024
_MOST_CHARACTERS = 16 * 1024
_GIVEN_APART = {Right.LISTEN.value, Right.SEE_NUMBER.value}


class IssuerUnavailable(TransientError):
    """The issuer of tokens did not answer, or not as OpenID Connect says."""

    dependency = "OIDC issuer"


@dataclass(frozen=True)
class Endpoints:
    """Where people sign in at an issuer, and where a code is turned into tokens."""

    authorization: str
    token: str
    takes_basic: bool
    """Whether clients may send their secret as HTTP Basic (RFC 6749, 2.3.1); else in the form."""


class Issuer:
    """The issuer that the settings name, with its keys."""

    def __init__(self, settings: OidcSettings, clock: Callable[[], float] = time.monotonic) -> None:
        """Know an issuer; it is asked with the first token. ``clock`` gives seconds."""
        self.settings = settings
        self._address = (settings.issuer or "").rstrip("/")
        self._clock = clock
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._endpoints: Endpoints | None = None
        self._looked_at: float | None = None
        self._looking = asyncio.Lock()

    @property
    def host(self) -> str:
        """Its host, by which people know it."""
        return urlsplit(self._address).netloc

    async def principal(self, token: str) -> Principal | None:
        """Return whose token it is; None: it is not valid here.

        Raises:
            IssuerUnavailable: Its keys are not known yet, and it does not tell them.
        """
        claims = await self._claims(token, self.settings.audience)
        return None if claims is None else principal_of(claims, self.settings)

    async def signed_in(self, id_token: str, client_id: str, nonce: str) -> Principal | None:
        """Return who has signed in, by an ID token; None: it is not valid, or not the answer to this ``nonce``.

        Raises:
            IssuerUnavailable: Its keys are not known yet, and it does not tell them.
        """
        claims = await self._claims(id_token, client_id)
        if claims is None or claims.get("nonce") != nonce or claims.get("azp", client_id) != client_id:
            return None
        return principal_of(claims, self.settings)

    async def endpoints(self) -> Endpoints:
        """Return where people sign in.

        Raises:
            IssuerUnavailable: It does not tell.
        """
        if self._endpoints is None and self._is_due(None):
            async with self._looking:
                if self._endpoints is None and self._is_due(None):
                    await self._look()
        if self._endpoints is None:
            raise IssuerUnavailable(
                "the issuer does not tell where people sign in, or not under https",
                f"Check CALLSIFT_OIDC_ISSUER and what {_DISCOVERY} says",
            )
        return self._endpoints

    async def _claims(self, token: str, audience: str | None) -> dict[str, Any] | None:
        if len(token) > _MOST_CHARACTERS:
            return None
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in ALGORITHMS:
                return None
            key = await self._key(header.get("kid"))
            if key is None:
                return None
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=[header["alg"]],
                audience=audience,
                issuer=self.settings.issuer,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            return None
        return claims

    async def _key(self, key_id: str | None) -> jwt.PyJWK | None:
        if self._is_due(key_id):
            async with self._looking:
                if self._is_due(key_id):  # another may have looked meanwhile
                    await self._look()
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(key_id)

    def _is_due(self, key_id: str | None) -> bool:
        if self._looked_at is None:
            return True
        age = self._clock() - self._looked_at
        is_known = key_id in self._keys or (key_id is None and len(self._keys) == 1)
        return age >= (_KEYS_LAST_S if is_known else _BETWEEN_LOOKS_S)

    async def _look(self) -> None:
        self._looked_at = self._clock()  # also where it fails: whoever sends bad tokens does not make it ask more often
        try:
            async with asyncio.timeout(TIMEOUT_S):
                self._keys, self._endpoints = await self._told()
        except (
            httpx.HTTPError,
            httpx.InvalidURL,
            TimeoutError,
            ValueError,
            TypeError,
            KeyError,
            jwt.PyJWTError,
        ) as error:
            logger.warning("the issuer's keys cannot be read", extra={"error": type(error).__name__})
        if not self._keys:
            raise IssuerUnavailable(
                "the issuer of tokens does not tell its keys",
                f"Check CALLSIFT_OIDC_ISSUER and that {_DISCOVERY} answers",
            )

    async def _told(self) -> tuple[dict[str | None, jwt.PyJWK], Endpoints | None]:
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
            discovered = await answered(client, client.build_request("GET", self._address + _DISCOVERY))
            if discovered["issuer"] != self.settings.issuer:
                raise ValueError("the discovery document is another issuer's")
            own, keys = urlsplit(self._address), urlsplit(discovered["jwks_uri"])
            if keys.scheme != own.scheme or keys.netloc not in {own.netloc, self.settings.keys_host}:
                raise ValueError("the issuer's keys are on another host")
            found = jwt.PyJWKSet.from_dict(await answered(client, client.build_request("GET", discovered["jwks_uri"])))
        signing = {
            key.key_id: key for key in found.keys if key.public_key_use in {None, "sig"} and key.key_type != "oct"
        }
        return signing, _endpoints_of(discovered, own.netloc)


def principal_of(claims: Mapping[str, Any], settings: OidcSettings) -> Principal:
    """Return who somebody is by the claims of a token that is checked. What it does not say is not allowed."""
    roles = _texts(claims.get(settings.role_claim)) & set(Role)
    rights = {right for role in roles for right in Role(role).rights}
    rights |= {Right(right) for right in _texts(claims.get(settings.rights_claim)) & _GIVEN_APART}
    scope = Scope(_named(claims, settings.queues_claim), _named(claims, settings.agents_claim))
    return Principal(f"{claims['sub']} of {claims['iss']}", frozenset(rights), scope)


def _named(claims: Mapping[str, Any], claim: str | None) -> frozenset[str] | None:
    if claim is None:
        return None
    names = _texts(claims.get(claim))
    return None if "*" in names else frozenset(names)


def _texts(value: object) -> set[str]:
    return {text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)}


def _endpoints_of(discovered: Mapping[str, Any], own: str) -> Endpoints | None:
    authorization, token = (discovered.get(f"{name}_endpoint") for name in ("authorization", "token"))
    if not (_is_trusted(authorization, own) and _is_trusted(token, own)):
        return None
    ways = discovered.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return Endpoints(str(authorization), str(token), "client_secret_basic" in ways)


def _is_trusted(address: object, own: str) -> bool:
    parts = urlsplit(address if isinstance(address, str) else "")
    return bool(parts.netloc) and (parts.scheme == "https" or (parts.scheme == "http" and parts.netloc == own))


async def answered(client: httpx.AsyncClient, request: httpx.Request) -> dict[str, Any]:
    """Return the JSON object that an issuer answers with; follows no redirect.

    Raises:
        httpx.HTTPError: It did not answer, or refused.
        ValueError: It is too large, or no JSON object.
    """
    content, answer = bytearray(), await client.send(request, stream=True)
    try:
        answer.raise_for_status()
        async for part in answer.aiter_bytes():
            content += part
            if len(content) > _MOST_BYTES:
                raise ValueError("the issuer's answer is too large")
    finally:
        await answer.aclose()
    document = json.loads(content)
    if not isinstance(document, dict):
        raise ValueError("the issuer's answer is no JSON object")
    return document
