"""How far the pipeline is: one look for all who have a page open, however many they are."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request

from pages.shared import Shared
from schemas import BrakeNotice
from streams.kafka import notices
from streams.monitor import Observer, Status
from streams.settings import KafkaSettings

_HOLDS_S = 8.0
_RATES_OVER = timedelta(minutes=2)


@dataclass(frozen=True)
class Look:
    """The pipeline at one moment."""

    status: Status
    brakes: Mapping[str, BrakeNotice]
    """By stage: those that are applied."""
    per_minute: Mapping[str, float]
    """By stage, and of the retry mover: messages that it finished in a minute, lately; those not known are left out."""


class Pipeline:
    """Looks while somebody has a page open, and not otherwise."""

    def __init__(self, kafka: KafkaSettings) -> None:
        """Ask these brokers."""
        self._kafka = kafka
        self._observer: Observer | None = None
        self._shared = Shared[Look](_HOLDS_S)
        self._lately = deque[Status]()

    async def look(self) -> Look:
        """Return how far the pipeline was a few seconds ago at the most.

        Raises:
            KafkaUnavailable: The brokers do not answer in time, or refuse.
        """
        return await self._shared.answer("look", lambda: asyncio.to_thread(self._look))

    def forget(self) -> None:
        """Look anew when somebody asks next: something was changed."""
        self._shared.forget("look")

    def _look(self) -> Look:
        self._observer = self._observer or Observer(self._kafka)  # its clients are there once somebody asks
        status = self._observer.look()
        applied = {stage: notice for stage, notice in notices(self._kafka).items() if notice.applied}
        self._lately.append(status)
        while self._lately[0].asked_at < status.asked_at - _RATES_OVER:
            self._lately.popleft()
        return Look(status, applied, per_minute(self._lately))


def per_minute(looks: Sequence[Status]) -> dict[str, float]:
    """Return by group how many messages it finished in a minute, between the first look and the last one. Pure."""
    first, last = looks[0], looks[-1]
    minutes = (last.asked_at - first.asked_at) / timedelta(minutes=1)
    before, now = _finished(first), _finished(last)
    # Whose position went back was made anew.
    return {name: (now[name] - before[name]) / minutes for name in now if minutes and now[name] >= before.get(name, 0)}


def _finished(status: Status) -> dict[str, int]:
    return {group.name: sum(part.end - part.lag for part in group.partitions) for group in status.groups}


def _of_the_app(request: Request) -> Pipeline:
    pipeline: Pipeline = request.app.state.pipeline
    return pipeline


Looked = Annotated[Pipeline, Depends(_of_the_app)]
"""The pipeline, as a parameter of a route."""
