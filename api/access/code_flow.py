"""Signing in at an issuer: the authorisation code flow of OpenID Connect Core 1.0 (3.1), with PKCE (RFC 7636)."""

import base64
import hashlib
import logging
import secrets
from dataclasses import dataclass
from urllib.parse import quote_plus, urlencode

import httpx
from pydantic import SecretStr

from api.access.issuer import TIMEOUT_S, Issuer, IssuerUnavailable, answered
from api.access.principal import Principal

logger = logging.getLogger(__name__)
_REFUSED = {400, 401, 403}


@dataclass(frozen=True)
class Attempt:
    """What one attempt to sign in is told apart by. Only the browser that began it keeps it."""

    state: str
    """Comes back with the code."""
    nonce: str
    """Comes back in the ID token."""
    verifier: str
    """Whoever turns the code into tokens has to know it."""

    @classmethod
    def new(cls) -> "Attempt":
        """Begin one."""
        return cls(*(secrets.token_urlsafe(32) for _ in range(3)))

    @property
    def challenge(self) -> str:
        """The verifier's digest, which the issuer is told at the beginning."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass(frozen=True)
class CodeFlow:
    """How people sign in at an issuer, with callsift as its client."""

    issuer: Issuer
    client_id: str
    client_secret: SecretStr | None
    """None: a client without a secret, which PKCE alone protects."""

    async def address(self, attempt: Attempt, back: str) -> str:
        """Return where somebody signs in; the issuer sends them to ``back`` then, if it knows that address as ours.

        Raises:
            IssuerUnavailable: The issuer does not tell.
        """
        endpoint = (await self.issuer.endpoints()).authorization
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": back,
            "scope": "openid",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    async def principal(self, code: str, attempt: Attempt, back: str) -> Principal | None:
        """Return who has signed in and came ``back``; None: the issuer takes no such code, or its token is not valid.

        Raises:
            IssuerUnavailable: The issuer does not answer, or not as OpenID Connect says.
        """
        endpoints = await self.issuer.endpoints()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": attempt.verifier,
        }
        basic = None
        if self.client_secret is not None and endpoints.takes_basic:
            basic = httpx.BasicAuth(*(quote_plus(one) for one in (self.client_id, self._secret)))
        else:
            form |= {"client_id": self.client_id} | ({"client_secret": self._secret} if self._secret else {})
        id_token = await self._id_token(endpoints.token, form, basic)
        if id_token is None:
            return None
        who = await self.issuer.signed_in(id_token, self.client_id, attempt.nonce)
        if who is None:
            logger.warning(
                "an ID token is not valid", extra={"cure": "Compare the clocks, and the client's identifier"}
            )
        return who

    @property
    def _secret(self) -> str:
        return self.client_secret.get_secret_value() if self.client_secret else ""

    async def _id_token(self, address: str, form: dict[str, str], basic: httpx.BasicAuth | None) -> str | None:
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, auth=basic) as client:
                answer = await answered(client, client.build_request("POST", address, data=form))
        except httpx.HTTPStatusError as error:
            if (status := error.response.status_code) not in _REFUSED:
                raise _away(error) from None
            logger.warning("the issuer does not take a code", extra={"status": status})
            return None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise _away(error) from None
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise _away(KeyError("id_token"))
        return token


def _away(error: Exception) -> IssuerUnavailable:
    logger.warning("the issuer turns no code into an ID token", extra={"error": type(error).__name__})
    return IssuerUnavailable("the issuer turns no code into an ID token", "Look at the issuer's log")
