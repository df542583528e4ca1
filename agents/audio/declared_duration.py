"""The duration that a recording declares: what is missing at its end was lost, and what goes on behind it is sound."""

from math import isclose
from pathlib import Path
from typing import BinaryIO

import av

from agents.audio.joined import Part

_STREAMED_BYTES = 0x7FFF0000
"""Writers that do not know the length yet announce a size like this one or larger."""

_MAY_BE_GUESSED = {"aac", "amr", "mp3"}
"""Formats (FFmpeg's names; aac is ADTS) that may announce no length. FFmpeg guesses one then, from the file's size and
the bit rate of the first packets."""

_LONGEST_REST_BYTES = 2000
"""So many bytes that are no chunk behind a WAV's samples are no sound, but something that a writer left there."""

_LOOKED_AT_BYTES = 1024 * 1024

_GUESS_S = 0.5
"""A length this close to the guess may be one: it says nothing."""


def cut_s(
    path: Path,
    part: Part,
    container: "av.container.InputContainer",
    stream: "av.AudioStream",
    first_byte: int | None,
    decoded_s: float,
) -> float:
    """Return how many of the seconds that a file declares it does not have; 0 where it declares no duration.

    Args:
        path: The file.
        part: Which part of it.
        container: The same, open.
        stream: What was decoded of it.
        first_byte: Where in the file the sound begins; None: unknown.
        decoded_s: How many seconds it gave.
    """
    bytes_per_s = (stream.codec_context.bit_rate or 0) / 8
    size_bytes = part.end - part.start
    with path.open("rb") as file:
        data_bytes = _sought_data(file, part)
        if data_bytes is not None:  # FFmpeg cuts the length down to what is there, or computes it wrongly (ADPCM)
            missing_bytes = max(0, file.tell() + data_bytes - part.end)
            return missing_bytes / bytes_per_s if bytes_per_s and data_bytes < _STREAMED_BYTES else 0.0
    if stream.duration and stream.time_base:
        announced_s = float(stream.duration * stream.time_base)
    else:
        announced_s = container.duration / 1e6 if container.duration else 0.0
    if container.format.name in _MAY_BE_GUESSED and bytes_per_s:
        guess_s = (size_bytes - (first_byte or 0)) / bytes_per_s
        if isclose(announced_s, guess_s, abs_tol=_GUESS_S):
            return 0.0
    return max(0.0, announced_s - decoded_s)


def understates(path: Path, part: Part) -> bool:
    """Tell whether a WAV's sound goes on behind what its header declares: there is something, and it is no chunk."""
    with path.open("rb") as file:
        data_bytes = _sought_data(file, part)
        if not data_bytes or data_bytes >= _STREAMED_BYTES:  # then FFmpeg reads on by itself
            return False
        at = file.tell() + data_bytes + data_bytes % 2
        while part.end - at > _LONGEST_REST_BYTES:
            file.seek(at)
            name, size_bytes = file.read(4), int.from_bytes(file.read(4), "little")
            if not (name.isascii() and name.decode().isprintable()) or size_bytes > part.end - at:
                file.seek(at)
                return bool(file.read(min(part.end - at, _LOOKED_AT_BYTES)).strip(b"\0"))  # else room kept free
            at += 8 + size_bytes + size_bytes % 2
    return False


def is_empty_wav(path: Path, part: Part) -> bool:
    """Tell whether a file is a whole WAV without a single sample: a call of no seconds, not a damaged one."""
    with path.open("rb") as file:
        return _sought_data(file, part) == 0 and file.tell() == part.end


def _sought_data(file: BinaryIO, part: Part) -> int | None:
    """Go to a WAV's first sample and return how many bytes of samples its header declares; None: no WAV."""
    file.seek(part.start)
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return None
    while len(chunk := file.read(8)) == 8:
        name, size_bytes = chunk[:4], int.from_bytes(chunk[4:], "little")
        if name == b"data":
            return size_bytes
        file.seek(size_bytes + size_bytes % 2, 1)
    return None
