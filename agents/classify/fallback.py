"""What stands in for a hosted classifier: the offline one, where the policy says so, and its second opinion."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from agents.classify.classifier import Classifier
from agents.classify.core import Answer, Source
from schemas import Turn
from streams.errors import CallsiftError, DependencyDown

PROBE_S = 15.0
"""Seconds between two calls that ask whether the hosted classifier is back, while all others are decided offline."""
PATIENCE = 3
"""Answers in a row that do not come, after which the hosted classifier counts as away."""


class OfflineWhenAway:
    """Asks the hosted classifier; while that is away, another one decides, provisionally.

    It is away when that is certain (a refused connection or key, a spent budget), or when several answers in a row did
    not come. Then one call every few seconds asks whether it is back, and all others are decided at once.
    """

    def __init__(
        self,
        hosted: Classifier,
        stand_in: Classifier,
        *,
        probe_s: float = PROBE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Let ``stand_in`` decide while ``hosted`` is away, and ask that every ``probe_s`` whether it is back."""
        self._hosted = hosted
        self._stand_in = stand_in
        self._probe_s = probe_s
        self._clock = clock
        self._unanswered = 0
        self._probe_at: float | None = None
        """When the hosted classifier is asked again; None: it is there."""

    @property
    def source(self) -> Source:
        """The hosted classifier; an answer of the other says so itself."""
        return self._hosted.source

    async def classify(self, turns: Sequence[Turn], /, *, ended_at: datetime | None = None) -> Answer:
        """Classify one transcript, provisionally if need be."""
        if self._probe_at is not None:
            if self._clock() < self._probe_at:
                return await self._provisional(turns)
            self._probe_at = self._clock() + self._probe_s  # this one asks, nobody else meanwhile
        try:
            answer = await self._hosted.classify(turns, ended_at=ended_at)
        except CallsiftError as failure:
            if failure.dependency is None:  # it is there: that was about this call
                self._unanswered, self._probe_at = 0, None
                raise
            if not isinstance(failure, DependencyDown):
                self._unanswered += 1
                if self._unanswered < PATIENCE:
                    raise
        else:
            self._unanswered, self._probe_at = 0, None
            return answer
        self._probe_at = self._clock() + self._probe_s
        return await self._provisional(turns)

    async def _provisional(self, turns: Sequence[Turn]) -> Answer:
        answer = await self._stand_in.classify(turns)
        return replace(answer, source=self._stand_in.source, provisional=True)


class SecondOpinion:
    """Asks the hosted classifier, and whether another one names the same leaf."""

    def __init__(self, hosted: Classifier, other: Classifier) -> None:
        """Let ``other`` agree or not."""
        self._hosted = hosted
        self._other = other

    @property
    def source(self) -> Source:
        """The hosted classifier, under the condition that the other one is asked."""
        hosted = self._hosted.source
        return replace(hosted, conditions=(*hosted.conditions, self._other.source.model))

    async def classify(self, turns: Sequence[Turn], /, *, ended_at: datetime | None = None) -> Answer:
        """Classify one transcript."""
        answer = await self._hosted.classify(turns, ended_at=ended_at)
        other = await self._other.classify(turns)
        return replace(answer, agreement=1.0 if other.leaf == answer.leaf else 0.0)
