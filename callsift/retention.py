"""What ``callsift retention run`` looks at and removes: the audio store, the dead letters, the documents."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from agents.sink.settings import SinkSettings
from streams.errors import SettingsError
from streams.payloads import ClaimCheckStore
from streams.retention import (
    cut_off,
    find_old_letters,
    find_old_payloads,
    remove_letters,
    remove_marks,
    remove_payloads,
)
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
    return [
        ExpiredData(
            old.folder.holds, old.looked_at, len(old.pending), len(old.expired), partial(remove_payloads, store, old)
        )
        for old in find_old_payloads(store, kafka, before, on_message)
    ]


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
