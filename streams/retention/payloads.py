"""Payloads in the audio store that are too old, and that no unacknowledged event needs any more."""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import NamedTuple

from streams.payloads.claim_check import ClaimCheckStore, Entry
from streams.payloads.layout import Folder, stem
from streams.retention.needed import Needed


class Swept(NamedTuple):
    """What was found of one kind of data, and what went."""

    looked_at: int = 0
    """How much there is."""
    pending: int = 0
    """How much is old, and is kept because an event that nobody has acknowledged needs it."""
    expired: int = 0
    """How much is to be removed."""
    removed: int = 0
    """How much was removed."""

    def and_also(self, other: "Swept") -> "Swept":
        """Return both together."""
        return Swept(*(mine + its for mine, its in zip(self, other, strict=True)))


class Sorted(NamedTuple):
    """Some entries of a folder, by what becomes of them; the young ones are left out."""

    pending: list[Entry]
    expired: list[Entry]


def cut_off(now: datetime, days: float) -> datetime | None:
    """Return the moment before which everything is too old; None where ``days`` is 0 and everything is kept."""
    return now - timedelta(days=days) if days else None


def sweep(
    store: ClaimCheckStore,
    folder: Folder,
    before: datetime,
    needed: Needed,
    on_page: Callable[[int], None] = lambda _: None,
    *,
    remove: bool,
) -> Swept:
    """Look through a folder of the store page by page, and remove what is too old of each page before the next one.

    Args:
        store: The audio store.
        folder: Which folder; in it, what callsift has not named is left alone.
        before: What was written then or later stays.
        needed: What unacknowledged messages need; the brokers are asked only if anything is old.
        on_page: Told how much was looked at.
        remove: Whether to remove anything.

    Raises:
        AudioStoreUnavailable: The store did not answer; some may be gone already.
        KafkaUnavailable: The brokers do not answer or refuse, or a topic is missing: nothing is known then.
    """
    found = Swept()
    for page in store.pages(folder.name):
        ours = [entry for entry in page if folder.has_made(entry.name)]
        if any(entry.modified_at < before for entry in ours):
            needed.refresh()  # after the page was listed: what is written later cannot be taken for old and unneeded
        kinds = sort_out(ours, before, needed)
        removed = store.remove_unchanged(folder.name, kinds.expired) if remove and kinds.expired else 0
        found = found.and_also(Swept(len(ours), len(kinds.pending), len(kinds.expired), removed))
        on_page(found.looked_at)
    return found


def sort_out(entries: Iterable[Entry], before: datetime, needed: Needed | AbstractSet[str]) -> Sorted:
    """Decide what goes: what was written before ``before``, unless its ``layout.stem`` is in ``needed``."""
    found = Sorted([], [])
    for entry in entries:
        if entry.modified_at < before:
            (found.pending if stem(entry.name) in needed else found.expired).append(entry)
    return found
