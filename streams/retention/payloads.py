"""Payloads in the audio store that are too old, and that no unacknowledged event needs any more."""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import NamedTuple

from streams.payloads.claim_check import ClaimCheckStore, Entry
from streams.payloads.layout import FOLDERS, Folder, stem
from streams.retention.needed import needed_names
from streams.settings import KafkaSettings

Progress = Callable[[int, int], None]
"""Told how much is done, and of how much."""


class OldPayloads(NamedTuple):
    """What lies in one folder of the store, sorted out."""

    folder: Folder
    looked_at: int
    """How much there is."""
    pending: tuple[Entry, ...]
    """What is old, and is kept because an event that nobody has acknowledged names it."""
    expired: tuple[Entry, ...]
    """What is to be removed."""


def cut_off(now: datetime, days: float) -> datetime | None:
    """Return the moment before which everything is too old; None where ``days`` is 0 and everything is kept."""
    return now - timedelta(days=days) if days else None


def find_old_payloads(
    store: ClaimCheckStore, kafka: KafkaSettings, before: datetime, on_message: Progress = lambda *_: None
) -> list[OldPayloads]:
    """Look through every folder of the store that callsift writes to, and remove nothing.

    Args:
        store: The audio store.
        kafka: Where the events are that may need it; they are asked only if anything is old.
        before: What was written then or later stays.
        on_message: Told how many unacknowledged messages were read, and how many there are.

    Raises:
        AudioStoreUnavailable: The store did not answer.
        KafkaUnavailable: The brokers do not answer or refuse, or a topic is missing: nothing is known then.
    """
    # Before the brokers are asked: what is written later cannot be taken for old and unneeded.
    listed = {folder: [one for one in store.entries(folder.name) if folder.has_made(one.name)] for folder in FOLDERS}
    any_old = any(entry.modified_at < before for entries in listed.values() for entry in entries)
    needed = needed_names(kafka, on_message) if any_old else frozenset[str]()
    return [sort_out(folder, entries, before, needed) for folder, entries in listed.items()]


def sort_out(folder: Folder, entries: Iterable[Entry], before: datetime, needed: AbstractSet[str]) -> OldPayloads:
    """Decide what goes: what was written before ``before``, unless its ``layout.stem`` is in ``needed``."""
    everything = list(entries)
    pending: list[Entry] = []
    expired: list[Entry] = []
    for entry in everything:
        if entry.modified_at < before:
            (pending if stem(entry.name) in needed else expired).append(entry)
    return OldPayloads(folder, len(everything), tuple(pending), tuple(expired))


def remove_payloads(store: ClaimCheckStore, old: OldPayloads, progress: Progress = lambda *_: None) -> int:
    """Remove what has expired, without what was written again meanwhile; returns how much was removed.

    Raises:
        AudioStoreUnavailable: The store did not answer; some may be gone already.
    """
    written_at = {one.name: one.modified_at for one in store.entries(old.folder.name)} if old.expired else {}
    unchanged = [entry for entry in old.expired if written_at.get(entry.name) == entry.modified_at]
    for number, entry in enumerate(unchanged, 1):
        store.remove(entry.name)
        progress(number, len(unchanged))
    return len(unchanged)
