"""Why jobs were lost: calls of the category that means it by reason, and calls that reached nobody. Pure."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from schemas import Taxonomies
from store.stats import Dimension, Key, Survey

WAYS_BEFORE: tuple[tuple[Dimension, ...], ...] = (("category", "sub_category"), ("state", "disposition"))
"""How calls are counted to tell it."""


@dataclass(frozen=True)
class Lost:
    """How many calls were lost, by what is known of why."""

    total: int
    reasons: Counter[str]
    """By sub-category of the categories that mean a lost job."""
    dispositions: Counter[str]
    """By disposition of a call without a recording; an answered one is not lost."""


def lost_before(found: Survey) -> Lost:
    """Return what was lost of calls that are counted by ``WAYS_BEFORE``."""
    return lost_jobs(found.counts[0], by_first(found.counts[1])["unrecorded"])


def lost_jobs(leaves: Counter[Key], unrecorded: Counter[Key]) -> Lost:
    """Return what was lost.

    Args:
        leaves: Calls by category and sub-category.
        unrecorded: Those without a recording by disposition.
    """
    reasons, dispositions, total = Counter[str](), Counter[str](), 0
    lost = Taxonomies.load().codes_of("lost")
    for (category, sub), n in leaves.items():
        if category in lost:
            total += n
            reasons.update({sub: n} if sub else {})
    for (disposition,), n in unrecorded.items():
        if disposition != "answered":
            total += n
            dispositions[str(disposition)] += n
    return Lost(total, reasons, dispositions)


def by_first(counts: Counter[Key]) -> defaultdict[str | None, Counter[Key]]:
    """Return counts by the rest of their keys, for each first part."""
    found: defaultdict[str | None, Counter[Key]] = defaultdict(Counter)
    for (first, *leaf), n in counts.items():
        found[first][tuple(leaf)] += n
    return found
