"""How long operations wait for a worker, for the metric: the API is there also when no worker is."""

import asyncio
import logging
from datetime import UTC, datetime

from api import metrics
from api.services import Services
from store.operations import OperationStore
from streams.errors import CallsiftError

logger = logging.getLogger(__name__)
_LOOK_S = 15.0


async def watch(services: Services) -> None:
    """Look again and again, until cancelled. What was seen last stays while the store does not answer."""
    while True:
        try:
            metrics.OPERATION_WAIT.set(await longest_wait_s(OperationStore(services.database), datetime.now(UTC)))
        except CallsiftError as error:
            logger.warning("nobody sees whether operations wait", extra={"error": error.message})
        await asyncio.sleep(_LOOK_S)


async def longest_wait_s(operations: OperationStore, now: datetime) -> float:
    """Return the seconds for which the operation has waited that has waited longest; 0: none waits.

    Raises:
        MongoUnavailable: MongoDB did not answer.
    """
    since = await operations.waiting_since(now)
    return 0.0 if since is None else (now - since).total_seconds()
