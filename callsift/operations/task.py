"""An operation while it is worked on: its lease is kept from a thread, and whoever works asks whether to go on."""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from store.database import Database
from store.operations import Operation, OperationStore
from store.settings import StoreSettings
from streams.errors import CallsiftError
from streams.health import Health

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
_BEAT_S = 2.0
_T = TypeVar("_T")


class Cancelled(Exception):
    """Whoever asked for the operation wants it no more."""


class Interrupted(Exception):
    """This worker does not go on: it has to end, or another one has the operation."""


class Task:
    """What the work on an operation reports to, and asks."""

    def __init__(self, operation: Operation, mongo: StoreSettings, stopping: threading.Event, health: Health) -> None:
        """Work on an operation that is leased."""
        self.operation = operation
        self._mongo, self._stopping, self._health = mongo, stopping, health
        self._progress: Mapping[str, Any] | None = None
        self._ended, self._lost, self._cancelled = threading.Event(), threading.Event(), threading.Event()

    def check(self) -> None:
        """Go on, between two steps.

        Raises:
            Cancelled: Somebody asked for an end.
            Interrupted: The worker ends, or has lost the lease.
        """
        self._beat_once({})
        if self._lost.is_set() or self._stopping.is_set():
            raise Interrupted
        if self._cancelled.is_set():
            raise Cancelled

    def show(self, **progress: Any) -> None:
        """Say how far it is; then go on, as ``check`` does."""
        self._progress = progress
        self.check()

    def remember(self, checkpoint: Any, **progress: Any) -> None:
        """Keep what whoever takes the operation over has to know, and say how far it is; then go on, as ``check``."""
        self._progress = progress or self._progress
        self._beat_once({"checkpoint": checkpoint})
        self.check()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the lease in this block."""
        thread = threading.Thread(target=self._beat, name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _beat(self) -> None:
        while not self._ended.wait(_BEAT_S):
            self._health.beat()
            try:
                self._beat_once({})
            except CallsiftError as error:  # the lease may end meanwhile; then another one goes on
                logger.warning("the lease is not renewed", extra={"error": error.message})

    def _beat_once(self, changes: Mapping[str, Any]) -> None:
        progress = {} if self._progress is None else {"progress": dict(self._progress)}
        until = datetime.now(UTC) + LEASE
        found = in_store(self._mongo, lambda store: store.keep(self.operation, {**progress, **changes}, until))
        if found is None:
            self._lost.set()
        elif found.cancel_requested:
            self._cancelled.set()


def in_store(mongo: StoreSettings, ask: Callable[[OperationStore], Coroutine[Any, Any, _T]]) -> _T:
    """Ask the store from a thread without an event loop.

    Raises:
        MongoUnavailable: MongoDB did not answer.
    """

    async def asked() -> _T:
        with closing(Database(mongo)) as database:
            return await ask(OperationStore(database))

    return asyncio.run(asked())
