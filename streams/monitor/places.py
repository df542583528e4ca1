"""Where calls are that nobody has brought to an end: a bounded number of them, as messages say. Pure."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from streams.kafka.ranges import Partition
from streams.topics import PIPELINE


@dataclass(frozen=True, slots=True)
class CallScope:
    """What is known of a call by which people are allowed to see it."""

    queue: str | None = None
    agent_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """A message that a stage, or the retry mover, has not acknowledged."""

    partition: Partition
    offset: int
    stage: str
    """The stage that has it, or that it goes back to."""
    since: datetime | None
    """When it was published; None: its producer did not say."""
    tries: int = 0
    """Tries that failed."""
    retries: int = 0
    """Times that it has been through a retry topic, or is on one."""
    next_try_at: datetime | None = None
    """When it is tried again; None: it is not on a retry topic."""

    @property
    def rank(self) -> tuple[int, int, bool]:
        """How far on it is: no clock decides, since a message goes on in this order alone."""
        return PIPELINE.index(self.stage), self.retries, self.next_try_at is None


@dataclass(slots=True)
class Found:
    """A call, where its messages are, and whose it is."""

    places: tuple[Place, ...]
    scope: CallScope
    """As the newest event that says so has it."""

    @property
    def place(self) -> Place:
        """The message that is the furthest on."""
        return max(self.places, key=lambda place: place.rank)


class Places:
    """The places of calls, of ``most`` calls at the most: the one that is known the longest goes first."""

    def __init__(self, most: int) -> None:
        """Begin with none."""
        self._most = most
        self._calls: dict[str, Found] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return how many calls are known."""
        return len(self._calls)

    def add(self, call_id: str, place: Place, scope: CallScope | None) -> None:
        """Note a message of a call; it may not say whose the call is."""
        with self._lock:
            known = self._calls.get(call_id)
            if known is None:
                self._calls[call_id] = Found((place,), scope or CallScope())
                if len(self._calls) > self._most:
                    del self._calls[next(iter(self._calls))]
            else:
                self._calls[call_id] = Found((*known.places, place), scope or known.scope)

    def settle(self, positions: Mapping[Partition, int]) -> None:
        """Leave out what is acknowledged, and calls of which all is.

        Whoever acknowledges a message has published what follows from it before. So what is known is to be read up to
        where the topics end after the positions were asked for: a call that has gone on is then known there.
        """
        with self._lock:
            for call_id, known in list(self._calls.items()):
                left = tuple(one for one in known.places if one.offset >= positions.get(one.partition, 0))
                if not left:
                    del self._calls[call_id]
                elif len(left) < len(known.places):
                    self._calls[call_id] = Found(left, known.scope)

    def find(self, call_id: str) -> Found | None:
        """Return what is known of a call."""
        with self._lock:
            return self._calls.get(call_id)
