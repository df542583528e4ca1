"""``Idempotency-Key`` (draft-ietf-httpapi-idempotency-key-header-07): a request that comes twice is answered once."""

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime

from fastapi import Request
from fastapi.responses import JSONResponse

from api.access import Principal
from api.problems import PlaceOfError, Problem
from store.idempotency import LEASE, IdempotencyStore, Origin, Turn
from streams.errors import CallsiftError

logger = logging.getLogger(__name__)
HEADER = "Idempotency-Key"
_LONGEST = 255
_RENEWED_EVERY_S = LEASE.total_seconds() / 4
_KEPT_HEADERS = {"location", "retry-after", "etag"}


def sent_key(request: Request) -> str | None:
    """Return the key that a request has, quoted or bare; None: it has none.

    Raises:
        Problem: It is empty, or longer than 255 characters.
    """
    sent = request.headers.get(HEADER)
    if sent is None:
        return None
    key = sent.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not key or len(key) > _LONGEST:
        expected = PlaceOfError(parameter=HEADER, detail=f"expected 1 to {_LONGEST} characters")
        raise Problem("bad-request", f"{HEADER} is empty or too long", errors=[expected])
    return key


async def answered_once(
    keys: IdempotencyStore,
    who: Principal,
    key: str | None,
    fingerprint: str,
    work: Callable[[Origin], Awaitable[JSONResponse]],
) -> JSONResponse:
    """Do the work of a request, or give the answer that the same request had; without a key it is always done.

    What fails may be sent again, and is done again from the same origin: the try before may have done it, or half.

    Raises:
        Problem: conflict: the first one is being worked on. key-reused: the key belongs to another request.
        MongoUnavailable: The store did not answer.
    """
    now = datetime.now(UTC)
    origin = Origin.new(now)
    if key is None:
        return await work(origin)
    name = hashlib.sha256(f"{who.name}\0{key}".encode()).hexdigest()
    found = await keys.begin(name, fingerprint, origin, now)
    if found.turn is Turn.RUNNING:
        raise Problem(
            "conflict", "A request with this Idempotency-Key is being worked on", headers={"Retry-After": "2"}
        )
    if found.turn is Turn.ANOTHER:
        raise Problem("key-reused", "This Idempotency-Key was sent with another request before")
    if found.answer is not None:
        kept = found.answer
        return JSONResponse(json.loads(kept["body"]), kept["status"], kept["headers"])
    try:
        async with _kept(keys, name):
            answer = await work(found.origin)
    except BaseException as error:
        refused = isinstance(error, Problem) and error.kind.status < 500
        with _left_to_the_lease():
            await (keys.forget(name) if refused else keys.give_back(name))
        raise
    headers = {header: value for header, value in answer.headers.items() if header in _KEPT_HEADERS}
    kept = {"status": answer.status_code, "headers": headers, "body": bytes(answer.body).decode()}
    with _left_to_the_lease():
        await keys.answered(name, kept)
    return answer


@asynccontextmanager
async def _kept(keys: IdempotencyStore, name: str) -> AsyncIterator[None]:
    """Keep a key's lease in this block: only a request that died is taken over, however long another one takes."""

    async def renewing() -> None:
        while True:
            await asyncio.sleep(_RENEWED_EVERY_S)
            with _left_to_the_lease():
                await keys.renew(name, datetime.now(UTC))

    task = asyncio.create_task(renewing())
    try:
        yield
    finally:
        task.cancel()


@contextmanager
def _left_to_the_lease() -> Iterator[None]:
    """Let a store that is away change nothing about an answer: what it does not know ends with the key's lease."""
    try:
        yield
    except CallsiftError as error:
        logger.warning("an Idempotency-Key could not be taken note of", extra={"error": error.message})
