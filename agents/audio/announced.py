"""How long a recording says that it is: what is missing from it was lost."""

from pathlib import Path
from typing import BinaryIO

import av

_STREAMED_BYTES = 0x7FFF0000
"""Writers that do not know the length yet announce a size like this one or larger."""

_GUESSED = {"aac", "amr"}
"""Formats that announce no length (FFmpeg's names; aac is ADTS): FFmpeg guesses one from the first frames' size."""


def announced_s(path: Path, container: "av.container.InputContainer", stream: "av.AudioStream") -> float:
    """Return the length in seconds that a file announces; 0 where it announces none."""
    if container.format.name in _GUESSED:
        return 0.0
    context = stream.codec_context
    size_bytes = _wav_data_bytes(path)
    if size_bytes is not None and 0 < size_bytes < _STREAMED_BYTES and context.name.startswith("pcm_"):
        return size_bytes * 8 / context.bit_rate if context.bit_rate else 0.0
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / 1e6 if container.duration else 0.0


def is_empty_wav(path: Path) -> bool:
    """Tell whether a file is a whole WAV without a single sample: a call of no seconds, not a damaged one."""
    return _wav_data_bytes(path) == 0 and not _after_wav_header(path)


def _wav_data_bytes(path: Path) -> int | None:
    """Return how much sound a WAV's header announces, which FFmpeg cuts down to what is there; None: no WAV."""
    with path.open("rb") as file:
        return _sought_data(file)


def _after_wav_header(path: Path) -> bytes:
    with path.open("rb") as file:
        _sought_data(file)
        return file.read(1)


def _sought_data(file: BinaryIO) -> int | None:
    """Go to a WAV's first sample and return the bytes that its header announces; None: no WAV."""
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return None
    while len(chunk := file.read(8)) == 8:
        name, size_bytes = chunk[:4], int.from_bytes(chunk[4:], "little")
        if name == b"data":
            return size_bytes
        file.seek(size_bytes + size_bytes % 2, 1)
    return None
