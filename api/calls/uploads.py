"""Recordings that are handed in: into the audio store before the event, and gone again if there is none."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

from starlette.datastructures import UploadFile

from api.calls.received import UPLOADED, suffix_of
from api.problems import Problem
from api.services import Services
from schemas import CallEnded
from store.idempotency import IdempotencyStore
from store.uploads import Upload
from streams.errors import CallsiftError
from streams.payloads import RECORDINGS, digits
from streams.retention import recordings_of

logger = logging.getLogger(__name__)
_SWEEP_S = 300.0


async def stored(services: Services, event: CallEnded, files: Mapping[str, UploadFile]) -> tuple[CallEnded, Upload]:
    """Put a call's recordings into the audio store; returns the event with their addresses, and what to undo.

    Raises:
        AudioStoreUnavailable: It did not take them.
        MongoUnavailable: It did not take note of the upload.
        Problem: unavailable: it took so long that the sweep has come.
    """
    upload_id = uuid4().hex
    names = {
        part: RECORDINGS.of_call(event.call_id, f"-{digits(upload_id)}-{part}{suffix_of(file)}")
        for part, file in files.items()
    }
    upload = Upload(upload_id, event.call_id, tuple(names.values()))
    await services.uploads.begin(upload, datetime.now(UTC))
    addresses: dict[str, str] = {}
    try:
        for part, file in files.items():
            size_bytes = file.size or 0
            await _hold(services, upload, timedelta(seconds=services.audio.limit_s(size_bytes)))
            put = partial(services.audio.put_stream, names[part], file.file)
            addresses[UPLOADED + part] = (await services.audio.in_thread(put, size_bytes)).uri
        await _hold(services, upload, timedelta())
    except BaseException:
        with suppress(CallsiftError):
            await _remove(services, upload)  # and no more: what was given up may go on to write until the sweep
        raise
    moved = event.recording and event.recording.moved(lambda uri: addresses.get(uri, uri))
    return event.model_copy(update={"recording": moved}), upload


async def _hold(services: Services, upload: Upload, work: timedelta) -> None:
    """Keep the sweep from an upload for as long as some work may take, and what follows it."""
    if not await services.uploads.hold(upload, datetime.now(UTC) + work):
        raise Problem("unavailable", "The recording was taken too slowly", cure="Send it again")


async def kept(services: Services, upload: Upload) -> None:
    """Forget an upload whose event is confirmed; where the store is away, the sweep finds out that it is."""
    try:
        await services.uploads.finished(upload)
    except CallsiftError as error:
        logger.warning("an upload is not known to be finished", extra={"error": error.message})


async def undo(services: Services, upload: Upload) -> None:
    """Remove the recordings of an upload, and forget it.

    Raises:
        CallsiftError: The store or the audio store did not answer; the sweep does it.
    """
    await _remove(services, upload)
    await services.uploads.finished(upload)


async def _remove(services: Services, upload: Upload) -> None:
    """Remove the recordings of an upload, and the drafts of those whose writer died."""
    for name in upload.names:
        for left in await services.audio.in_thread(partial(services.audio.beginning, name)):
            await services.audio.in_thread(partial(services.audio.remove, left))


async def sweep(services: Services, now: datetime) -> int:
    """Remove recordings whose upload was never finished, unless their event is on Kafka; returns how many uploads.

    Raises:
        CallsiftError: The store, the audio store or Kafka did not answer; the rest is looked at again.
    """
    removed = 0
    abandoned = await services.uploads.condemn_abandoned(now)  # before Kafka is read: none is published after that
    if not abandoned:
        return removed
    published = await asyncio.to_thread(recordings_of, services.kafka, {upload.call_id for upload in abandoned})
    for upload in abandoned:
        if any(address.endswith(upload.names) for address in published[upload.call_id]):
            await services.uploads.finished(upload)
        else:
            await undo(services, upload)
            removed += 1
    return removed


async def sweep_for_ever(services: Services) -> None:
    """Sweep now, and every five minutes; keys that are not remembered any more go, too."""
    while True:
        try:
            await IdempotencyStore(services.database).remove_old(datetime.now(UTC))
            if removed := await sweep(services, datetime.now(UTC)):
                logger.warning("recordings were removed that no call came of", extra={"uploads": removed})
        except CallsiftError as error:
            logger.warning("abandoned uploads could not be looked at", extra={"error": error.message})
        await asyncio.sleep(_SWEEP_S)
