"""The streams of one process: who has how many, and what each of them is sent."""

import json
import logging
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager

from fastapi.sse import format_sse_event

from api import metrics
from api.access import Principal
from api.outcomes.announced import StreamFilters
from api.outcomes.cursor import Cursors, Position, resumed
from api.outcomes.hub import Hub, Subscription
from api.outcomes.past import Past
from api.problems import Problem
from api.settings import ApiSettings
from store.database import Database
from streams.kafka import TOMBSTONES_S, KafkaUnavailable
from streams.settings import KafkaSettings

logger = logging.getLogger(__name__)
_HEARTBEAT_S = 15.0
_RETRY_MS = 3000


class Streams:
    """Opens streams while the API runs."""

    def __init__(self, settings: ApiSettings, kafka: KafkaSettings, database: Database) -> None:
        """Open as many as the settings allow."""
        self._settings = settings
        self._hub, self._past = Hub(kafka, database, settings.stream_buffer), Past(kafka)
        self._open: Counter[str] = Counter()

    async def start(self, cursor: str | None) -> tuple[Cursors, dict[int, int] | None]:
        """Return what makes cursors, and where a stream goes on; None: with what comes now.

        Raises:
            Problem: bad-request: no cursor of ours; gone: what follows it is.
            KafkaUnavailable: The brokers do not answer or refuse.
            MongoUnavailable: MongoDB did not answer.
        """
        cursors = await self._hub.ready()
        if cursor is None:
            return cursors, None
        position, age_s = cursors.read(cursor)
        return cursors, resumed(position, age_s, await self._past.holds(), TOMBSTONES_S)

    @contextmanager
    def counted(self, who: Principal) -> Iterator[None]:
        """Count a stream while it is open.

        Raises:
            Problem: too-many-requests: somebody has too many, or there are too many in all.
        """
        if self._open.total() >= self._settings.streams:
            raise _too_many(f"This process keeps {self._settings.streams} streams open at the most")
        if who.is_limited and self._open[who.name] >= self._settings.streams_each:
            raise _too_many(f"{self._settings.streams_each} streams are open for you already")
        self._open[who.name] += 1
        metrics.STREAMS.inc()
        try:
            yield
        finally:
            metrics.STREAMS.dec()
            self._open[who.name] -= 1
            self._open += Counter()  # forgets who has none

    async def events(
        self, who: Principal, filters: StreamFilters, cursors: Cursors, at: dict[int, int] | None
    ) -> AsyncGenerator[bytes, None]:
        """Yield what a stream is sent, from ``at`` on; it ends with the API, or when its reader is too slow.

        Each lap reads the past up to where the subscription begins. One that overflows meanwhile is only a further lap.
        """
        while True:
            subscription = self._hub.subscribe()
            at = dict(subscription.since) if at is None else at
            try:
                yield format_sse_event(id=cursors.made(at), retry=_RETRY_MS)
                async for heard in self._past.between(at, subscription.since, cursors):
                    if heard.is_for(who, filters):
                        yield heard.event(who)
                    if subscription.is_over:
                        return
                if not subscription.is_overflown:
                    async for sent in self._live(subscription, who, filters, cursors, at):
                        yield sent
                    return
            except KafkaUnavailable as away:  # the answer has begun: its reader comes again with its last id
                logger.warning("a stream of outcomes broke off", extra={"error": away.message})
                return
            finally:
                self._hub.leave(subscription)

    async def _live(
        self, subscription: Subscription, who: Principal, filters: StreamFilters, cursors: Cursors, at: Position
    ) -> AsyncIterator[bytes]:
        """Yield what comes, heartbeats where nothing does, and why it ends for a reader that is too slow."""
        cursor = cursors.made(at)
        while not subscription.is_over:
            found = await subscription.next(_HEARTBEAT_S)
            if subscription.is_overflown:
                metrics.STREAMS_DROPPED.inc()
                why = json.dumps({"reason": "too slow", "cursor": cursor})
                yield format_sse_event(event="dropped", data_str=why, id=cursor)
                return
            if found is not None:
                if found.offset < at.get(found.partition, 0):  # it was had from another process of the API
                    continue
                cursor = found.cursor
                if found.is_for(who, filters):
                    yield found.event(who)
            elif not subscription.is_over:  # the id also goes on past what others got
                cursor = cursors.made(self._hub.position)
                yield format_sse_event(comment="still here", id=cursor)

    def end(self) -> None:
        """End all streams: their readers resume elsewhere, or here when it is back."""
        self._hub.end()


def _too_many(detail: str) -> Problem:
    return Problem("too-many-requests", detail, cure="Close one, or ask again later", headers={"Retry-After": "30"})
