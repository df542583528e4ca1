"""A recording on its way into a file."""

from typing import BinaryIO

from agents.audio.fetching.errors import RecordingTooLarge
from streams.threads import Threads

BLOCK_BYTES = 1024 * 1024


class Download:
    """A file that takes blocks up to a limit."""

    def __init__(self, file: BinaryIO, limit_bytes: int, shown: str, threads: Threads) -> None:
        """Write to ``file``, which is open and empty; ``shown`` is the recording's address for errors."""
        self.size_bytes = 0
        """Bytes written so far."""
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
        self.size_bytes += len(block)

    async def empty(self) -> None:
        """Drop what was written."""

        def truncate() -> None:
            self._file.seek(0)
            self._file.truncate()

        await self._threads.run(truncate)
        self.size_bytes = 0
