"""The route of the stream: server-sent events, as the WHATWG's HTML standard describes them."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.sse import EventSourceResponse
from starlette.responses import StreamingResponse
from starlette.types import Message, Send

from api import metrics
from api.access import Principal, Requires, Right
from api.examples import STREAM
from api.outcomes.announced import StreamFilters
from api.services import Used

router = APIRouter(prefix="/v1/outcomes", tags=["outcomes"])
Viewer = Annotated[Principal, Depends(Requires(Right.VIEW))]
_STALLED_S = 60.0
_HEADERS = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
_SAID: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events outcome, gone and dropped; the id of each is where to resume.",
        "content": {"text/event-stream": {"schema": {"type": "string", "examples": [STREAM]}}},
    }
}


async def _counted(services: Used, who: Viewer) -> AsyncIterator[None]:
    with services.streams.counted(who):
        yield  # until the answer has ended


@router.get("/stream", response_class=StreamingResponse, responses=_SAID, dependencies=[Depends(_counted)])
async def stream_outcomes(
    services: Used,
    who: Viewer,
    filters: Annotated[StreamFilters, Query()],
    last_event_id: Annotated[str | None, Header(max_length=8192, description="The id of the last event.")] = None,
) -> Response:
    """Stream outcomes as they are published (text/event-stream), each at least once.

    ``outcome`` holds an outcome as JSON; ``gone`` the call_id of a call that was forgotten, for whoever may see all
    calls. ``dropped`` is the end for a reader that was too slow. Whoever comes again with the last id, as browsers do,
    misses nothing; 410 says that the id is too old for that, and where to begin anew.
    """
    cursors, at = await services.streams.start(last_event_id or filters.cursor)
    return _Stream(services.streams.events(who, filters, cursors, at))


class _Stream(EventSourceResponse):
    """An answer that ends when its reader takes nothing for long."""

    def __init__(self, events: AsyncGenerator[bytes, None]) -> None:
        """Send these."""
        super().__init__(events, headers=_HEADERS)
        self._events = events

    async def stream_response(self, send: Send) -> None:
        async def in_time(message: Message) -> None:
            async with asyncio.timeout(_STALLED_S):
                await send(message)

        try:
            await super().stream_response(in_time)
        except TimeoutError:  # what it was sent names where it resumes
            metrics.STREAMS_DROPPED.inc()
        finally:
            await self._events.aclose()
