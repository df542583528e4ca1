"""Who reads which drawn call next. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from store.samples import ROLES, Item, Reading, Role

A_WHILE = timedelta(hours=1)
"""Whoever has not finished a call by then has it only until somebody else takes it."""


def role_for(item: Item, who: str, now: datetime) -> Role | None:
    """Return in which role somebody is to read a call; None: in none, or they have read it.

    One person reads a call once. The second need not wait for the first; the third is asked only where both differ.
    """
    mine = role_of(item, who)
    if mine is not None:
        reading = item.reading(mine)
        return mine if reading is not None and reading.label_id is None else None
    if item.call_id is None:
        return None
    if _is_free(item.first, now):
        return "first"
    if item.is_second and _is_free(item.second, now):
        return "second"
    return "third" if waits_for_third(item) and _is_free(item.third, now) else None


def role_of(item: Item, who: str) -> Role | None:
    """Return the role in which somebody reads a call, or has read it."""
    return next((role for role in ROLES if (reading := item.reading(role)) is not None and reading.who == who), None)


def to_read(items: Iterable[Item], who: str, now: datetime) -> Iterator[tuple[Item, Role]]:
    """Yield what somebody is to read: what they have begun, then what two differ on, then the rest in its order."""
    found = [(item, role) for item in items if (role := role_for(item, who, now)) is not None]
    yield from sorted(
        found, key=lambda one: (role_of(one[0], who) is None, one[1] != "third", one[0].order, one[0].place)
    )


def waits_for_third(item: Item) -> bool:
    """Tell whether two people are done, and differ in what they said blind."""
    first, second = item.first, item.second
    if first is None or second is None or None in (first.label_id, second.label_id):
        return False
    return first.said != second.said and (item.third is None or item.third.label_id is None)


def is_read(item: Item) -> bool:
    """Tell whether nobody is to read a call any more."""
    wanted = [item.first, item.second] if item.is_second else [item.first]
    return all(one is not None and one.label_id is not None for one in wanted) and not waits_for_third(item)


def _is_free(reading: Reading | None, now: datetime) -> bool:
    return reading is None or (reading.label_id is None and now - reading.since > A_WHILE)
