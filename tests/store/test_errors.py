"""What MongoDB's refusals are called, and what is advised."""

import pytest
from pymongo.errors import OperationFailure, PyMongoError, ServerSelectionTimeoutError

from store.errors import MongoUnavailable, unavailable


@pytest.mark.parametrize(
    ("error", "advised"),
    [
        (OperationFailure("hunter2", 13), "readWrite"),
        (OperationFailure("hunter2", 18), "user and password"),
        (OperationFailure("hunter2", 8000), "user and password"),
        (OperationFailure("hunter2", 85), "index"),
        (OperationFailure("hunter2", 14031), "disk"),
        (OperationFailure("hunter2", 59), "its log says more"),
        (OperationFailure("hunter2"), "its log says more"),
        (OperationFailure("hunter2", 50), "MongoDB is up"),
        (ServerSelectionTimeoutError("hunter2"), "MongoDB is up"),
    ],
    ids=lambda value: str(getattr(value, "code", value)),
)
def test_each_failure_advises_what_helps_against_it(error: PyMongoError, advised: str) -> None:
    named = unavailable(error)
    assert isinstance(named, MongoUnavailable)
    assert advised in named.cure
    assert ("readWrite" in named.cure) == (getattr(error, "code", None) == 13)
    assert "hunter2" not in str(named)
