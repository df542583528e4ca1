"""A sink that kills itself when its tenth call gets to a point: ``python -m tests.agents.sink.mortal_worker POINT``.

With SIGKILL, so that nothing is finished, flushed or committed. Everything else is the real one.
"""

import os
import signal
import sys
from typing import Any

from agents.sink.agent import SinkAgent
from callsift.worker import work
from store.calls import OutcomeStore
from store.database import Database
from store.settings import StoreSettings
from streams.privacy import CallerPrivacy
from streams.settings import PrivacySettings

POINTS = ("stored", "in its turn", "confirmed", "marked")
CALL = 10


class Mortal(SinkAgent):
    """Dies at a point."""

    def __init__(self, point: str) -> None:
        super().__init__(OutcomeStore(Database(StoreSettings.read())), CallerPrivacy(PrivacySettings.read()))
        self._point = point
        self._reached = 0

    async def work(self, event: Any) -> Any:
        stored = await super().work(event)
        self._reach("stored")
        return stored

    async def due(self, stored: Any) -> Any:
        due = await super().due(stored)
        self._reach("in its turn")
        return due

    async def follow_up(self, stored: Any, published: Any) -> Any:
        self._reach("confirmed")
        following = await super().follow_up(stored, published)
        self._reach("marked")
        return following

    def _reach(self, point: str) -> None:
        self._reached += point == self._point
        if self._reached == CALL:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    work("sink", lambda *_: Mortal(sys.argv[1]))
