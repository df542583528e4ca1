"""Header names that are not UTF-8: aiokafka ends the whole consumer for one, here it is written out and read on.

Kafka's protocol asks for UTF-8 and no broker checks it. aiokafka's fast parser decodes the names and offers no hook, so
``install`` puts a parser before it that reads a batch again, slowly, where the fast one refuses a name.
"""

import struct
from collections.abc import Iterator
from typing import Any, SupportsIndex

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy

_LENGTH_AT, _LENGTH_COUNTS_FROM, _MAGIC_AT = 8, 12, 16


class _Lenient(bytearray):
    """Bytes whose slices are decoded with what is not UTF-8 written out, as a backslash, x and two digits."""

    def __getitem__(self, key: SupportsIndex | slice) -> Any:
        found = super().__getitem__(key)
        return _Lenient(found) if isinstance(found, bytearray) else found

    def decode(self, encoding: str = "utf-8", _errors: str = "") -> str:
        return super().decode(encoding, "backslashreplace")


class _LenientBatch(_DefaultRecordBatchPy):  # type: ignore[misc] # final for type checkers alone
    _buffer: bytearray

    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        self._buffer = _Lenient(self._buffer)


class _Batch:
    """A batch as the fetcher uses it; everything but its records comes from the fast parser."""

    def __init__(self, batch: Any, raw: memoryview) -> None:
        self._batch = batch
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:  # the fetcher looks into control batches so
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        try:
            return iter(list(self._batch))
        except UnicodeDecodeError:
            return iter(_LenientBatch(self._raw))


class _Records:
    """The batches of one answer of a broker, as aiokafka's ``MemoryRecords`` has them."""

    def __init__(self, raw: bytes) -> None:
        self._records = _fast(raw)
        self._raw = memoryview(raw)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)

    def next_batch(self) -> Any:
        batch, own = self._records.next_batch(), self._raw
        [length] = struct.unpack_from(">i", own, _LENGTH_AT)
        end = _LENGTH_COUNTS_FROM + length
        self._raw = own[end:]
        # magic 2 and later; older messages have no headers
        return _Batch(batch, own[:end]) if own[_MAGIC_AT] >= 2 else batch


_fast = fetcher.MemoryRecords


def install() -> None:
    """Let every aiokafka consumer of this process read on past such names. Doing it twice is doing it once."""
    fetcher.MemoryRecords = _Records
