"""The claim check: payloads too large for Kafka lie in a store, and events carry where (docs/audio-store.md)."""

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar
from uuid import uuid4

from schemas import ClaimCheck
from streams.payloads import listing
from streams.payloads.errors import PayloadGone, public_address, reading, too_late, understood
from streams.threads import Threads

_THREADS = 32  # a store that hangs keeps some for a while
_LIMIT_S = 60.0
_SLOWEST_BYTES_PER_S = 100_000

R = TypeVar("R")


class Entry(NamedTuple):
    """Something that lies in the store."""

    name: str
    """Its name under the store's root."""
    uri: str
    """Its address, as a claim check to it has it."""
    modified_at: datetime
    """When it was last written (UTC)."""


class ClaimCheckStore:
    """A folder or bucket, through fsspec. Its methods block: the event loop calls them by ``in_thread``."""

    def __init__(self, uri: str, limit_s: float = _LIMIT_S) -> None:
        """Name the store; nothing is opened yet.

        Args:
            uri: ``file://`` on one machine, ``s3://`` and the like where workers run on several.
            limit_s: Seconds that ``in_thread`` gives a call besides those for its payload.
        """
        self._root = uri.rstrip("/")
        self._limit_s = limit_s
        self._threads = Threads("audio-store", _THREADS)

    async def in_thread(self, call: Callable[[], R], size_bytes: int = 0) -> R:
        """Make a call of this store that blocks, in threads of the store's own and with a limit.

        Args:
            call: What to do with the store.
            size_bytes: How much it moves; the limit is 10 s longer for each megabyte.

        Raises:
            AudioStoreUnavailable: It is not done in time.
            Exception: What the call raised.
        """
        limit_s = self.limit_s(size_bytes)
        try:
            return await self._threads.run(call, limit_s)
        except TimeoutError:
            raise too_late(self._root, limit_s) from None

    def limit_s(self, size_bytes: int = 0) -> float:
        """Return how many seconds ``in_thread`` gives a call that moves so much."""
        return self._limit_s + size_bytes / _SLOWEST_BYTES_PER_S

    def put(self, name: str, payload: bytes) -> ClaimCheck:
        """Store ``payload`` under ``name``, replacing what was there: a reader sees the old or the new, never a part.

        Raises:
            UnknownScheme: No driver for the store's scheme is installed.
            AudioStoreUnavailable: The store did not take it.
        """
        return self._put(name, io.BytesIO(payload))

    def put_file(self, name: str, path: Path) -> ClaimCheck:
        """Store the content of the file ``path``, of any size, as ``put`` does.

        Raises:
            UnknownScheme: No driver for the store's scheme is installed.
            AudioStoreUnavailable: The store did not take it.
        """
        with path.open("rb") as source:
            return self._put(name, source)

    def put_stream(self, name: str, source: BinaryIO) -> ClaimCheck:
        """Store what can be read from ``source``, of any size, as ``put`` does; raises the same."""
        return self._put(name, source)

    @staticmethod
    def get(claim: ClaimCheck) -> bytes:
        """Return the payload of a claim check.

        Raises:
            PayloadGone: It is not there any more, or not the same.
            AudioStoreUnavailable: The store did not answer.
        """
        target = io.BytesIO()
        _get(claim, target)
        return target.getvalue()

    @staticmethod
    def get_file(claim: ClaimCheck, path: Path) -> None:
        """Write the payload of a claim check, of any size, to the file ``path``.

        Raises:
            PayloadGone: It is not there any more, or not the same.
            AudioStoreUnavailable: The store did not answer.
        """
        try:
            with path.open("wb") as target:
                _get(claim, target)
        except OSError as error:  # of the file: some come only when it is closed
            raise understood("read", claim.uri, error) from error

    def find(self, name: str) -> bytes | None:
        """Return what lies under ``name``; None: nothing.

        Raises:
            AudioStoreUnavailable: The store did not answer.
        """
        uri = f"{self._root}/{name}"
        try:
            with reading(uri), _fsspec().open(uri, "rb") as file:
                payload: bytes = file.read()
        except PayloadGone:
            return None
        return payload

    def about(self, name: str) -> tuple[int, datetime] | None:
        """Return how many bytes lie under ``name``, and when they were last written (UTC); None: nothing is there.

        Raises:
            AudioStoreUnavailable: The store did not answer.
        """
        uri = f"{self._root}/{name}"
        try:
            with reading(uri):
                return listing.about(*_fsspec().core.url_to_fs(uri))
        except PayloadGone:
            return None

    def part(self, name: str, start: int, end: int) -> bytes:
        """Return the bytes ``start`` to ``end`` (the first that is left out) of what lies under ``name``.

        Raises:
            PayloadGone: There is nothing, or less than that.
            AudioStoreUnavailable: The store did not answer.
        """
        uri = f"{self._root}/{name}"
        with reading(uri):
            filesystem, path = _fsspec().core.url_to_fs(uri)
            payload: bytes = filesystem.cat_file(path, start=start, end=end)
            if len(payload) != end - start:
                raise FileNotFoundError(name)
        return payload

    def fetch(self, name: str, path: Path) -> str:
        """Write what lies under ``name``, of any size, to the file ``path``, and return its SHA-256.

        Raises:
            PayloadGone: There is nothing.
            AudioStoreUnavailable: The store did not answer.
        """
        uri = f"{self._root}/{name}"
        with path.open("wb") as target, reading(uri), _fsspec().open(uri, "rb") as source:
            return _copied(source, target)[1]

    def pages(self, folder: str) -> Iterator[list[Entry]]:
        """Yield what callsift has put into the folder ``folder`` (names as ``layout.Folder`` makes them), part by part.

        Memory is that of some thousands of entries, or of a 256th of the folder in an object store.

        Raises:
            AudioStoreUnavailable: The store did not answer.
        """
        uri = f"{self._root}/{folder}"
        with suppress(PayloadGone), reading(uri):
            filesystem, path = _fsspec().core.url_to_fs(uri)
            for page in listing.pages(filesystem, path):
                yield [Entry(f"{folder}/{name}", f"{uri}/{name}", modified_at) for name, modified_at in page]

    def remove_unchanged(self, folder: str, page: Sequence[Entry]) -> int:
        """Remove entries of one page, without those that were written again since; returns how much was removed.

        Raises:
            AudioStoreUnavailable: The store did not answer; some may be gone already.
        """
        uri = f"{self._root}/{folder}"
        with reading(uri):
            found = [(entry.name.removeprefix(f"{folder}/"), entry.modified_at) for entry in page]
            filesystem, path = _fsspec().core.url_to_fs(uri)
            return listing.remove_unchanged(filesystem, path, found)

    def beginning(self, beginning: str) -> list[str]:
        """Return the names of what lies in a folder and is named so at its beginning: ``folder/beginning``.

        Raises:
            AudioStoreUnavailable: The store did not answer.
        """
        folder, _, start = beginning.rpartition("/")
        uri = f"{self._root}/{folder}"
        try:
            with reading(uri):
                filesystem, path = _fsspec().core.url_to_fs(uri)
                return [f"{folder}/{name}" for name in listing.names(filesystem, path, start)]
        except PayloadGone:
            return []

    def name_of(self, uri: str) -> str | None:
        """Return the name under which an address lies in this store; None: it lies elsewhere."""
        return uri.removeprefix(f"{self._root}/") if uri.startswith(f"{self._root}/") else None

    def remove(self, name: str) -> None:
        """Remove what lies under ``name``; nothing there is fine.

        Raises:
            AudioStoreUnavailable: The store did not answer.
        """
        uri = f"{self._root}/{name}"
        with suppress(PayloadGone), reading(uri):
            filesystem, path = _fsspec().core.url_to_fs(uri)
            filesystem.rm_file(path)

    def _put(self, name: str, source: BinaryIO) -> ClaimCheck:
        uri = f"{self._root}/{name}"
        try:
            filesystem, path = _fsspec().core.url_to_fs(uri)
            filesystem.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
            if listing.on_disk(filesystem):  # an object store replaces as a whole by itself
                draft = Path(f"{path}.{uuid4().hex}")
                try:
                    with draft.open("wb") as target:
                        size_bytes, sha256 = _copied(source, target)
                    draft.replace(path)
                finally:
                    draft.unlink(missing_ok=True)
            else:
                with filesystem.open(path, "wb") as target:
                    size_bytes, sha256 = _copied(source, target)
        except Exception as error:
            raise understood("write", uri, error) from error
        return ClaimCheck(uri=uri, size_bytes=size_bytes, sha256=sha256)


_BLOCK_BYTES = 1024 * 1024


def _get(claim: ClaimCheck, target: BinaryIO) -> None:
    with reading(claim.uri), _fsspec().open(claim.uri, "rb") as source:
        _, sha256 = _copied(source, target)
    if sha256 != claim.sha256:
        shown = public_address(claim.uri)
        raise PayloadGone(f"{shown} has other bytes than were stored", "Replay the call-ended event")


def _copied(source: BinaryIO, target: BinaryIO) -> tuple[int, str]:
    """Copy block by block; return the number of bytes and their SHA-256."""
    size_bytes, digest = 0, hashlib.sha256()
    while block := source.read(_BLOCK_BYTES):
        target.write(block)
        digest.update(block)
        size_bytes += len(block)
    return size_bytes, digest.hexdigest()


def _fsspec() -> Any:
    import fsspec  # noqa: PLC0415 - 2 MB, and most workers never open the store

    return fsspec
