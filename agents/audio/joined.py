"""Files that are several recordings one after the other: FFmpeg reads the first and drops the rest without a word.

What FFmpeg reads through by itself (MP3, FLAC, Ogg, AU, formats without a header) is one part here.
"""

import mmap
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

_EBML = b"\x1aE\xdf\xa3"
_MARKS = (
    (b"WAVE", 8, (b"RIFF", b"RIFX", b"RF64")),
    (b"AIFF", 8, (b"FORM",)),
    (b"AIFC", 8, (b"FORM",)),
    (b"ftyp", 4, (b"\0\0\0",)),
    (b"\x42\x86\x81\x01", 5, (_EBML,)),
    (b"\x42\x86\x81\x01", 12, (_EBML,)),
)
"""A mark, how many bytes before it a recording begins (WAV, AIFF, M4A, Matroska), and with what."""


class Part(NamedTuple):
    """One recording within a file."""

    start: int
    """Its first byte."""
    end: int
    """The byte after its last one."""

    def url(self, path: Path) -> str:
        """Return what FFmpeg opens as if nothing but this part were in the file."""
        whole = self == (0, path.stat().st_size)
        return str(path) if whole else f"subfile,,start,{self.start},end,{self.end},,:{path}"


def parts(path: Path) -> list[Part]:
    """Return the recordings that a file with something in it consists of; one, in nearly all files."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        starts = [0, *_later_starts(content), len(content)]
    return [Part(start, end) for start, end in pairwise(starts)]


def _later_starts(content: mmap.mmap) -> Iterator[int]:
    for mark, before, heads in _MARKS:
        if content[before : before + len(mark)] == mark and content[:4].startswith(heads):
            at = before
            while (at := content.find(mark, at + 1)) >= 0:
                if content[at - before : at].startswith(heads):
                    yield at - before
