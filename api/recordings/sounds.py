"""Where the sound of a call lies in the audio store, and the copy that browsers play, made when it is first wanted."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Literal, TypeVar, get_args

from api.problems import Problem
from api.recordings import encode
from api.recordings.ranges import Span
from streams.errors import CallsiftError, TransientError
from streams.payloads import LISTENING, PREPARED, RECORDINGS, ClaimCheckStore, PayloadGone, digits
from streams.pool import NativePool
from streams.work_folders import WorkFolders

_BLOCK_BYTES = 1024 * 1024
_PROCESSES = 1
_TIME_LIMIT_S = 600.0
_MEMORY_LIMIT_MB = 1024
_NO_ANSWER = "The audio store does not answer, or the copy cannot be made just now"

Part = Literal["customer", "agent"]
PARTS: tuple[Part, ...] = get_args(Part)
"""What the file of each speaker is called where a call is handed in as two, and how its name ends."""
R = TypeVar("R")


@dataclass(frozen=True)
class Stored:
    """Bytes that lie in the audio store."""

    name: str
    """Their name there."""
    size_bytes: int
    modified_at: datetime
    """When they were last written (UTC)."""

    @property
    def etag(self) -> str:
        """The strong entity tag: names are made of content, and what is written again is taken for another."""
        said = f"{self.name} {self.size_bytes} {self.modified_at.timestamp()}"
        return f'"{digits(hashlib.sha256(said.encode()).hexdigest())}"'

    @property
    def suffix(self) -> str:
        """How the name ends, with its dot; empty without one."""
        return Path(self.name).suffix.lower()

    @property
    def part(self) -> Part | None:
        """Whose file of a call this is that was handed in as two; None: it is the only one."""
        said = Path(self.name).stem.rpartition("-")[2]
        return next((part for part in PARTS if part == said), None)


class Sounds:
    """The sounds in an audio store. What it raises names no address: the answer goes outside."""

    def __init__(self, store: ClaimCheckStore) -> None:
        """Name the store; child processes come with the first copy."""
        self._store = store
        self._making: dict[str, asyncio.Task[None]] = {}
        self._folders = WorkFolders()

    @cached_property
    def _pool(self) -> NativePool:
        return NativePool(
            processes=_PROCESSES,
            time_limit_s=_TIME_LIMIT_S,
            memory_limit_mb=_MEMORY_LIMIT_MB,
            initializer=encode.load,
            modules=encode.MODULES,
        )

    async def close(self) -> None:
        """End what is being made."""
        if "_pool" in vars(self):
            await self._pool.close()
        await asyncio.to_thread(self._folders.close)

    async def originals(self, call_id: str) -> dict[Part | None, Stored]:
        """Return the recording as it was handed in last: one file, or one of each speaker; empty: it is not there.

        Raises:
            Problem: unavailable.
        """
        found = await self._found(RECORDINGS.beginning(call_id), "")
        if found and found[-1].part is None:
            return {None: found[-1]}
        return {one.part: one for one in found if one.part is not None}

    async def prepared(self, call_id: str) -> Stored | None:
        """Return the prepared audio; None: there is none, or not any more.

        Raises:
            Problem: unavailable.
        """
        found = await self._found(PREPARED.beginning(call_id), ".flac")
        return found[-1] if found else None

    async def peaks(self, prepared: Stored) -> Stored | None:
        """Return the peaks of prepared audio; None: it was made by an older version, which made none.

        Raises:
            Problem: unavailable.
        """
        return await self._about(str(Path(prepared.name).with_suffix(".dat")))

    async def copy(self, prepared: Stored) -> Stored:
        """Return the copy that browsers play; however many want it at once, it is made once.

        Raises:
            Problem: unavailable; gone: the prepared audio is damaged, or was removed meanwhile.
        """
        name = f"{LISTENING.name}/{Path(prepared.name).stem}.webm"
        if (copy := await self._about(name)) is not None:
            return copy
        if name not in self._making:
            self._making[name] = making = asyncio.create_task(self._make(prepared, name))
            making.add_done_callback(lambda _: self._making.pop(name, None))
        # who waits may go: the others still want it
        await asyncio.shield(self._making[name])
        if (copy := await self._about(name)) is None:
            raise Problem("gone", "The sound of this call was removed a moment ago")
        return copy

    async def read(self, stored: Stored, span: Span) -> bytes:
        """Return some bytes.

        Raises:
            Problem: unavailable; gone: it was removed meanwhile.
        """
        return await self._asked(partial(self._store.part, stored.name, span.start, span.end), span.size_bytes)

    async def stream(self, stored: Stored, span: Span) -> AsyncIterator[bytes]:
        """Yield some bytes, a megabyte at most in memory.

        Raises:
            Problem: unavailable; gone: it was removed meanwhile.
        """
        for start in range(span.start, span.end, _BLOCK_BYTES):
            yield await self.read(stored, Span(start, min(start + _BLOCK_BYTES, span.end)))

    async def _make(self, prepared: Stored, name: str) -> None:
        with self._folders.folder() as folder:
            flac, copy = folder / "prepared.flac", folder / "copy.webm"
            sha256 = await self._asked(partial(self._store.fetch, prepared.name, flac), prepared.size_bytes)
            if digits(sha256) != Path(prepared.name).stem.rsplit("-", 1)[-1]:
                raise Problem("gone", "The prepared audio of this call has other bytes than were stored")
            try:
                await self._pool.run(encode.encode, flac, copy)
            except TransientError as error:
                raise _unavailable() from error
            except encode.UnreadableSound as error:
                raise Problem("gone", error.message, cure=error.cure) from error
            await self._asked(partial(self._store.put_file, name, copy), prepared.size_bytes)
        # the call may have been forgotten, or grown too old, while its copy was made
        if await self._about(prepared.name) is None:
            await self._asked(partial(self._store.remove, name))

    async def _found(self, beginning: str, suffix: str) -> list[Stored]:
        """Return what is named so, the newest last."""
        names = await self._asked(partial(self._store.beginning, beginning))
        found = [await self._about(name) for name in names if name.endswith(suffix)]
        return sorted(filter(None, found), key=lambda stored: stored.modified_at)

    async def _about(self, name: str) -> Stored | None:
        about = await self._asked(partial(self._store.about, name))
        return Stored(name, *about) if about else None

    async def _asked(self, call: Callable[[], R], size_bytes: int = 0) -> R:
        try:
            return await self._store.in_thread(call, size_bytes)
        except PayloadGone as error:
            raise Problem("gone", "The sound of this call was removed a moment ago") from error
        except CallsiftError as error:
            raise _unavailable() from error


def _unavailable() -> Problem:
    return Problem("unavailable", _NO_ANSWER, headers={"Retry-After": "5"})
