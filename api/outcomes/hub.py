"""One reader of calls.outcomes for all streams of a process; each gets what comes through a bounded buffer."""

import asyncio
import logging
import threading
from collections import deque
from contextlib import suppress

from confluent_kafka import KafkaException

from api.outcomes.announced import Announced
from api.outcomes.cursor import Cursors, Position
from store.database import Database
from streams.kafka import TopicReader
from streams.settings import KafkaSettings
from streams.topics import OUTCOMES

logger = logging.getLogger(__name__)
_LONGEST_WAIT_S = 1.0


class Subscription:
    """What comes for one stream, from ``since`` on, until it has too much of it."""

    def __init__(self, since: Position, most: int) -> None:
        """Take at most so many that nobody has fetched."""
        self.since = since
        self.is_overflown = self.is_over = False
        self._waiting: deque[Announced] = deque()
        self._most, self._something = most, asyncio.Event()

    def tell(self, announced: Announced) -> None:
        """Keep one for the stream; one too many, and all are let go."""
        if len(self._waiting) >= self._most:
            self.is_overflown = True
            self._waiting.clear()
        elif not self.is_overflown:
            self._waiting.append(announced)
        self._something.set()

    def end(self) -> None:
        """Say that nothing comes any more."""
        self.is_over = True
        self._something.set()

    async def next(self, timeout_s: float) -> Announced | None:
        """Return the next one; None: none came in time, or it is over, or has overflown."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not (self._waiting or self.is_over or self.is_overflown):
                    self._something.clear()
                    await self._something.wait()
        return self._waiting.popleft() if self._waiting and not self.is_over else None


class Hub:
    """Reads once, tells everybody. It begins to read with the first stream."""

    def __init__(self, kafka: KafkaSettings, database: Database, buffer: int) -> None:
        """Read from these brokers; the cursors' key lies in the database."""
        self._kafka, self._database, self._buffer = kafka, database, buffer
        self._starting = asyncio.Lock()
        self._cursors: Cursors | None = None
        self._position: dict[int, int] = {}
        self._subscriptions: set[Subscription] = set()
        self._is_over = threading.Event()

    async def ready(self) -> Cursors:
        """Begin to read, unless it does already; return what makes cursors.

        Raises:
            KafkaUnavailable: The brokers do not answer or refuse.
            MongoUnavailable: MongoDB did not answer.
        """
        async with self._starting:
            if self._cursors is None:
                cursors = await Cursors.of(self._database)
                reader = await asyncio.to_thread(self._at_the_end)
                self._position = dict(reader.stands_at)
                loop = asyncio.get_running_loop()
                threading.Thread(target=self._read, args=(reader, cursors, loop), name="outcomes", daemon=True).start()
                self._cursors = cursors
        return self._cursors

    def subscribe(self) -> Subscription:
        """Hand what comes from now on to one stream; call it when ready, and ``leave`` in the end."""
        subscription = Subscription(dict(self._position), self._buffer)
        self._subscriptions.add(subscription)
        if self._is_over.is_set():
            subscription.end()
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """Hand nothing more to a stream."""
        self._subscriptions.discard(subscription)

    @property
    def position(self) -> Position:
        """The first offsets that it has not read."""
        return self._position

    def end(self) -> None:
        """End all streams, and the reading."""
        self._is_over.set()
        for subscription in self._subscriptions:
            subscription.end()

    def _at_the_end(self) -> TopicReader:
        return TopicReader(self._kafka, OUTCOMES.name, from_start=False, longest_wait_s=_LONGEST_WAIT_S)

    def _read(self, reader: TopicReader, cursors: Cursors, loop: asyncio.AbstractEventLoop) -> None:
        while not self._is_over.is_set():
            try:
                found = [announced for announced in map(Announced.of, reader.batch()) if announced is not None]
            except KafkaException as error:  # a passing trouble of the consumer; it goes on where it stood
                logger.warning("the outcomes could not be read", extra={"error": error.args[0].str()})
                continue
            if found:
                telling = self._tell(found, cursors)
                try:  # told before more is read: a busy loop is not flooded
                    asyncio.run_coroutine_threadsafe(telling, loop).result()
                except (RuntimeError, asyncio.CancelledError):  # the loop has ended
                    telling.close()
                    break
        reader.close()

    async def _tell(self, found: list[Announced], cursors: Cursors) -> None:
        for announced in found:
            self._position[announced.partition] = announced.offset + 1
            if self._subscriptions:
                announced.cursor = cursors.made(self._position)
            for subscription in self._subscriptions:
                subscription.tell(announced)
