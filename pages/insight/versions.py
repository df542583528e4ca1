"""When something else began to decide: a new model, prompt or taxonomy. Pure."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from store.stats import Dimension, Key

DECIDES: tuple[Dimension, ...] = ("taxonomy", "prompt", "model")
_RULE = "rule:"
"""So begins the model where no classifier was asked."""


@dataclass(frozen=True)
class Change:
    """What changed on a day."""

    day: date
    what: Dimension
    before: str
    after: str


def changes(counts: Mapping[Key, int]) -> list[Change]:
    """Return what changed, in order: a day belongs to the version that decided most of its calls.

    Args:
        counts: Calls by day and by each of ``DECIDES``.
    """
    days: defaultdict[str, dict[Dimension, Counter[str]]] = defaultdict(lambda: {what: Counter() for what in DECIDES})
    for (day, *versions), calls in counts.items():
        if day is None or (versions[-1] or _RULE).startswith(_RULE):
            continue
        for what, version in zip(DECIDES, versions, strict=True):
            if version is not None:
                days[day][what][version] += calls
    found: list[Change] = []
    current: dict[Dimension, str] = {}
    for day, by in sorted(days.items()):
        for what, versions_of_day in by.items():
            if not versions_of_day:
                continue
            before = current.get(what)
            # of two that decided as many, the one that did so before
            after = max(versions_of_day, key=lambda one: (versions_of_day[one], one == before, one))
            if before not in {None, after}:
                found.append(Change(date.fromisoformat(day), what, str(before), after))
            current[what] = after
    return found
