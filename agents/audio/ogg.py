"""An Ogg file's checksums. FFmpeg drops a page with a wrong one without a word, so they are compared here as well."""

import zlib
from pathlib import Path

_MARK = b"OggS\0"
"""The fifth byte is the version: there is but one."""
_HEADER_BYTES = 27
"""Of a page, up to the table of its segments' sizes; four of them, from the 22nd, are the checksum."""
_LARGEST_PAGE_BYTES = _HEADER_BYTES + 255 + 255 * 255
_READ_BYTES = 16 * _LARGEST_PAGE_BYTES
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def outside_pages(path: Path) -> tuple[int, int]:
    """Return how many bytes of an Ogg file are in no whole page with the right checksum, and how many are in one.

    What stands before the first page is no part of the Ogg file (a tag) and is not counted.
    """
    outside = inside = at = 0
    window = b""
    with path.open("rb") as file:
        while True:
            if len(window) - at < _LARGEST_PAGE_BYTES:
                window, at = window[at:] + file.read(_READ_BYTES), 0
            if at == len(window):
                return outside, inside
            if size := _page_bytes(window[at : at + _LARGEST_PAGE_BYTES]):
                inside += size
                at += size
                continue
            mark = window.find(_MARK, at + 1)
            passed = (mark if mark > 0 else max(at + 1, len(window) - len(_MARK) + 1)) - at
            outside += passed if inside else 0
            at += passed


def _page_bytes(window: bytes) -> int:
    """Return the size of the page that a window begins with; 0: with none, or one that is spoilt or cut."""
    if not window.startswith(_MARK) or len(window) < _HEADER_BYTES:
        return 0
    table_ends = _HEADER_BYTES + window[26]
    size = table_ends + sum(window[_HEADER_BYTES:table_ends])
    page = window[:22] + bytes(4) + window[26:size]
    return size if len(page) == size and _checksum(page) == int.from_bytes(window[22:26], "little") else 0


def _checksum(page: bytes) -> int:
    """Compute CRC-32 as Ogg does: zlib's with the bits of every byte mirrored, and without its two inversions."""
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)
