"""Integrated loudness by EBU R 128 (ITU-R BS.1770-5), as FFmpeg's ebur128 filter counts it, with matrices.

The K-weighting is a recursive filter of order 4. What it makes of a piece of the signal is a matrix, which many pieces
at once are multiplied by; what was before a piece reaches it through four numbers alone, the filter's state. Blocks of
0.4 s are then gated; like FFmpeg, by a histogram in steps of 0.01 LU.
"""

from functools import cache
from math import log10, pi, tan

import numpy as np
import numpy.typing as npt

from agents.audio.decode import Samples
from agents.audio.resample import SAMPLE_RATE_HZ

_PIECE, _ORDER = 64, 4
_PIECES_PER_STEP = SAMPLE_RATE_HZ // 10 // _PIECE
"""Of a tenth of a second, between the starts of two gating blocks, each of four such steps."""
_HEARD = 1_024
"""Samples, or 64 ms, after which a sound has faded from the filter's state, to -108 dB."""
_GATE_LUFS, _HIGHEST_LUFS, _RELATIVE_GATE_LU, _PER_LU = -70.0, 10.0, -10.0, 100
"""Blocks below the first do not count, nor those so much below the mean of what is left (BS.1770-5)."""

Powers = npt.NDArray[np.float64]


class Loudness:
    """The loudness of each channel at 16,000 Hz, block by block."""

    def __init__(self, channels: int) -> None:
        """Begin with nothing heard."""
        self._state = np.zeros((channels, 1, _ORDER), np.float32)
        self._rest = np.zeros((channels, 0), np.float32)
        self._energies: list[Samples] = [np.zeros((channels, 0), np.float32)]

    def push(self, block: Samples) -> None:
        """Take the next block, shape (channels, samples), -1 to 1."""
        signal = np.concatenate([self._rest, block], axis=1) if self._rest.size else block
        whole = signal.shape[1] // _PIECE * _PIECE
        self._rest = signal[:, whole:].copy()
        if not whole:
            return
        from_samples, from_state = _filter()
        given = signal[:, :whole].reshape(len(signal), -1, _PIECE) @ from_samples
        weighted, after = given[..., :_PIECE], given[..., _PIECE:]
        after[:, :1] += self._state @ from_state[:, _PIECE:]
        reach, onward = 1, from_state[:, _PIECE:]
        while reach < min(_HEARD, whole) // _PIECE:  # each round doubles how many pieces a state goes through
            after[:, reach:] += after[:, :-reach] @ onward
            reach, onward = 2 * reach, onward @ onward
        before = np.concatenate([self._state, after[:, :-1]], axis=1)
        self._state = after[:, -1:].copy()
        weighted += before @ from_state[:, :_PIECE]
        self._energies.append(np.einsum("cps,cps->cp", weighted, weighted))

    def integrated_lufs(self) -> list[float | None]:
        """Return each channel's integrated loudness in LUFS; None where nothing was loud or long enough."""
        energies = np.concatenate(self._energies, axis=1, dtype=np.float64)
        whole = energies.shape[1] // _PIECES_PER_STEP * _PIECES_PER_STEP
        steps = energies[:, :whole].reshape(len(energies), -1, _PIECES_PER_STEP).sum(axis=2)
        return [_gated(own) for own in steps / (_PIECES_PER_STEP * _PIECE)]


@cache
def _filter() -> tuple[Samples, Samples]:
    """Return what each sample of a piece, and each number of the state before it, adds to the answer and the state.

    Shapes (64, 64 + 4) and (4, 64 + 4). The impulse response says what each sample before a piece adds to each of its
    samples; the first four singular vectors of that matrix say all of it, and make a state that rounding does not harm.
    """
    impulse = np.zeros(_HEARD + _PIECE)
    impulse[0] = 1.0
    for numerator, denominator in (_shelf(), _high_pass()):
        impulse = _recursive(impulse, numerator, denominator)
    windows = np.lib.stride_tricks.sliding_window_view
    from_past, strengths, onto_piece = np.linalg.svd(windows(impulse[1:], _PIECE), full_matrices=False)
    onto_state = from_past[:, :_ORDER] * np.sqrt(strengths[:_ORDER])  # of each sample, the newest first
    from_state = np.sqrt(strengths[:_ORDER, np.newaxis]) * onto_piece[:_ORDER]
    onward = np.linalg.lstsq(onto_state[:-_PIECE], onto_state[_PIECE:])[0]
    within = windows(np.pad(impulse[:_PIECE], (_PIECE - 1, 0)), _PIECE)[::-1]
    from_samples = np.hstack([within, onto_state[_PIECE - 1 :: -1]])
    return from_samples.astype(np.float32), np.hstack([from_state, onward]).astype(np.float32)


def _shelf() -> tuple[list[float], list[float]]:
    """BS.1770's first filter, as FFmpeg and libebur128 derive it for any sample rate."""
    quality, high = 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    middle, k = high**0.4996667741545416, tan(pi * 1681.974450955533 / SAMPLE_RATE_HZ)
    scale = 1 + k / quality + k * k
    step = middle * k / quality
    return (
        [(high + step + k * k) / scale, 2 * (k * k - high) / scale, (high - step + k * k) / scale],
        [1.0, 2 * (k * k - 1) / scale, (1 - k / quality + k * k) / scale],
    )


def _high_pass() -> tuple[list[float], list[float]]:
    """BS.1770's second filter."""
    quality, k = 0.5003270373238773, tan(pi * 38.13547087602444 / SAMPLE_RATE_HZ)
    scale = 1 + k / quality + k * k
    return [1.0, -2.0, 1.0], [1.0, 2 * (k * k - 1) / scale, (1 - k / quality + k * k) / scale]


def _recursive(signal: Powers, numerator: list[float], denominator: list[float]) -> Powers:
    found = np.zeros_like(signal)
    for now in range(len(signal)):
        given = sum(numerator[back] * signal[now - back] for back in range(3) if now >= back)
        found[now] = given - sum(denominator[back] * found[now - back] for back in (1, 2) if now >= back)
    return found


def _gated(steps: Powers) -> float | None:
    powers = np.convolve(steps, np.full(4, 0.25), "valid") if len(steps) >= 4 else np.zeros(0)
    powers = powers[_lufs(powers) >= _GATE_LUFS]
    if not powers.size:
        return None
    bins = _bins(_lufs(powers))
    loud = bins[bins >= _bins(_lufs(powers.mean()) + _RELATIVE_GATE_LU)] / _PER_LU + _GATE_LUFS
    integrated = -0.691 + 10 * log10(float((10 ** ((loud + 0.691) / 10)).mean()))
    return round(round(integrated, 3), 2) if integrated > _GATE_LUFS else None  # FFmpeg gives three decimals


def _lufs(power: npt.ArrayLike) -> Powers:
    return np.asarray(-0.691 + 10 * np.log10(np.maximum(power, 1e-12)))


def _bins(lufs: Powers) -> npt.NDArray[np.int64]:
    highest = int((_HIGHEST_LUFS - _GATE_LUFS) * _PER_LU)
    return np.clip(((lufs - _GATE_LUFS) * _PER_LU).astype(np.int64), 0, highest)
