"""Recordings that only the source's own login opens: downloaded, and put into the audio store."""

import asyncio
from functools import partial
from typing import Any, NamedTuple

from schemas import CallEnded, OneFile
from sources.poller.web import ListAway, Web
from streams.payloads import RECORDINGS, ClaimCheckStore, digits
from streams.work_folders import WorkFolders


class Limits(NamedTuple):
    """What one recording may be."""

    size_bytes: int
    seconds: float


class Recordings:
    """Moves the recordings of one PBX."""

    def __init__(self, web: Web, store: ClaimCheckStore, limits: Limits, at_once: int) -> None:
        """Download by ``web``, so many at once; close it."""
        self._web, self._store, self._limits = web, store, limits
        self._places, self._folders = asyncio.Semaphore(at_once), WorkFolders()

    def close(self) -> None:
        """Remove what is on its way."""
        self._folders.close()

    async def moved(self, call: CallEnded) -> dict[str, Any]:
        """Return the fields that say where a call's recording is, as JSON has them; none: as the event says.

        What lies elsewhere than beneath the source's address is left there: the audio stage fetches it.

        Raises:
            RecordingNotThere: It is not there yet.
            TransientError: The PBX does not give it to the end, or the audio store does not take it.
        """
        own = [uri for uri in (call.recording.uris if call.recording else ()) if self._web.is_own(uri)]
        if call.recording is None or not own:
            return {}
        parts = ("recording",) if isinstance(call.recording, OneFile) else ("customer", "agent")
        addresses: dict[str, str] = {}
        async with self._places:
            for part, uri in zip(parts, call.recording.uris, strict=True):
                if uri in own:
                    addresses[uri] = await self._stored(call.call_id, part, uri)
        found = call.recording.moved(lambda uri: addresses.get(uri, uri))
        return {"recording": found.model_dump(mode="json", exclude_none=True)}

    async def _stored(self, call_id: str, part: str, uri: str) -> str:
        with self._folders.folder() as folder:
            path = folder / part
            try:
                async with asyncio.timeout(self._limits.seconds):
                    found = await self._web.download(uri, path, self._limits.size_bytes)
            except TimeoutError:
                why = f"a recording was not whole after {self._limits.seconds:g} s"
                raise ListAway(why, "Raise CALLSIFT_FETCH_TIME_LIMIT_S") from None
            except OSError as error:
                raise ListAway(f"a recording cannot be kept: {error.strerror}", "Make room in TMPDIR") from None
            # named by what it is: downloaded again, the same call makes the same event
            name = RECORDINGS.of_call(call_id, f"-{digits(found.sha256)}-{part}{found.suffix}")
            put = partial(self._store.put_file, name, path)
            return (await self._store.in_thread(put, found.size_bytes)).uri
