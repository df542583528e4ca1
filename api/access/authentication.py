"""Who asks: found from the request, or refused."""

from urllib.parse import urlsplit

from fastapi import Request

from api.access.issuer import Issuer
from api.access.keys import PREFIX, Keys
from api.access.principal import Principal, Right
from api.access.sessions import Sessions
from api.problems import Problem
from api.settings import is_this_machine

CHALLENGE = 'Bearer realm="callsift"'
"""How to say who one is (RFC 6750)."""
_THIS_MACHINE = Principal("this machine", frozenset(Right), is_limited=False)
_OF_PROXIES = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


class Authentication:
    """Finds out who asks. While nobody had a key and no issuer is named, whoever is on this machine may do all."""

    def __init__(
        self,
        keys: Keys | None = None,
        issuer: Issuer | None = None,
        sessions: Sessions | None = None,
        *,
        opens_to_this_machine: bool = True,
    ) -> None:
        """Believe keys, tokens and sessions; without all of them, this machine alone.

        Not even that one where the API listens for others, too: a proxy beside it, as a mesh puts one into each pod,
        brings their requests from this machine.
        """
        self._keys = keys
        self._issuer = issuer
        self.sessions = sessions
        self._opens_to_this_machine = opens_to_this_machine

    async def principal(self, request: Request) -> Principal:
        """Return who asks.

        Raises:
            Problem: Nobody who is known, or another site's page in the browser of somebody who is.
            MongoUnavailable: A key cannot be looked up.
            IssuerUnavailable: A token cannot be checked.
        """
        sent = request.headers.get("authorization")
        if sent is not None:
            scheme, _, token = sent.partition(" ")
            return await self.owner(token.strip() if scheme.lower() == "bearer" else "")
        if self.sessions is not None and (who := await self.sessions.principal(request)) is not None:
            return who
        if await self.is_configured():
            raise _refused("The request has no key and no token")
        if not self._opens_to_this_machine:
            raise _refused("The API listens for other machines, and nobody has a key yet (callsift keys create)")
        if is_from_this_machine(request):
            return _THIS_MACHINE
        raise _refused("The request comes from another machine, and nobody has a key yet (callsift keys create)")

    async def is_configured(self) -> bool:
        """Tell whether whoever asks has to say who they are.

        Raises:
            MongoUnavailable: It is not known whether somebody has a key.
        """
        return self._issuer is not None or (self._keys is not None and await self._keys.are_asked_for())

    async def owner(self, token: str) -> Principal:
        """Return whose key or token something is.

        Raises:
            Problem: Nobody's.
            MongoUnavailable: A key cannot be looked up.
            IssuerUnavailable: A token cannot be checked.
        """
        who = await self._owner(token) if token else None
        if who is None:
            raise _refused("The key or token is not valid, or not any more", error="invalid_token")
        return who

    async def _owner(self, token: str) -> Principal | None:
        if token.startswith(PREFIX):
            return await self._keys.principal(token) if self._keys else None
        return await self._issuer.principal(token) if self._issuer else None


def is_from_this_machine(request: Request) -> bool:
    """Tell whether nobody else can have sent a request: no proxy's client, and no page of another site in a browser."""
    headers = request.headers
    if (
        request.client is None
        or not is_this_machine(request.client.host)
        or any(name in headers for name in _OF_PROXIES)
    ):
        return False
    asked = urlsplit(f"//{headers.get('host', '')}").hostname  # a page can have its own name lead here
    origin = urlsplit(headers["origin"]).hostname or "" if "origin" in headers else "localhost"
    is_cross_site = headers.get("sec-fetch-site") in {"cross-site", "same-site"}
    return is_this_machine(asked or "") and is_this_machine(origin) and not is_cross_site


def _refused(detail: str, error: str | None = None) -> Problem:
    challenge = CHALLENGE if error is None else f'{CHALLENGE}, error="{error}"'
    return Problem("unauthenticated", detail, headers={"WWW-Authenticate": challenge})
