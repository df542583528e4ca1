"""The worker: leases one operation after the other, and does it."""

import logging
import threading
from datetime import UTC, datetime, timedelta

from callsift.operations.metrics import OPERATIONS
from callsift.operations.task import LEASE, Cancelled, Interrupted, Task, in_store
from callsift.operations.work import WORK, Places
from store.operations import Operation, State
from streams.errors import CallsiftError, DependencyDown, TransientError
from streams.health import Health

logger = logging.getLogger(__name__)

_LOOK_S = 1.0
_AGAIN = timedelta(seconds=5)
_PRUNE_EVERY = timedelta(hours=1)
_KEPT = timedelta(days=90)
"""How long an operation is kept that has ended, with its certificate."""
_MOST_TAKEOVERS = 5


class OperationsWorker:
    """Does operations. Several may run; each operation is done by one of them at a time."""

    def __init__(self, places: Places, kept: timedelta = _KEPT) -> None:
        """Work in some places, and remove what ended so long ago."""
        self._places, self._kept = places, kept
        self._prune_at = datetime.now(UTC)

    def run(self, health: Health, stopping: threading.Event) -> None:
        """Work until ``stopping`` is set; ready from when the store has answered."""
        health.silent_after_s = 60.0
        while not stopping.is_set():
            health.beat()
            try:
                is_idle = not self._work_once(health, stopping)
            except CallsiftError as error:
                logger.warning("operations wait for the store", extra={"error": error.message})
                health.pause("MongoDB")
                is_idle = True
            if is_idle:
                stopping.wait(_LOOK_S)

    def _work_once(self, health: Health, stopping: threading.Event) -> bool:
        now = datetime.now(UTC)
        if now >= self._prune_at:
            in_store(self._places.mongo, lambda store: store.remove_ended_before(now - self._kept))
            self._prune_at = now + _PRUNE_EVERY
        operation = in_store(self._places.mongo, lambda store: store.lease(now, LEASE))
        health.pause(None)
        health.joined = True
        if operation is None:
            return False
        task = Task(operation, self._places.mongo, stopping, health)
        with task.kept():
            self._do(task)
        return True

    def _do(self, task: Task) -> None:
        operation = task.operation
        logger.info("operation begun", extra={"operation": operation.id, "kind": operation.kind})
        if operation.takeovers > _MOST_TAKEOVERS:
            why = f"the worker that did it ended {operation.takeovers} times"
            self._fail(operation, "internal", why, "Look into the log of the operations worker, then ask again")
            return
        try:
            response = WORK[operation.kind](task, self._places)
        except Cancelled:
            self._end(operation, "cancelled")
        except Interrupted:
            self._release(operation, timedelta())
        except (TransientError, DependencyDown) as error:
            logger.warning("operation waits", extra={"operation": operation.id, "error": error.message})
            self._release(operation, _AGAIN)
        except CallsiftError as error:
            self._fail(operation, type(error).__name__, error.message, error.cure)
        except Exception:
            logger.exception("operation failed", extra={"operation": operation.id})
            self._fail(operation, "internal", "a bug ended it", "Tell whoever runs callsift; the log has the rest")
        else:
            self._end(operation, "succeeded", response=response)

    def _release(self, operation: Operation, pause: timedelta) -> None:
        at = datetime.now(UTC) + pause
        in_store(self._places.mongo, lambda store: store.release(operation, at))

    def _fail(self, operation: Operation, code: str, message: str, cure: str) -> None:
        self._end(operation, "failed", error={"code": code, "message": message, "cure": cure})

    def _end(
        self, operation: Operation, state: State, response: object = None, error: dict[str, str] | None = None
    ) -> None:
        now = datetime.now(UTC)
        if in_store(self._places.mongo, lambda store: store.end(operation, state, now, response, error)):
            OPERATIONS.labels(operation.kind, state).inc()
            logger.info("operation ended", extra={"operation": operation.id, "state": state})
