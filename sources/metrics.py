"""What the ways in of this process saw: whether a source still speaks, and what of it is refused."""

from collections import Counter as Counts
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import get_args

from prometheus_client import Counter, Gauge

from sources.observation import Reason

RESULTS = ("taken", "ignored", *get_args(Reason))
"""What becomes of what a source says. ignored: it is about no call that is over, such as a recording that begins, or
one that ended before calls are taken."""

EVENTS = Counter(
    "callsift_source_events_total",
    "What sources said, by source and by what became of it; the sources are those of the settings. invalid or "
    "unreadable rising: the PBX sends another form than its mapping expects. unsigned: its secret has changed, or "
    "somebody else sends. unconfirmed: the brokers are away, and the source has to send again.",
    ["source", "result"],
)
LAST_EVENT = Gauge(
    "callsift_source_last_event_timestamp_seconds",
    "When something of this result last came from a source, in seconds since 1970; 0: not since the start. A source "
    "whose taken stands still in business hours has fallen silent: look at the PBX, and at what is between.",
    ["source", "result"],
)


@dataclass
class Seen:
    """What this process saw of a source."""

    counts: Counts[str] = field(default_factory=Counts)
    """By what became of it."""
    last: dict[str, datetime] = field(default_factory=dict)
    """When it last did (UTC)."""
    refusal: str | None = None
    """Why something was last refused: a sentence without what was sent."""


_SEEN: dict[str, Seen] = {}


def announce(sources: Iterable[str]) -> None:
    """Make the metrics of the sources that a process has, at zero: one that never speaks is seen, too."""
    for source in sources:
        _SEEN.setdefault(source, Seen())
        for result in RESULTS:
            EVENTS.labels(source, result)
            LAST_EVENT.labels(source, result)


def observe(source: str, result: str, why: str | None = None) -> None:
    """Count something that a source said; ``result`` is one of ``RESULTS``, ``why`` says why it is refused."""
    EVENTS.labels(source, result).inc()
    LAST_EVENT.labels(source, result).set_to_current_time()
    seen = _SEEN.setdefault(source, Seen())
    seen.counts[result] += 1
    seen.last[result] = datetime.now(UTC)
    seen.refusal = why or seen.refusal


def seen_by_source() -> Mapping[str, Seen]:
    """Return what this process saw of each source since it began."""
    return _SEEN
