"""A call without an outcome as its template shows it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from api.calls.resource import Progress
from pages.calls.view import stage_title
from pages.words import Language
from streams.dead_letters import DeadLetterSummary
from streams.topics import PIPELINE

State = Literal["waiting", "retrying", "braked", "given_up", "replayed"]


@dataclass(frozen=True)
class Step:
    """A stage on the way of every call."""

    title: str
    place: Literal["passed", "here", "ahead"]


@dataclass(frozen=True)
class UnderWay:
    """How far a call is."""

    call_id: str
    state: State
    stage: str
    steps: Sequence[Step]
    since: datetime | None
    """When it got there; None: nobody knows."""
    next_try_at: datetime | None
    tries: int
    """Tries that failed."""
    letter: DeadLetterSummary | None
    """Why it was given up; None: it was not."""

    @property
    def mark(self) -> str:
        """The same as long as there is nothing new to show."""
        return f"{self.state}.{self.stage}.{self.tries}.{self.letter.id if self.letter else ''}"


def under_way(call_id: str, where: Progress | DeadLetterSummary, language: Language) -> UnderWay:
    """Return what is shown of a call that has no outcome."""
    stage, steps = stage_title(where.stage, language), _steps(where.stage, language)
    if isinstance(where, Progress):
        return UnderWay(call_id, where.state, stage, steps, where.since, where.next_try_at, where.tries, letter=None)
    state: State = "given_up" if where.replayed_at is None else "replayed"
    since = where.replayed_at or where.gave_up_at
    return UnderWay(call_id, state, stage, steps, since, None, where.attempts, where)


def _steps(stage: str, language: Language) -> list[Step]:
    here = PIPELINE.index(stage) if stage in PIPELINE else len(PIPELINE)
    return [
        Step(stage_title(name, language), "passed" if at < here else "here" if at == here else "ahead")
        for at, name in enumerate(PIPELINE)
    ]
