"""What is too old to be kept, and still may not go because an event needs it: plain functions, without any store."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import NamedTuple

from streams.payloads.claim_check import Entry
from streams.payloads.layout import stem


class Sorted(NamedTuple):
    """What lies in one folder of the store, sorted out."""

    looked_at: int
    """How much there is."""
    pending: tuple[Entry, ...]
    """What is old, and is kept because an event that nobody has acknowledged names it."""
    expired: tuple[Entry, ...]
    """What is to be removed."""


def cut_off(now: datetime, days: float) -> datetime | None:
    """Return the moment before which everything is too old; None where ``days`` is 0 and everything is kept."""
    return now - timedelta(days=days) if days else None


def old(entries: Iterable[Entry], before: datetime) -> list[Entry]:
    """Return what was written before a moment."""
    return [entry for entry in entries if entry.modified_at < before]


def sort_out(entries: Iterable[Entry], before: datetime, needed: AbstractSet[str]) -> Sorted:
    """Decide what goes: what was written before ``before``, unless its ``layout.stem`` is in ``needed``."""
    everything = list(entries)
    pending: list[Entry] = []
    expired: list[Entry] = []
    for entry in old(everything, before):
        (pending if stem(entry.name) in needed else expired).append(entry)
    return Sorted(len(everything), tuple(pending), tuple(expired))
