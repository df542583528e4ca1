"""Crosstalk: whether one channel carries what the other does, as the same mix on both or as one speaker's bleed.

Both show in the normalised cross-correlation of short windows. An echo after more than 50 ms and a room's reverberation
are not recognised.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from agents.audio.decode import Samples
from schemas import SpeechSegment

WINDOW_S = 0.256
_RATE_HZ = 8_000
_WINDOW = round(WINDOW_S * _RATE_HZ)
_FARTHEST = round(0.05 * _RATE_HZ)
"""Largest delay that is looked for, in samples."""
_TRANSFORM = 2_500
"""At least ``_WINDOW`` + ``_FARTHEST``, so that no delay that is looked for wraps around; a product of 2 and 5."""

_AUDIBLE = 10 ** (-50 / 10)
"""Power of a window, relative to full scale, below which it says nothing."""

_SAME_CORRELATION, _SAME_SHARE = 0.8, 0.9
_SAME_GAIN_DB, _SAME_SPREAD_DB = 12.0, 3.0
_BLEED = ((-6.0, 0.7), (-18.0, 0.4))
"""Gain at most, in decibels, and correlation at least: what is much quieter has more of the line's noise in it."""
_BLEED_SHARE = 0.8
_SHORTEST_PIECE_S = 0.3

Floats = npt.NDArray[np.float64]


class Windows(NamedTuple):
    """Measurements of each window of a call, arrays of shape (windows,)."""

    powers: Floats
    """Shape (2, windows): mean square of each channel."""
    correlations: Floats
    """Highest absolute normalised cross-correlation, 0 to 1."""

    @property
    def gains_db(self) -> Floats:
        """How much louder the second channel is, in decibels."""
        first, second = np.maximum(self.powers, 1e-12)
        gains: Floats = 10 * np.log10(second / first)
        return gains


class Crosstalk:
    """Compares the two channels of a call at 16,000 Hz, block by block."""

    def __init__(self) -> None:
        self._powers: list[Floats] = []
        self._correlations: list[Floats] = []

    def push(self, block: Samples) -> None:
        """Take the next block, shape (2, samples); all but the last must be whole windows."""
        padded = np.pad(block, ((0, 0), (0, -block.shape[1] % (2 * _WINDOW))))
        halved = ((padded[:, ::2] + padded[:, 1::2]) / 2).reshape(2, -1, _WINDOW)
        centred = halved - halved.mean(axis=2, keepdims=True)
        power = np.square(centred).mean(axis=2, dtype=np.float64)
        spectra = np.fft.rfft(centred, _TRANSFORM)
        products = np.fft.irfft(spectra[0].conj() * spectra[1], _TRANSFORM)
        near = np.concatenate([products[:, : _FARTHEST + 1], products[:, -_FARTHEST:]], axis=1)
        scale = _WINDOW * np.sqrt(np.maximum(power[0] * power[1], 1e-24))
        self._powers.append(power)
        self._correlations.append(np.abs(near).max(axis=1) / scale)

    def windows(self) -> Windows:
        """Return the measurements of all windows."""
        if not self._powers:
            return Windows(np.zeros((2, 0)), np.zeros(0))
        return Windows(np.concatenate(self._powers, axis=1), np.concatenate(self._correlations))


def same_mix(windows: Windows) -> bool:
    """Tell whether both channels carry the same mix, perhaps one a little quieter or later.

    Bleed does not look like that: it is much quieter, and on the other channel when the other speaker talks.
    """
    loudest = windows.powers.max(axis=0, initial=0.0)
    audible = loudest > _AUDIBLE
    if audible.sum() * WINDOW_S < 1.0:
        return False
    weights, gains = loudest[audible], windows.gains_db[audible]
    alike = weights[windows.correlations[audible] >= _SAME_CORRELATION].sum() / weights.sum()
    low, middle, high = _weighted_quantiles(gains, weights, (0.1, 0.5, 0.9))
    return bool(alike >= _SAME_SHARE and abs(middle) <= _SAME_GAIN_DB and high - low <= _SAME_SPREAD_DB)


def without_bleed(
    segments: Sequence[SpeechSegment], windows: Windows, row: int
) -> tuple[tuple[SpeechSegment, ...], float]:
    """Leave out the parts of a channel's speech that are the other speaker's bleed.

    Args:
        segments: The speech on the channel.
        windows: How alike the channels are.
        row: 0 for the first channel, 1 for the second.

    Returns:
        What is left, and the seconds left out.
    """
    gains = windows.gains_db if row == 1 else -windows.gains_db
    bleeds = np.zeros(gains.size, bool)
    for gain_db, correlation in _BLEED:
        bleeds |= (gains <= gain_db) & (windows.correlations >= correlation)
    kept = [piece for segment in segments for piece in _pieces(segment, bleeds, windows.powers[row])]
    left_out_s = sum(s.end_s - s.start_s for s in segments) - sum(s.end_s - s.start_s for s in kept)
    return tuple(kept), round(max(0.0, left_out_s), 3)


def _pieces(segment: SpeechSegment, bleeds: npt.NDArray[np.bool_], powers: Floats) -> list[SpeechSegment]:
    first, last = int(segment.start_s / WINDOW_S), min(int(np.ceil(segment.end_s / WINDOW_S)), bleeds.size)
    own, power = bleeds[first:last], powers[first:last]
    if not own.any():
        return [segment]
    if power[own].sum() >= _BLEED_SHARE * power.sum():
        return []
    changes = np.flatnonzero(np.diff(np.concatenate([[True], own, [True]])))
    pieces = []
    for start, end in zip(changes[::2], changes[1::2], strict=True):
        start_s = max(segment.start_s, (first + int(start)) * WINDOW_S)
        end_s = min(segment.end_s, (first + int(end)) * WINDOW_S)
        if end_s - start_s >= _SHORTEST_PIECE_S:
            pieces.append(SpeechSegment(start_s=round(start_s, 4), end_s=round(end_s, 4)))
    return pieces


def _weighted_quantiles(values: Floats, weights: Floats, shares: Sequence[float]) -> Floats:
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum()
    return values[order][np.searchsorted(reached, shares)]
