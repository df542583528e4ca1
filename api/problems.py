"""Errors as RFC 9457 describes them, also for what the framework itself refuses."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from api.tracing import trace_id
from schemas import sent_path
from store.errors import MongoUnavailable
from streams.errors import CallsiftError, TransientError

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
_AGAIN = {"Retry-After": "5"}


@dataclass(frozen=True)
class Kind:
    """One type of problem; its page is ``/problems/CODE``."""

    code: str
    status: int
    title: str
    cure: str
    """What whoever asked can do about it."""


KINDS = {
    kind.code: kind
    for kind in (
        Kind(
            "bad-request",
            400,
            "The request cannot be understood",
            "Look it up in /v1/openapi.json or docs/api.md.",
        ),
        Kind("unauthenticated", 401, "Who asks is not known", "Send a key: Authorization: Bearer cs_live_…"),
        Kind("forbidden", 403, "Who asks may not do this", "Ask whoever made the key for the right that is named."),
        Kind("not-found", 404, "There is no such thing", "Check the identifier, and whether it is in your scope."),
        Kind("method-not-allowed", 405, "The route has no such method", "Use one that the header Allow names."),
        Kind("conflict", 409, "Another request is in the way", "Wait until it has ended, then ask again."),
        Kind("gone", 410, "It was there once", "Begin anew, as the detail says."),
        Kind("precondition-failed", 412, "It has changed since", "Read it again, and decide on what it says now."),
        Kind("too-large", 413, "The body is too large", "Send less, or raise the limit that the detail names."),
        Kind("unsupported-media-type", 415, "The body is of another kind", "Send a kind that the detail names."),
        Kind("range-not-satisfiable", 416, "There are no such bytes", "Ask for a range within Content-Range."),
        Kind("invalid-request", 422, "The request breaks a rule", "Mend what errors names."),
        Kind("key-reused", 422, "The Idempotency-Key belongs to another request", "Take a new key for a new request."),
        Kind("precondition-required", 428, "The request must say what it changes", "Send If-Match with the ETag."),
        Kind("too-many-requests", 429, "Too many requests", "Wait for the seconds that Retry-After gives."),
        Kind("internal", 500, "A bug", "Tell whoever runs callsift the trace_id; the log has the rest."),
        Kind("unavailable", 503, "Something that is needed does not answer", "Ask again after Retry-After."),
    )
}
"""The types of problems, by code."""


class PlaceOfError(BaseModel):
    """One thing that is wrong, and where."""

    pointer: str | None = None
    """JSON Pointer (RFC 6901) into the body, as a URI fragment; absent where it is a parameter."""
    parameter: str | None = None
    """Name of the query parameter, header or part of the path."""
    detail: str
    """What is expected there. Never what was found: it may be what somebody said."""


class ProblemDetails(BaseModel):
    """The body of an answer that says what went wrong."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    type: str
    """Address of a page about this type of problem, relative to the API."""
    title: str
    """The type in a few words."""
    status: int
    """The HTTP status."""
    detail: str
    """What happened here."""
    instance: str
    """The path that was asked."""
    code: str
    """The type, for programs."""
    cure: str
    """What can be done about it."""
    trace_id: str
    """Finds the request in the logs."""
    errors: list[PlaceOfError] = Field(default_factory=list)
    """What is wrong, place by place; empty where it is not about a place."""


class Problem(HTTPException):
    """A request that is not answered as was hoped. The framework lets its own kind pass wherever it reads a body."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: Sequence[PlaceOfError] = (),
        cure: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Say what went wrong; ``code`` is one of KINDS, ``cure`` stands in for the type's own."""
        self.kind = KINDS[code]
        super().__init__(self.kind.status, detail, dict(headers or {}))
        self.cure = cure or self.kind.cure
        self.errors = tuple(errors)


TOLD = (Problem, RequestValidationError, HTTPException, CallsiftError)
"""The exceptions that are answered as problems; any other is a bug."""


def as_details(request: Request, problem: Problem) -> ProblemDetails:
    """Return what is told of a problem."""
    return ProblemDetails(
        type=f"/problems/{problem.kind.code}",
        title=problem.kind.title,
        status=problem.kind.status,
        detail=problem.detail,
        instance=request.url.path,
        code=problem.kind.code,
        cure=problem.cure,
        trace_id=trace_id(request),
        errors=list(problem.errors),
    )


def answer(request: Request, problem: Problem) -> JSONResponse:
    """Return the answer that tells a problem."""
    content = as_details(request, problem).model_dump(mode="json", exclude_none=True)
    return JSONResponse(content, problem.kind.status, problem.headers, MEDIA_TYPE)


def tell_problems(app: FastAPI) -> None:
    """Have the app answer everything that goes wrong as a problem."""
    for kind in TOLD:
        app.add_exception_handler(kind, told)


def as_problem(error: Exception) -> Problem:
    """Return the problem that an exception means."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        return Problem("invalid-request", "The request breaks a rule", errors=[place_of(one) for one in error.errors()])
    if isinstance(error, HTTPException):
        code = next((kind.code for kind in KINDS.values() if kind.status == error.status_code), "bad-request")
        return Problem(code, KINDS[code].title, headers=error.headers)
    if isinstance(error, MongoUnavailable):  # made without the driver's text; it may say how to ask for less
        return Problem("unavailable", error.message, cure=error.cure, headers=_AGAIN)
    if isinstance(error, TransientError):  # its own text may name addresses within the network: the log has it
        return Problem("unavailable", f"{error.dependency or 'What is needed'} does not answer", headers=_AGAIN)
    return Problem("internal", "The request failed for a reason that nobody has named")


async def told(request: Request, error: Exception) -> JSONResponse:
    """Answer with the problem that an exception means."""
    if isinstance(error, CallsiftError):
        about = {"error": str(error), "error_type": type(error).__name__, "trace_id": trace_id(request)}
        logger.warning("a request could not be answered", extra=about)
    return answer(request, as_problem(error))


def place_of(found: Mapping[str, Any]) -> PlaceOfError:
    """Return the place that pydantic names, from ``loc``, which begins with body, query, path or header."""
    where, *path = found["loc"]
    if where == "body":
        pointer = "#" + "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in sent_path(path))
        return PlaceOfError(pointer=pointer, detail=found["msg"])
    return PlaceOfError(parameter=".".join(map(str, path)) or str(where), detail=found["msg"])
