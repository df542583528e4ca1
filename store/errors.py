"""What MongoDB's driver raises, as the runner understands it; without its text, which may hold the password."""

from collections.abc import Iterator
from contextlib import contextmanager

from bson.errors import InvalidDocument
from pymongo.errors import DocumentTooLarge, NetworkTimeout, OperationFailure, PyMongoError, WriteError

from streams.errors import PermanentError, TransientError
from streams.tls import distrust

_PASSING_CODES = {50, 112, 262}
"""MaxTimeMSExpired, WriteConflict, ExceededTimeLimit: the same document may be taken later."""
_TIME_IS_UP = {50, 262}
_CREDENTIALS = "Check user and password in CALLSIFT_MONGO_URI, and its authSource where the user is in another database"
_INDEX = "Drop the index that stands in the way, or let it be and go without `callsift store indexes`"
_REFUSALS = {
    13: "Let the user have the role readWrite on the database",
    18: _CREDENTIALS,
    8000: _CREDENTIALS,
    67: _INDEX,
    85: _INDEX,
    86: _INDEX,
    14031: "Give MongoDB more room on its disk",
}
"""What can be done about Unauthorized, AuthenticationFailed (8000: Atlas'), CannotCreateIndex, IndexOptionsConflict,
IndexKeySpecsConflict and OutOfDiskSpace."""
_DOCUMENT_CODES = {15, 22, 10334, 17419, 17420}
"""Overflow (nested too deep), InvalidBSON, BSONObjectTooLarge and its older numbers: about the document, even where the
driver does not call them a WriteError."""


class MongoUnavailable(TransientError):
    """MongoDB did not answer, or refused."""

    dependency = "MongoDB"


class SearchTooSlow(MongoUnavailable):
    """MongoDB was still searching when the time was up."""


class ForgottenCall(Exception):
    """`callsift forget` was told of the call."""

    def __init__(self, call_id: str) -> None:
        """Name the call."""
        super().__init__(call_id)
        self.call_id = call_id


class UnstorableOutcome(PermanentError):
    """MongoDB's format cannot hold the outcome."""


@contextmanager
def asked() -> Iterator[None]:
    """Translate what any question to the store may raise.

    Raises:
        MongoUnavailable: MongoDB did not answer, or refused.
    """
    try:
        yield
    except PyMongoError as error:
        raise unavailable(error) from None


@contextmanager
def written() -> Iterator[None]:
    """Translate what writing a document raises.

    Raises:
        UnstorableOutcome: No store of this kind can hold it.
        MongoUnavailable: MongoDB did not answer; nothing is known to have changed.
    """
    try:
        yield
    except (OverflowError, InvalidDocument, DocumentTooLarge) as error:
        raise UnstorableOutcome(
            f"MongoDB's format cannot hold the outcome: {type(error).__name__}",
            "Look at the event's metadata: a number beyond 64 bits, a NUL in a name, or too large a document",
        ) from None
    except OperationFailure as error:
        is_about_it = error.code in _DOCUMENT_CODES or isinstance(error, WriteError)
        if not is_about_it or error.code in _PASSING_CODES:
            raise unavailable(error) from None
        raise UnstorableOutcome(
            f"MongoDB refuses the document with code {error.code}", "Look at the collection's validator and limits"
        ) from None
    except PyMongoError as error:
        raise unavailable(error) from None


@contextmanager
def searched() -> Iterator[None]:
    """Translate what reading documents raises.

    Raises:
        SearchTooSlow: It took longer than the store's time-out.
        MongoUnavailable: MongoDB did not answer.
    """
    try:
        yield
    except PyMongoError as error:
        is_late = isinstance(error, NetworkTimeout) or getattr(error, "code", None) in _TIME_IS_UP
        if not is_late:
            raise unavailable(error) from None
        raise SearchTooSlow(
            "MongoDB was still searching when the time was up (CALLSIFT_MONGO_TIMEOUT_S)",
            "Ask for a shorter time (ended_at.gte, ended_at.lt), or have `callsift store indexes` run",
        ) from None


def unavailable(error: PyMongoError) -> MongoUnavailable:
    """Name a failure without its text, which may hold the address with the password."""
    if why := distrust(error):
        return MongoUnavailable(why, "Name its authority as tlsCAFile in CALLSIFT_MONGO_URI, or have it issued anew")
    if isinstance(error, OperationFailure) and error.code not in _PASSING_CODES:
        cure = _REFUSALS.get(error.code or 0, "Look the code up among MongoDB's error codes; its log says more")
        return MongoUnavailable(f"MongoDB refuses with code {error.code}", cure)
    return MongoUnavailable(
        f"MongoDB did not answer: {type(error).__name__}", "Check CALLSIFT_MONGO_URI and that MongoDB is up"
    )
