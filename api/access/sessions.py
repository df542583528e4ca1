"""Sessions: a cookie in place of a key, for people who look at pages in a browser.

A browser sends the cookie with whatever makes it ask, also another site's form. So a session counts only where the
request comes from a page of ours, and what changes something has a token, too, that only our pages know.
"""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from fastapi import Request

from api.access.keys import Keys, key_id_of
from api.access.principal import Principal, Right, Scope
from api.problems import Problem
from store.sessions import Person, Session, SessionStore

COOKIE = "callsift_session"
TOKEN_FIELD, TOKEN_HEADER = "csrf_token", "x-csrf-token"
"""Where the token of a form, or of a script's request, is."""
_SAFE = {"GET", "HEAD", "OPTIONS"}
_FORM = "application/x-www-form-urlencoded"


class Sessions:
    """The sessions of all processes of an API."""

    def __init__(self, store: SessionStore, keys: Keys, issuer: str | None = None) -> None:
        """Keep them in a store; each holds as long as its key, or as this is the issuer that people sign in at."""
        self._store = store
        self._keys = keys
        self._issuer = issuer

    async def begin(self, key: str, lasts: timedelta) -> str | None:
        """Begin a session with a key, and return its secret identifier, for the cookie; None: the key is not valid.

        Raises:
            MongoUnavailable: The store did not answer.
        """
        if await self._keys.principal(key) is None:
            return None
        return await self._begin(lasts, key_id=key_id_of(key))

    async def begin_as(self, who: Principal, issuer: str, lasts: timedelta) -> str:
        """Begin a session of somebody who signed in at an issuer, and return its secret identifier, for the cookie.

        What they may is kept as the issuer said it: it holds until the session ends.

        Raises:
            MongoUnavailable: The store did not answer.
        """
        queues, agents = (
            None if names is None else tuple(sorted(names)) for names in (who.scope.queues, who.scope.agents)
        )
        person = Person(name=who.name, issuer=issuer, rights=tuple(sorted(who.rights)), queues=queues, agents=agents)
        return await self._begin(lasts, person=person)

    async def _begin(self, lasts: timedelta, *, key_id: str | None = None, person: Person | None = None) -> str:
        session_id, now = secrets.token_urlsafe(32), datetime.now(UTC)
        session = Session(digest=_digest(session_id), key_id=key_id, person=person, expires_at=now + lasts)
        await self._store.add(session, now)
        return session_id

    async def principal(self, request: Request) -> Principal | None:
        """Return whose session a request comes with; None: it has none that holds.

        Raises:
            Problem: forbidden: somebody else's page may have sent it.
            MongoUnavailable: The store did not answer.
        """
        session_id = request.cookies.get(COOKIE)
        session = await self._store.find(_digest(session_id)) if session_id else None
        if session_id is None or session is None or datetime.now(UTC) >= session.expires_at:
            return None
        await require_own_page(request, session_id)
        if session.person is not None:
            return _principal(session.person) if session.person.issuer == self._issuer else None
        return await self._keys.owner(session.key_id) if session.key_id else None

    async def end(self, session_id: str) -> None:
        """Have a session hold no longer.

        Raises:
            MongoUnavailable: The store did not answer.
        """
        await self._store.remove(_digest(session_id))


def token_of(session_id: str) -> str:
    """Return the token that the forms of a session send: it says nothing of the session's own secret."""
    return hashlib.sha256(f"form {session_id}".encode()).hexdigest()


async def require_own_page(request: Request, session_id: str | None) -> None:
    """Refuse what another site's page may have sent; with a session also what has not its token.

    Raises:
        Problem: forbidden.
    """
    if request.method in _SAFE:
        is_link = request.headers.get("sec-fetch-mode") == "navigate"
        if not is_link and request.headers.get("sec-fetch-site", "same-origin") in {"cross-site", "same-site"}:
            raise _foreign()
        return
    if not _is_same_origin(request):
        raise _foreign()
    if session_id is not None and not hmac.compare_digest(await _sent_token(request), token_of(session_id).encode()):
        raise _foreign()


def _principal(person: Person) -> Principal:
    queues, agents = (None if names is None else frozenset(names) for names in (person.queues, person.agents))
    return Principal(person.name, frozenset(map(Right, person.rights)), Scope(queues, agents))


def _is_same_origin(request: Request) -> bool:
    if (site := request.headers.get("sec-fetch-site")) is not None:
        return site == "same-origin"
    origin = urlsplit(request.headers.get("origin", "")).netloc  # no browser leaves it out of what changes something
    return bool(origin) and origin == request.headers.get("host")


async def _sent_token(request: Request) -> bytes:
    if (sent := request.headers.get(TOKEN_HEADER)) is not None:
        return sent.encode()
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return b""
    return str((await request.form()).get(TOKEN_FIELD, "")).encode()


def _foreign() -> Problem:
    return Problem(
        "forbidden", "The request does not come from a page of this session", cure="Load the page again, and repeat it"
    )


def _digest(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()
