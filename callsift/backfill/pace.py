"""Which calls of an archive, how many at a time, and what became of them. Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from sources.archive import OldCall
from streams.monitor import Status
from streams.topics import PIPELINE

PER_WORKER = 3
"""Calls on their way for each worker of the transcribe stage: one is recognised, one is ready, one comes or goes."""
_RAMP = 4


@dataclass(frozen=True)
class Choice:
    """Which calls of an archive, and how fast."""

    since: datetime | None = None
    """Calls that ended then or later."""
    until: datetime | None = None
    """Calls that ended earlier."""
    limit: int | None = None
    """Calls handed in at the most."""
    per_minute: float | None = None
    """Calls handed in a minute at the most; None: as fast as the workers have time for them."""
    in_flight: int | None = None
    """Calls on their way at the most; None: ``PER_WORKER`` for each worker that transcribes."""

    def has(self, call: OldCall) -> bool:
        """Tell whether a call is chosen; one whose end cannot be read is, so that it is refused by name."""
        ended_at = call.ended_at
        if ended_at is None:
            return True
        return (self.since is None or ended_at >= self.since) and (self.until is None or ended_at < self.until)


@dataclass
class Tally:
    """What became of the calls that were chosen."""

    sent: int = 0
    """Handed in by this run."""
    known: int = 0
    """Not handed in: they have an outcome, are forgotten, or are in the archive twice."""
    done: int = 0
    """Have come to an outcome with a category, also if an earlier run had sent them."""
    unrecorded: int = 0
    """Have come to an outcome, and no recording."""
    failed: int = 0
    """Could not be processed: they are among the dead letters."""
    tried_again: int = 0
    """Wait on a retry topic: the pipeline goes on with them by itself."""
    gone: int = 0
    """Are neither on their way nor known: they were forgotten meanwhile."""
    refused: int = 0
    """Cannot be handed in."""
    reasons: list[str] = field(default_factory=list)
    """Where in the archive, and why not; some of them."""

    @property
    def settled(self) -> int:
        """Calls with which nothing more is to be done here."""
        return self.known + self.done + self.unrecorded + self.failed + self.tried_again + self.gone + self.refused


class Pace:
    """How many calls may be on their way, by what the brokers said last."""

    def __init__(self, in_flight: int | None) -> None:
        """Allow so many; None: by the number of workers."""
        self._in_flight = in_flight
        self.limit = in_flight or PER_WORKER
        """Calls on their way at the most."""
        self.held = False
        """Whether so many live calls wait at a stage that no old one is handed in."""

    def look(self, status: Status, own: int) -> None:
        """Follow what the brokers say; as many as ``own`` of the messages that are not committed may be ours."""
        stages = {group.name: group for group in status.groups if group.name in PIPELINE}
        self.limit = self._in_flight or PER_WORKER * max(1, stages["transcribe"].members or 1)
        self.held = max(group.lag for group in stages.values()) - own > self.limit

    def room(self, under_way: int, just_ended: int) -> int:
        """Return how many may be handed in now: no burst, which the first stages would have in front of a live call."""
        return 0 if self.held else max(0, min(self.limit - under_way, just_ended + _RAMP))
