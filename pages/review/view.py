"""What the pages of the review show. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pages.categories import Category, category_named, choices
from pages.confidence import Confidence, confidence_of
from pages.review.turns import is_read, to_read, waits_for_third
from pages.words import Language
from schemas import MachineAnswer, Taxonomies, Taxonomy
from store.arrivals import Arrivals
from store.samples import Item, Sample

KEYS = "1234567890qwertyuıop"
"""One for each leaf, in the taxonomy's order."""


@dataclass(frozen=True)
class Late:
    """Calls that came after a sample's list was closed."""

    came: int
    drawn: int
    chance: str
    """Of each; where strata differ, the smallest and the largest."""


@dataclass(frozen=True)
class Row:
    """A sample, and how far its reading is."""

    sample: Sample
    period: str
    drawn: int
    """In time."""
    candidates: int
    late: Late | None
    """None: nothing came late, as far as anybody has looked."""
    looked_at: datetime | None
    """None: nobody can look for what comes late."""
    to_read: int
    """All that is drawn."""
    read: int
    waiting: int
    """Calls on which two people differ."""
    mine: int
    """Calls that the looker could read now."""


@dataclass(frozen=True)
class KeyedLeaf:
    """A leaf to choose, with the key that chooses it."""

    code: str
    title: str
    within: str | None
    key: str


@dataclass(frozen=True)
class Machine:
    """What the machine says."""

    category: Category
    confidence: Confidence | None
    answer: MachineAnswer
    said: Category
    """What the reviewer said before."""
    is_same: bool


def row(
    sample: Sample, items: Sequence[Item], came: Arrivals | None, who: str, now: datetime, language: Language
) -> Row:
    """Return a sample's line."""
    days = (language.short_day(sample.first_day), language.short_day(sample.last_day))
    return Row(
        sample=sample,
        period=" – ".join(dict.fromkeys(days)),
        drawn=sum(not item.is_late for item in items),
        candidates=sum(stratum.size for stratum in sample.strata),
        late=_late(items, came, language),
        looked_at=came.looked_at if came else None,
        to_read=len(items),
        read=sum(map(is_read, items)),
        waiting=sum(map(waits_for_third, items)),
        mine=sum(1 for _ in to_read(items, who, now)),
    )


def _late(items: Sequence[Item], came: Arrivals | None, language: Language) -> Late | None:
    if came is None or not came.strata:
        return None
    ends = [f(stratum.p for stratum in came.strata) for f in (min, max)]
    chance = " – ".join(dict.fromkeys(map(language.percent, ends)))
    return Late(sum(stratum.size for stratum in came.strata), sum(item.is_late for item in items), chance)


def keyed_leaves(language: str, taxonomy: Taxonomy) -> tuple[KeyedLeaf, ...]:
    """Return all leaves, each with its key; those beyond the keys have none."""
    found: list[KeyedLeaf] = []
    for one in choices(language, taxonomy):
        for leaf in one.below or (one,):
            key = KEYS[len(found)] if len(found) < len(KEYS) else ""
            found.append(KeyedLeaf(leaf.code, leaf.title, one.title if one.below else None, key))
    return tuple(found)


def both_answers(item: Item, language: str, taxonomy: Taxonomy) -> tuple[Category, ...]:
    """Return what two people said, in an order that does not tell who was first."""
    said = {reading.said for reading in (item.first, item.second) if reading is not None and reading.said}
    return tuple(of_code(code, language, taxonomy) for code in sorted(said))


def machine(answer: MachineAnswer | None, said: str, language: Language, taxonomy: Taxonomy) -> Machine | None:
    """Return what the machine says, beside what a reviewer said; None: it says nothing."""
    if answer is None:
        return None
    category, code = (
        category_named(answer.category, answer.sub_category, language.code, taxonomy),
        answer.sub_category or answer.category,
    )
    other = of_code(said, language.code, taxonomy)
    return Machine(category, confidence_of(answer.confidence), answer, other, code == said)


def of_code(code: str, language: str, taxonomy: Taxonomy | None = None) -> Category:
    """Return the category of a leaf's code in a taxonomy, or in the first that has it; else it stands for itself."""
    leaf = (taxonomy or Taxonomies.load()).leaves.get(code)
    if leaf is None:
        return Category(code, "plain")
    return category_named(leaf.category, leaf.sub_category, language, taxonomy)
