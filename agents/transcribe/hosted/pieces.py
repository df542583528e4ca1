"""Pieces: speech of one channel, cut out of the call and put together, as a hosted recogniser is sent it.

Only speech leaves, and times in the answer are times in the piece, so each piece knows where its parts lay.
"""

from collections.abc import Sequence
from typing import NamedTuple

from agents.transcribe.span import AudioSpan

GAP_S = 0.3
"""Silence between two parts of a piece, so that no word grows together with another."""


class Place(NamedTuple):
    """Where a part of a piece lay."""

    piece_s: float
    """Seconds from the start of the piece."""
    call_s: float
    """Seconds from the start of the recording."""
    seconds: float
    """Length."""
    span: AudioSpan
    """The span that it is from."""


class Piece(NamedTuple):
    """What is sent in one request."""

    flac: bytes
    """FLAC, one channel, 16 bit."""
    sample_rate_hz: int
    """Samples a second."""
    places: tuple[Place, ...]
    """Its parts, in order of time."""

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        last = self.places[-1]
        return last.piece_s + last.seconds


def jobs(spans: Sequence[AudioSpan], longest_s: float) -> list[list[AudioSpan]]:
    """Group spans of the same channel so that each group fits into a piece; a longer span is a group of its own.

    Args:
        spans: What to recognise, in order of time.
        longest_s: Seconds of a piece at the most, with the gaps in it.
    """
    groups: list[list[AudioSpan]] = []
    for channel in sorted({span.channel for span in spans}):
        filled_s = longest_s
        for span in (span for span in spans if span.channel == channel):
            if filled_s + GAP_S + span.seconds > longest_s:
                groups.append([])
                filled_s = -GAP_S
            groups[-1].append(span)
            filled_s += GAP_S + span.seconds
    return groups
