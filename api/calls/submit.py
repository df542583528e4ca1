"""Handing calls in: one, with or without its recording, or many."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any
from urllib.parse import unquote
from uuid import uuid4

from confluent_kafka import KafkaError
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.access import Principal, Requires, Right
from api.calls.received import Received, event_of, received
from api.calls.resource import RETRY_AFTER_S, Call, address_of, etag
from api.calls.uploads import kept, stored, undo
from api.idempotency import answered_once, sent_key
from api.problems import PlaceOfError, Problem, ProblemDetails, as_details, as_problem
from api.services import Services, Used
from api.tracing import sent_trace_id
from api.waiting import preferred_wait_s
from schemas import CallEnded
from sources.intake import publish
from store.idempotency import IdempotencyStore, Origin
from streams.kafka import is_too_large

router = APIRouter(prefix="/v1", tags=["calls"])
Ingesting = Annotated[Principal, Depends(Requires(Right.INGEST))]
_EVENT = {"$ref": "#/components/schemas/SubmittedCall"}  # api/openapi.py puts it there


class BatchRequest(BaseModel):
    """Calls to be handed in at once."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    requests: list[dict[str, Any]] = Field(min_length=1)
    """Call-ended events, each as ``POST /v1/calls`` takes it."""


class BatchResult(BaseModel):
    """What became of one of them."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    call: Call | None = None
    """The call that was taken."""
    problem: ProblemDetails | None = None
    """Why it was not."""


class BatchResponse(BaseModel):
    """What became of each call."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    results: list[BatchResult]
    """In the order of the requests."""


@router.post(
    "/calls",
    status_code=202,
    response_model=Call,
    responses={200: {"model": Call, "description": "With Prefer: wait, the outcome came in time."}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": _EVENT},
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "event": {"type": "string", "contentMediaType": "application/json"},
                            "recording": {"type": "string", "format": "binary"},
                            "customer": {"type": "string", "format": "binary"},
                            "agent": {"type": "string", "format": "binary"},
                        },
                    }
                },
            },
        }
    },
)
async def create_call(request: Request, services: Used, who: Ingesting) -> JSONResponse:
    """Hand a call in; the answer comes when the brokers have it.

    As JSON: a call-ended event that says where the recording is. As multipart/form-data: the recording itself, as
    ``recording`` or as ``customer`` and ``agent``, and in ``event`` what else is known. Without ``call_id`` it gets
    one. ``Idempotency-Key`` makes a repetition safe, and so does a ``call_id`` of yours. ``Prefer: wait=20`` waits for
    the outcome so many seconds, 60 at the most.
    """
    key = sent_key(request)
    async with received(request, services.settings.upload_limit_mb * 1024 * 1024) as call:
        _require_scope(who, call.event(Origin.new(datetime.now(UTC))))
        work = partial(_hand_in, services, call, sent_trace_id(request))
        answer = await answered_once(IdempotencyStore(services.database), who, key, call.fingerprint, work)
    call_id = unquote(answer.headers["location"].rpartition("/")[2])
    return await _preferred(request, services, who, call_id, answer)


@router.post("/calls:batchCreate", response_model=BatchResponse)
async def create_calls(body: BatchRequest, request: Request, services: Used, who: Ingesting) -> BatchResponse:
    """Hand many calls in; each is taken or refused by itself, and those that are taken are confirmed by the brokers."""
    most = services.settings.batch_size
    if len(body.requests) > most:
        raise Problem(
            "too-large",
            f"A batch may have {most} calls, as CALLSIFT_API_BATCH_SIZE says",
            errors=[PlaceOfError(pointer="#/requests", detail=f"at most {most}")],
        )
    results: list[BatchResult | CallEnded] = []
    for content in body.requests:
        try:
            event = event_of(content, uuid4().hex)
            _require_scope(who, event)
        except Problem as problem:
            results.append(BatchResult(problem=as_details(request, problem)))
        else:
            results.append(event)
    events = [found for found in results if isinstance(found, CallEnded)]
    confirmed = dict(zip(map(id, events), await publish(services.producer, events), strict=True))
    return BatchResponse(
        results=[
            found if isinstance(found, BatchResult) else _result(services, request, found, confirmed[id(found)])
            for found in results
        ]
    )


def _result(services: Services, request: Request, event: CallEnded, error: KafkaError | None) -> BatchResult:
    if error is None:
        return BatchResult(call=Call(call_id=event.call_id, state="in_work"))
    return BatchResult(problem=as_details(request, unconfirmed(services, error)))


async def _hand_in(services: Services, call: Received, trace_id: str | None, origin: Origin) -> JSONResponse:
    event, upload = call.event(origin), None
    if trace_id is not None and "trace_id" not in event.model_fields_set:
        event = event.model_copy(update={"trace_id": trace_id})
    if call.files:
        event, upload = await stored(services, event, call.files)
    [error] = await publish(services.producer, [event])
    if error is not None:
        if upload is not None and is_too_large(error):  # else it may have arrived: the sweep finds that out
            await undo(services, upload)
        raise unconfirmed(services, error)
    if upload is not None:
        await kept(services, upload)
    body = Call(call_id=event.call_id, state="in_work").model_dump(mode="json")
    headers = {"Location": address_of(event.call_id), "Retry-After": str(RETRY_AFTER_S)}
    return JSONResponse(body, 202, headers)


def unconfirmed(services: Services, error: KafkaError) -> Problem:
    """Return the problem that the brokers have not confirmed an event."""
    if is_too_large(error):
        return Problem("too-large", "The brokers take no event of this size")
    return as_problem(services.producer.unavailable(error))


def _require_scope(who: Principal, event: CallEnded) -> None:
    if not who.scope.allows(event):
        raise Problem("forbidden", "The call is out of your scope: its queue, agent or metadata are not yours")


async def _preferred(
    request: Request, services: Services, who: Principal, call_id: str, answer: JSONResponse
) -> JSONResponse:
    """Wait for the outcome, if that is preferred (RFC 7240)."""
    seconds = preferred_wait_s(request)
    if seconds is None:
        return answer
    applied = {"Preference-Applied": f"wait={seconds}"}
    outcome = await services.waiting.outcome(call_id, seconds)
    if outcome is None or not who.scope.allows(outcome):  # a call of this name may be another's
        answer.headers.update(applied)
        return answer
    headers = applied | {"Location": answer.headers["location"], "ETag": etag(outcome.revision)}
    return JSONResponse(Call.of(outcome, who).model_dump(mode="json"), 200, headers)
