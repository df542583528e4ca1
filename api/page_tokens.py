"""Tokens of pages (AIP-158): where a list goes on. Opaque; they fit the question and the person they were made for."""

import hashlib
import json

from cryptography.fernet import Fernet, InvalidToken

from api.access import Principal
from api.problems import PlaceOfError, Problem
from store.database import Database
from store.secrets import shared_key

_NAME = "page_token"
LARGEST_PAGE = 1000
"""Items on a page at the most, whatever is asked for."""


class PageTokens:
    """Makes and reads tokens."""

    def __init__(self, key: str) -> None:
        """Take the key: 32 bytes in URL-safe base64."""
        self._cipher = Fernet(key)

    def made(self, after: str, who: Principal, question: object) -> str:
        """Return the token of the page after a place in the answer to a question, which is anything that JSON holds."""
        return self._cipher.encrypt(json.dumps([_bound(who, question), after]).encode()).decode()

    def read(self, token: str, who: Principal, question: object) -> str:
        """Return the place.

        Raises:
            Problem: bad-request: it is no token, or was made for another question, or for somebody else.
        """
        try:
            bound, after = json.loads(self._cipher.decrypt(token.encode()))
        except (InvalidToken, UnicodeEncodeError):
            raise _refused("It is no token of this API") from None
        if bound != _bound(who, question):
            raise _refused("It was made for other parameters, or for somebody else; only page_size may change")
        return str(after)


class SharedTokens:
    """The tokens of all processes of an API: their key lies in the store, and is looked up once."""

    def __init__(self) -> None:
        """Begin without the key."""
        self._known: PageTokens | None = None

    async def ready(self, database: Database) -> PageTokens:
        """Return what makes and reads them.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        if self._known is None:
            self._known = PageTokens(await shared_key(database, _NAME))
        return self._known


def _bound(who: Principal, question: object) -> str:
    return hashlib.sha256(json.dumps([who.name, question], sort_keys=True).encode()).hexdigest()


def _refused(why: str) -> Problem:
    return Problem(
        "bad-request",
        "The page_token does not fit",
        cure="Begin anew without page_token, or repeat the request that it came with",
        errors=[PlaceOfError(parameter="page_token", detail=why)],
    )
