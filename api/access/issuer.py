"""An issuer of OpenID Connect: who a person is, by the token that they send."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
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
_DISCOVERY = "/.well-known/openid-configuration"
_KEYS_LAST_S = 3600.0
_BETWEEN_LOOKS_S = 30.0
_MOST_BYTES = 256 * 1024
_MOST_CHARACTERS = 16 * 1024
_GIVEN_APART = {Right.LISTEN.value, Right.SEE_NUMBER.value}


class IssuerUnavailable(TransientError):
    """The issuer of tokens did not answer, or not as OpenID Connect says."""

    dependency = "OIDC issuer"


class Issuer:
    """The issuer that the settings name, with its keys."""

    def __init__(self, settings: OidcSettings, clock: Callable[[], float] = time.monotonic) -> None:
        """Know an issuer; it is asked with the first token. ``clock`` gives seconds."""
        self._settings = settings
        self._address = (settings.issuer or "").rstrip("/")
        self._clock = clock
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._looked_at: float | None = None
        self._looking = asyncio.Lock()

    async def principal(self, token: str) -> Principal | None:
        """Return whose token it is; None: it is not valid here.

        Raises:
            IssuerUnavailable: Its keys are not known yet, and it does not tell them.
        """
        if len(token) > _MOST_CHARACTERS:
            return None
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in ALGORITHMS:
                return None
            key = await self._key(header.get("kid"))
            if key is None:
                return None
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[header["alg"]],
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            return None
        return principal_of(claims, self._settings)

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
            async with asyncio.timeout(self._settings.timeout_s):
                self._keys = await self._told()
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

    async def _told(self) -> dict[str | None, jwt.PyJWK]:
        async with httpx.AsyncClient(timeout=self._settings.timeout_s, trust_env=False) as client:
            discovered = await _document(client, self._address + _DISCOVERY)
            if discovered["issuer"] != self._settings.issuer:
                raise ValueError("the discovery document is another issuer's")
            own, keys = urlsplit(self._address), urlsplit(discovered["jwks_uri"])
            if keys.scheme != own.scheme or keys.netloc not in {own.netloc, self._settings.keys_host}:
                raise ValueError("the issuer's keys are on another host")
            found = jwt.PyJWKSet.from_dict(await _document(client, discovered["jwks_uri"]))
        return {key.key_id: key for key in found.keys if key.public_key_use in {None, "sig"} and key.key_type != "oct"}


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


async def _document(client: httpx.AsyncClient, address: str) -> dict[str, Any]:
    content = bytearray()
    async with client.stream("GET", address) as answer:  # follows no redirect
        answer.raise_for_status()
        async for part in answer.aiter_bytes():
            content += part
            if len(content) > _MOST_BYTES:
                raise ValueError("the issuer's answer is too large")
    document: dict[str, Any] = json.loads(content)
    return document
