"""Bringing a stream of blocks to 16,000 Hz by the windowed-sinc interpolation of torchaudio, without importing it.

The interpolation is linear, and the same at every step of the two rates: what becomes of a piece of the signal is a
matrix, which many pieces of a block at once are multiplied by.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from math import ceil, gcd

import numpy as np

from agents.audio.decode import Samples

SAMPLE_RATE_HZ = 16_000
"""What Silero VAD and Vosk both work at."""

_ZERO_CROSSINGS, _ROLLOFF = 6, 0.99
"""Defaults of ``torchaudio.functional.resample``: lowpass_filter_width and rolloff."""
_PIECE = 16
"""Samples that a piece gives at least: longer ones cost more products, shorter ones make matrices too small."""


def resampled(blocks: Iterable[Samples], rate_hz: int) -> Iterator[Samples]:
    """Resample blocks of shape (channels, samples): the same samples, but for 2e-6, as if all had been one block.

    Each piece gets some sound before and after the part that is wanted of it, so that the filter never sees an edge.
    """
    if rate_hz == SAMPLE_RATE_HZ:
        yield from blocks
        return
    matrix, context = _matrix(rate_hz), _reach(rate_hz)
    taken = len(matrix) - 2 * context
    held: Samples | None = None
    for block in blocks:
        held = np.pad(block, ((0, 0), (context, 0))) if held is None else np.concatenate([held, block], axis=1)
        inner = (held.shape[1] // taken - 1) * taken  # of the last piece only the beginning is heard
        if inner >= rate_hz:
            yield _pieces(held, matrix, taken)
            held = held[:, inner:]
    if held is not None and (inner := held.shape[1] - context) > 0:
        padding = (ceil(inner / taken) + 1) * taken - held.shape[1]
        found = _pieces(np.pad(held, ((0, 0), (0, padding))), matrix, taken)
        yield found[:, : ceil(inner * SAMPLE_RATE_HZ / rate_hz)]


def _pieces(samples: Samples, matrix: Samples, taken: int) -> Samples:
    """Resample all whole pieces but the last one, each with the beginning of the one after it."""
    whole = samples.shape[1] // taken * taken
    pieces = samples[:, :whole].reshape(len(samples), -1, taken)
    found: Samples = pieces[:, :-1] @ matrix[:taken]
    found += pieces[:, 1:, : len(matrix) - taken] @ matrix[taken:]
    return found.reshape(len(samples), -1)


def _rates(rate_hz: int) -> tuple[int, int]:
    """Return how many samples are taken and given in one step of the two rates."""
    step = gcd(rate_hz, SAMPLE_RATE_HZ)
    return rate_hz // step, SAMPLE_RATE_HZ // step


def _reach(rate_hz: int) -> int:
    """Return how many samples the filter reaches to either side."""
    return ceil(_ZERO_CROSSINGS / _ROLLOFF * max(1.0, rate_hz / SAMPLE_RATE_HZ))


@cache
def _matrix(rate_hz: int) -> Samples:
    """Return what each sample of a piece and its contexts adds to each sample that the piece gives."""
    (taken, given), context, kernel = _rates(rate_hz), _reach(rate_hz), _kernel(rate_hz)
    steps = ceil(max(_PIECE / given, 2 * context / taken))
    matrix = np.zeros((steps * taken + 2 * context, steps * given), np.float32)
    for step in range(steps):
        matrix[step * taken :][: len(kernel), step * given : (step + 1) * given] = kernel
    return matrix


def _kernel(rate_hz: int) -> Samples:
    """Return a Hann-windowed sinc for each sample that one step gives, as torchaudio has it (``sinc_interp_hann``)."""
    (taken, given), context = _rates(rate_hz), _reach(rate_hz)
    cut_off = min(taken, given) * _ROLLOFF
    reach = np.arange(-context, context + taken)[:, np.newaxis] / taken
    crossings = np.clip((reach - np.arange(given) / given) * cut_off, -_ZERO_CROSSINGS, _ZERO_CROSSINGS)
    window = np.cos(crossings * np.pi / _ZERO_CROSSINGS / 2) ** 2
    return np.asarray(np.sinc(crossings) * window * cut_off / taken, np.float32)
