"""What ``callsift retention run`` looks at and removes: the audio store, the dead letters, the documents."""

import asyncio
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from store.settings import StoreSettings
from streams.errors import SettingsError
from streams.kafka import keep_positions, publish_outcomes, publish_retention, publish_tombstones
from streams.payloads import FOLDERS, LISTENING, ClaimCheckStore
from streams.retention import (
    Needed,
    Swept,
    cut_off,
    find_old_letters,
    find_old_marks,
    remove_letters,
    remove_marks,
    sweep,
    sweep_copies,
)
from streams.settings import RETAINED, KafkaSettings, RetentionSettings
from streams.work_folders import remove_left_behind

Progress = Callable[[int], None]
"""Told how much was looked at."""
_AT_ONCE = 1000  # documents


@dataclass(frozen=True)
class Kind:
    """One kind of data that is not kept for ever. What befalls one says nothing of the others."""

    name: str
    setting: str
    """What gives its age: audio_store, dead_letters or documents."""
    sweep: Callable[[Progress], Swept]
    """Looks at all of it, and removes what is too old; raises CallsiftError, and some may be gone then."""


def finish(kafka: KafkaSettings, failing: Collection[str], now: datetime) -> None:
    """Mark the kinds for which nothing failed, and keep how far groups without members are: brokers forget it.

    Raises:
        KafkaUnavailable: The brokers do not answer, or refuse.
    """
    publish_retention(kafka, [setting for setting in RETAINED if setting not in failing], now)
    keep_positions(kafka)


def kinds_of_data(
    settings: RetentionSettings,
    now: datetime,
    kafka: KafkaSettings,
    store: ClaimCheckStore,
    mongo: StoreSettings,
    *,
    remove: bool,
    on_message: Callable[[int, int], None],
) -> Iterator[Kind]:
    """Yield everything that is not kept for ever, in the order in which it is best looked at.

    Before, what killed workers left in this machine's temporary folder is removed.

    Args:
        settings: How long what is kept.
        now: The moment that ages count from.
        kafka: Where the events are that may need it, and where tombstones go.
        store: The audio store.
        mongo: Where the documents are; it is asked only if they have an age.
        remove: Whether anything is removed; else it is only counted.
        on_message: Told how many unacknowledged messages were read, and of how many.
    """
    if remove:
        remove_left_behind()
    if before := cut_off(now, settings.audio_store_days):
        needed = Needed(kafka, on_message)
        for folder in FOLDERS:
            by_age = partial(sweep, store, folder, before, needed, remove=remove)
            swept = partial(sweep_copies, store, remove=remove) if folder is LISTENING else by_age
            yield Kind(folder.holds, "audio_store", swept)
    if before := cut_off(now, settings.dead_letters_days):
        yield Kind("dead letters", "dead_letters", partial(_letters, kafka, before, remove=remove))
        yield Kind("marks of replays", "dead_letters", partial(_marks, kafka, before, remove=remove))
    if before := cut_off(now, settings.documents_days):
        yield Kind("documents", "documents", partial(_documents, kafka, mongo, before, remove=remove))


def _letters(kafka: KafkaSettings, before: datetime, _: Progress, *, remove: bool) -> Swept:
    old = find_old_letters(kafka, before)
    if remove:
        remove_letters(kafka, old)
    return Swept(old.looked_at, old.pending, old.expired, old.expired if remove else 0)


def _marks(kafka: KafkaSettings, before: datetime, _: Progress, *, remove: bool) -> Swept:
    old = find_old_marks(kafka, before)
    if remove:
        remove_marks(kafka, old)
    return Swept(old.looked_at, 0, len(old.letters), len(old.letters) if remove else 0)


def _documents(
    kafka: KafkaSettings, mongo: StoreSettings, before: datetime, progress: Progress, *, remove: bool
) -> Swept:
    try:
        from store.calls import OutcomeStore  # only who deletes documents needs MongoDB's driver
        from store.database import Database
        from store.labels import LabelStore
        from store.samples import SampleStore
    except ImportError as error:
        raise SettingsError(
            f"CALLSIFT_RETENTION_DOCUMENTS_DAYS is set, and {error.name} is missing",
            "Install it with: pip install 'callsift[sink]'",
        ) from error

    async def swept() -> Swept:
        with closing(Database(mongo)) as database:
            documents, labels, samples = OutcomeStore(database), LabelStore(database), SampleStore(database)
            looked_at, expired = await documents.count(), await documents.count(before)
            removed = 0
            while remove and (call_ids := await documents.decided_before(before, _AT_ONCE)):
                # Before the documents go: who dies in between finds them again, and no tombstone is lost, and no label.
                publish_tombstones(kafka, call_ids)
                await labels.detach(call_ids)
                await samples.detach(call_ids)
                left = await documents.delete_before(before, call_ids)
                if left:  # decided again or held meanwhile, and the tombstone may stand behind what the sink published
                    publish_outcomes(kafka, left)
                removed += len(call_ids) - len(left)
                progress(removed)
            return Swept(looked_at, 0, expired, removed)

    return asyncio.run(swept())
