"""Waiting for outcomes: one question to the store for all who wait, however many they are."""

import asyncio
import re
from collections import defaultdict

from fastapi import Request

from schemas import CallOutcome
from store.calls import OutcomeStore
from streams.errors import CallsiftError

_ASK_S = 0.3
_AFTER_TROUBLE_S = 2.0
_LONGEST_WAIT_S = 60
_WAIT = re.compile(r"(?:^|[,;\s])wait=(\d{1,4})(?=$|[,;\s])")


def preferred_wait_s(request: Request) -> int | None:
    """Return for how many seconds a request prefers to wait, 60 at the most (RFC 7240); None: it does not say."""
    asked = _WAIT.search(request.headers.get("prefer", ""))
    return None if asked is None else min(int(asked[1]), _LONGEST_WAIT_S)


class Waiting:
    """Those who wait for the outcome of a call."""

    def __init__(self, calls: OutcomeStore) -> None:
        """Ask a store."""
        self._calls = calls
        self._waiting: dict[str, set[asyncio.Future[CallOutcome]]] = defaultdict(set)
        self._somebody = asyncio.Event()

    async def outcome(self, call_id: str, timeout_s: float) -> CallOutcome | None:
        """Return the newest outcome of a call as soon as it has one; None: it had none in time."""
        future: asyncio.Future[CallOutcome] = asyncio.get_running_loop().create_future()
        self._waiting[call_id].add(future)
        self._somebody.set()
        try:
            async with asyncio.timeout(timeout_s):
                return await future
        except TimeoutError:
            return None
        finally:
            self._waiting[call_id].discard(future)
            if not self._waiting[call_id]:
                del self._waiting[call_id]

    async def ask_for_ever(self) -> None:
        """Ask the store while somebody waits; a store that is away is asked again."""
        while True:
            if not self._waiting:
                self._somebody.clear()
                await self._somebody.wait()
            try:
                for outcome in await self._calls.newest(list(self._waiting)):
                    for future in self._waiting.get(outcome.call_id, set()):
                        if not future.done():
                            future.set_result(outcome)
                await asyncio.sleep(_ASK_S)
            except CallsiftError:
                await asyncio.sleep(_AFTER_TROUBLE_S)
