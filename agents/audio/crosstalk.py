"""Crosstalk: whether one channel carries what the other does, as the same mix on both or as one speaker's bleed.

Both show in the normalised cross-correlation: each window of a channel is looked for in the other one, up to a window
earlier or later. An echo that comes later still, and a room's reverberation, are not recognised.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from agents.audio.decode import Samples
from schemas import SpeechSegment

WINDOW_S = 0.256
"""Length of a window, and the largest delay that is looked for."""
_RATE_HZ = 8_000
_WINDOW = round(WINDOW_S * _RATE_HZ)
_TRANSFORM = 3 * _WINDOW
"""A window slides over three, its own time and its neighbours': no delay that is looked for wraps around."""
_LATER = np.exp(-2j * np.pi / 3 * np.arange(_TRANSFORM // 2 + 1)).astype(np.complex64)
"""What a spectrum is multiplied by when its sound comes one window later."""
_STEP = 16
"""Samples within which the power of a place on the other channel is taken for the same."""

_AUDIBLE = 10 ** (-50 / 10)
"""Power of a window, relative to full scale, below which it says nothing."""
_INAUDIBLE = 10 ** (-70 / 10)
"""Power below which nothing is looked for: G.711's own noise."""

_LOUDER = 10 ** (15 / 10)
"""What is so much louder than all that is near it on the other channel is neither bleed nor the same mix."""

_SAME_CORRELATION, _SAME_SHARE = 0.8, 0.9
_SAME_GAIN_DB, _SAME_SPREAD_DB = 12.0, 3.0
_BLEED = ((-6.0, 0.7), (-18.0, 0.5))
"""Gain at most, in decibels, and correlation at least: what is much quieter has more of the line's noise in it."""
_BLEED_SHARE = 0.8
_SHORTEST_PIECE_S = 0.3

Floats = npt.NDArray[np.float64]


class Windows(NamedTuple):
    """Measurements of each window of a call, arrays of shape (2, windows): of each channel."""

    powers: Floats
    """Mean square."""
    correlations: Floats
    """How alike it is to what is most like it on the other channel: absolute normalised cross-correlation, 0 to 1."""
    gains_db: Floats
    """How much louder it is than that, in decibels."""


class Crosstalk:
    """Compares the two channels of a call at 16,000 Hz, block by block."""

    def __init__(self) -> None:
        self._held = np.zeros((2, 1, _WINDOW), np.float32)  # before the first window there is nothing
        self._found: list[Windows] = []

    def push(self, block: Samples) -> None:
        """Take the next block, shape (2, samples); all but the last must be whole windows."""
        padded = np.pad(block, ((0, 0), (0, -block.shape[1] % (2 * _WINDOW))))
        halved = ((padded[:, ::2] + padded[:, 1::2]) / 2).reshape(2, -1, _WINDOW)
        self._look(halved - halved.mean(axis=2, keepdims=True))

    def windows(self) -> Windows:
        """Return the measurements of all windows; nothing is pushed after that."""
        self._look(np.zeros((2, 1, _WINDOW), np.float32))
        return Windows(*(np.concatenate(parts, axis=1) for parts in zip(*self._found, strict=True)))

    def _look(self, more: Samples) -> None:
        """Look for each window that has its neighbours on both sides; the last one waits for its own."""
        windows = np.concatenate([self._held, more], axis=1)
        self._held = windows[:, -2:]
        powers = np.square(windows).mean(axis=2, dtype=np.float64)
        near = np.maximum(np.maximum(powers[:, :-2], powers[:, 1:-1]), powers[:, 2:])
        found = Windows(powers[:, 1:-1], *np.zeros((2, *near.shape)))
        spectra = np.fft.rfft(windows, _TRANSFORM)
        around = spectra[:, :-2] + _LATER * spectra[:, 1:-1] + _LATER.conj() * spectra[:, 2:]  # twice later: conjugate
        for row, other in ((0, 1), (1, 0)):
            wanted = (found.powers[row] > _INAUDIBLE) & (found.powers[row] < _LOUDER * near[other])
            if wanted.any():
                products = np.fft.irfft(spectra[row, 1:-1][wanted].conj() * around[other, wanted], _TRANSFORM)
                alike, power = _best(products, windows[other], np.flatnonzero(wanted), found.powers[row, wanted])
                found.correlations[row, wanted] = alike
                found.gains_db[row, wanted] = 10 * np.log10(found.powers[row, wanted] / power)
        self._found.append(found)


def _best(
    products: npt.NDArray[np.floating], windows: Samples, before: npt.NDArray[np.intp], powers: Floats
) -> tuple[Floats, Floats]:
    """Find the place where a window is most like the other channel.

    Args:
        products: Cross-correlation of each window with the three around it on the other channel, by delay.
        windows: The other channel's, shape (windows, samples).
        before: Which of them is the first of the three, of each window.
        powers: Mean square of each window.

    Returns:
        The highest absolute normalised cross-correlation, and the mean square of the place that has it.
    """
    steps = np.square(windows).reshape(len(windows), -1, _STEP).mean(axis=2, dtype=np.float64)
    sums = np.cumsum(
        np.pad(np.concatenate([steps[before + one] for one in range(3)], axis=1), ((0, 0), (1, 0))), axis=1
    )
    length = _WINDOW // _STEP
    places = np.maximum((sums[:, length:] - sums[:, :-length]) / length, _INAUDIBLE)
    scale = _WINDOW * np.sqrt(powers[:, np.newaxis] * places).astype(np.float32)
    delays = products[:, : 2 * _WINDOW].reshape(len(products), -1, _STEP)
    alike = np.abs(delays).max(axis=2) / scale[:, :-1]
    best = alike.argmax(axis=1)
    each = np.arange(len(best))
    return alike[each, best].astype(np.float64), places[each, best]


def same_mix(windows: Windows) -> bool:
    """Tell whether both channels carry the same mix, perhaps one a little quieter or later.

    Bleed does not look like that: it is much quieter, and on the other channel when the other speaker talks.
    """
    loudest = windows.powers.max(axis=0, initial=0.0)
    audible = loudest > _AUDIBLE
    if audible.sum() * WINDOW_S < 1.0:
        return False
    weights, gains = loudest[audible], windows.gains_db[1, audible]
    alike = weights[windows.correlations[1, audible] >= _SAME_CORRELATION].sum() / weights.sum()
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
    gains, correlations = windows.gains_db[row], windows.correlations[row]
    bleeds = np.zeros(gains.size, bool)
    for gain_db, correlation in _BLEED:
        bleeds |= (gains <= gain_db) & (correlations >= correlation)
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
