"""Which part of the prepared audio is decoded on its own. Light: a child process needs it, and none of the rest."""

from typing import NamedTuple


class AudioSpan(NamedTuple):
    """A stretch of one channel of the prepared audio."""

    channel: int
    """Channel, counted from 0."""
    start_s: float
    """Seconds from the start of the recording."""
    end_s: float
    """Seconds from the start of the recording."""

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s
