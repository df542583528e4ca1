"""What the first bytes of a WAV file say: whether its writer has closed it, and how long it is. Pure."""

import struct
from typing import NamedTuple

HEAD_BYTES = 512
"""As much of a file's beginning as is looked at."""
EMPTY_BYTES = 44
"""A WAV file of this size or less is a header without sound."""
_STREAMED = 0xFFFFFFFF


class Header(NamedTuple):
    """What a header says."""

    closed: bool
    """Whether the writer has written the lengths, and as many bytes are there; one that was killed never has."""
    seconds: float | None
    """Length of the sound; None: the header does not say."""


def header(head: bytes, size_bytes: int) -> Header | None:
    """Read the beginning of a file of ``size_bytes``; None: it is no WAV file."""
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    riff_bytes = struct.unpack_from("<I", head, 4)[0]
    streamed = riff_bytes == _STREAMED  # written where nobody could go back; its end cannot be told
    closed = streamed or 0 < riff_bytes <= size_bytes
    position, bytes_per_s = 12, 0
    while position + 8 <= len(head):
        name, length = struct.unpack_from("<4sI", head, position)
        if name == b"fmt " and position + 20 <= len(head):
            bytes_per_s = struct.unpack_from("<I", head, position + 16)[0]
        if name == b"data":
            there = size_bytes - position - 8
            length = length if 0 < length <= there else there
            return Header(closed, length / bytes_per_s if bytes_per_s else None)
        position += 8 + length + length % 2
    return Header(closed, None)
