"""What ``callsift retention run`` looks at and removes: the audio store, the dead letters, the documents."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from agents.sink.settings import SinkSettings
from streams.dead_letters import find_old_letters, remove_letters, remove_marks
from streams.errors import SettingsError
from streams.payloads import FOLDERS, ClaimCheckStore, Entry, Folder, cut_off, needed_names, old, sort_out
from streams.settings import KafkaSettings, RetentionSettings

Progress = Callable[[int, int], None]
"""Told how much is done, and of how much."""


@dataclass(frozen=True)
class ExpiredData:
    """What was found of one kind of data."""

    name: str
    looked_at: int
    """How much there is."""
    pending: int
    """How much is old, and is kept because an event that nobody has acknowledged needs it."""
    expired: int
    """How much is to be removed."""
    remove: Callable[[Progress], int]
    """Removes it and returns how much was removed; raises CallsiftError, and some may be gone then."""


def find_expired(
    settings: RetentionSettings,
    now: datetime,
    kafka: KafkaSettings,
    store: ClaimCheckStore,
    mongo: SinkSettings,
    on_message: Progress,
) -> list[ExpiredData]:
    """Look at everything that is not kept for ever, and remove nothing.

    Args:
        settings: How long what is kept.
        now: The moment that ages count from.
        kafka: Where the events are that may need it.
        store: The audio store.
        mongo: Where the documents are; it is asked only if they have an age.
        on_message: Told how many unacknowledged messages were read.

    Raises:
        CallsiftError: A store or the brokers did not answer, so that nothing may be removed.
        SettingsError: Documents have an age, and what talks to MongoDB is not installed.
    """
    kinds = []
    if before := cut_off(now, settings.audio_store_days):
        kinds += _in_store(before, kafka, store, on_message)
    if before := cut_off(now, settings.dead_letters_days):
        kinds += _letters(kafka, before)
    if before := cut_off(now, settings.documents_days):
        kinds.append(_documents(before, mongo))
    return kinds


def _in_store(
    before: datetime, kafka: KafkaSettings, store: ClaimCheckStore, on_message: Progress
) -> list[ExpiredData]:
    # Before the brokers are asked: what is written later cannot be taken for old and unneeded.
    listed = {folder: _made(store, folder) for folder in FOLDERS}
    any_old = any(old(entries, before) for entries in listed.values())
    needed = needed_names(kafka, on_message) if any_old else frozenset[str]()
    kinds = []
    for folder, entries in listed.items():
        found = sort_out(entries, before, needed)
        remove = partial(remove_entries, store, folder, found.expired)
        kinds.append(ExpiredData(folder.holds, found.looked_at, len(found.pending), len(found.expired), remove))
    return kinds


def _made(store: ClaimCheckStore, folder: Folder) -> list[Entry]:
    return [entry for entry in store.entries(folder.name) if folder.has_made(entry.name)]


def remove_entries(
    store: ClaimCheckStore, folder: Folder, expired: tuple[Entry, ...], progress: Progress = lambda *_: None
) -> int:
    """Remove entries of a folder, without those that were written again meanwhile; returns how many were removed.

    Raises:
        AudioStoreUnavailable: The store did not answer; some may be gone already.
    """
    written_at = {entry.name: entry.modified_at for entry in store.entries(folder.name)} if expired else {}
    unchanged = [entry for entry in expired if written_at.get(entry.name) == entry.modified_at]
    for number, entry in enumerate(unchanged, 1):
        store.remove(entry.name)
        progress(number, len(unchanged))
    return len(unchanged)


def _letters(kafka: KafkaSettings, before: datetime) -> list[ExpiredData]:
    found = find_old_letters(kafka, before)

    def letters(_: Progress) -> int:
        remove_letters(kafka, found)
        return found.expired

    def marks(_: Progress) -> int:
        remove_marks(kafka, found)
        return len(found.marks)

    return [
        ExpiredData("dead letters", found.looked_at, found.pending, found.expired, letters),
        ExpiredData("marks of replays", found.marks_looked_at, 0, len(found.marks), marks),
    ]


def _documents(before: datetime, mongo: SinkSettings) -> ExpiredData:
    try:
        from agents.sink.store import OutcomeStore  # only who deletes documents needs MongoDB's driver
    except ImportError as error:
        raise SettingsError(
            f"CALLSIFT_RETENTION_DOCUMENTS_DAYS is set, and {error.name} is missing",
            "Install it with: pip install 'callsift[sink]'",
        ) from error

    async def count() -> tuple[int, int]:
        documents = OutcomeStore(mongo)
        try:
            return await documents.count(), await documents.count(before)
        finally:
            documents.close()

    async def delete() -> int:
        documents = OutcomeStore(mongo)
        try:
            return await documents.delete_before(before)
        finally:
            documents.close()

    looked_at, expired = asyncio.run(count())
    return ExpiredData("documents", looked_at, 0, expired, lambda _: asyncio.run(delete()))
