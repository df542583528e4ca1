"""A recording on its way into a file."""

from typing import BinaryIO

from agents.audio.fetching.errors import RecordingTooLarge
from streams.threads import Threads

BLOCK_BYTES = 1024 * 1024
_HEAD_BYTES = 64
_PAGES = (b"<?xml", b"<!doctype", b"<html", b"<error", b'{"')
"""How pages and messages begin, and no recording does."""


class Download:
    """A file that takes blocks up to a limit."""

    def __init__(self, file: BinaryIO, limit_bytes: int, shown: str, threads: Threads) -> None:
        """Write to ``file``, which is open and empty; ``shown`` is the recording's address for errors."""
        self.size_bytes = 0
        """Bytes written so far."""
        self.begins = b""
        """The first bytes, 64 at the most."""
        self._file = file
        self._limit_bytes = limit_bytes
        self._shown = shown
        self._threads = threads

    def check_size(self, size_bytes: int) -> None:
        """Raise RecordingTooLarge for a size above the limit."""
        if size_bytes > self._limit_bytes:
            raise RecordingTooLarge(
                f"recording {self._shown} has more than {self._limit_bytes} bytes",
                "Raise CALLSIFT_FETCH_RECORDING_LIMIT_MB if recordings of this size are meant",
            )

    async def write(self, block: bytes) -> None:
        """Append a block; raises RecordingTooLarge instead of exceeding the limit."""
        self.check_size(self.size_bytes + len(block))
        await self._threads.run(lambda: self._file.write(block))
        self.begins = (self.begins + block[:_HEAD_BYTES])[:_HEAD_BYTES]
        self.size_bytes += len(block)

    async def empty(self) -> None:
        """Drop what was written."""

        def truncate() -> None:
            self._file.seek(0)
            self._file.truncate()

        await self._threads.run(truncate)
        self.size_bytes, self.begins = 0, b""


def what_is_no_recording(begins: bytes) -> str | None:
    """Return what stands in a recording's place, by its first bytes; None: it may be one.

    Right after hang-up PBXs and buckets answer with nothing, or with a page that says so, and call it a success.
    """
    if not begins:
        return "nothing in it"
    text = begins.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(_PAGES):
        return "a page of text instead"
    return None
