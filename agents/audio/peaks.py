"""Peaks for a waveform: minimum and maximum of each channel, 20 times a second, in audiowaveform's format, version 2.

The format: https://github.com/bbc/audiowaveform/blob/master/doc/DataFormat.md
"""

import struct
from typing import Self

import numpy as np
import numpy.typing as npt

_SAMPLES = 800
_VERSION, _EIGHT_BITS = 2, 1
_HEADER = struct.Struct("<iIiiIi")
_STEP = 256
"""From 16 bits to 8, towards 0 as audiowaveform rounds: what is nearly silent is drawn as silent."""


class Peaks:
    """The peaks of a recording, block by block."""

    def __init__(self) -> None:
        """Start without any."""
        self._pairs: list[npt.NDArray[np.int8]] = []
        self._rest: npt.NDArray[np.int16] | None = None

    def push(self, block: npt.NDArray[np.int16]) -> None:
        """Take the next block, shape (samples, channels)."""
        if self._rest is not None and len(self._rest):
            block = np.concatenate([self._rest, block])
        whole = len(block) // _SAMPLES * _SAMPLES
        self._rest = block[whole:].copy()
        if whole:
            self._pairs.append(_pairs(block[:whole].reshape(-1, _SAMPLES, block.shape[1])))

    def of_channel(self, channel: int) -> Self:
        """Return the peaks of one channel alone."""
        alone = type(self)()
        alone._pairs = [pairs[:, channel : channel + 1] for pairs in self._pairs]
        alone._rest = None if self._rest is None else self._rest[:, channel : channel + 1]
        return alone

    def dat(self, sample_rate_hz: int) -> bytes:
        """Return all of them: a header, then for each point in time minimum and maximum of each channel."""
        pairs = list(self._pairs)
        if self._rest is not None and len(self._rest):
            pairs.append(_pairs(self._rest[np.newaxis]))
        channels = pairs[0].shape[1] if pairs else 1
        length = sum(map(len, pairs))
        header = _HEADER.pack(_VERSION, _EIGHT_BITS, sample_rate_hz, _SAMPLES, length, channels)
        return header + b"".join(part.tobytes() for part in pairs)


def _pairs(windows: npt.NDArray[np.int16]) -> npt.NDArray[np.int8]:
    """Return minimum and maximum, shape (windows, channels, 2), of shape (windows, samples, channels)."""
    both = np.stack([windows.min(axis=1), windows.max(axis=1)], axis=-1)
    return np.trunc(both / _STEP).astype(np.int8)
