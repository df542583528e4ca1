"""Integrated loudness by EBU R 128 (ITU-R BS.1770-5), as FFmpeg's ebur128 filter counts it, by fast convolution.

The K-weighting's impulse response has faded to -108 dB after 64 ms, so that convolution with it by FFT gives what the
two recursive filters give. Blocks of 0.4 s are then gated; like FFmpeg, by a histogram in steps of 0.01 LU.
"""

from functools import cache
from math import log10, pi, tan

import numpy as np
import numpy.typing as npt

from agents.audio.decode import Samples
from agents.audio.resample import SAMPLE_RATE_HZ

_TAPS, _TRANSFORM = 1_024, 8_192
_STEP = SAMPLE_RATE_HZ // 10
"""Samples between the starts of two gating blocks, each of four steps."""
_GATE_LUFS, _HIGHEST_LUFS, _RELATIVE_GATE_LU, _PER_LU = -70.0, 10.0, -10.0, 100
"""Blocks below the first do not count, nor those so much below the mean of what is left (BS.1770-5)."""

Powers = npt.NDArray[np.float64]


class Loudness:
    """The loudness of each channel at 16,000 Hz, block by block."""

    def __init__(self, channels: int) -> None:
        """Begin with nothing heard."""
        self._before = np.zeros((channels, _TAPS), np.float32)
        self._rest = np.zeros((channels, 0), np.float32)
        self._powers: list[Powers] = [np.zeros((channels, 0))]

    def push(self, block: Samples) -> None:
        """Take the next block, shape (channels, samples), -1 to 1."""
        if not block.size:
            return
        signal = np.concatenate([self._before, block], axis=1)
        self._before = signal[:, -_TAPS:]
        weighted = np.concatenate([self._rest, _weighted(signal)], axis=1)
        whole = weighted.shape[1] // _STEP * _STEP
        steps = weighted[:, :whole].reshape(len(block), -1, _STEP)
        self._powers.append(np.einsum("cst,cst->cs", steps, steps).astype(np.float64) / _STEP)
        self._rest = weighted[:, whole:].copy()

    def integrated_lufs(self) -> list[float | None]:
        """Return each channel's integrated loudness in LUFS; None where nothing was loud or long enough."""
        return [_gated(own) for own in np.concatenate(self._powers, axis=1)]


def _weighted(signal: Samples) -> Samples:
    """Return what the K-weighting makes of all samples after the first ``_TAPS``, by overlap and save."""
    channels, samples = signal.shape[0], signal.shape[1] - _TAPS
    hop = _TRANSFORM - _TAPS
    padded = np.pad(signal, ((0, 0), (0, -samples % hop)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _TRANSFORM, axis=1)[:, ::hop]
    filtered = np.fft.irfft(np.fft.rfft(windows) * _response(), _TRANSFORM)
    return filtered[:, :, _TAPS:].reshape(channels, -1)[:, :samples].astype(np.float32, copy=False)


@cache
def _response() -> npt.NDArray[np.complex64]:
    """Return the spectrum of the K-weighting's impulse response."""
    impulse = np.zeros(_TAPS)
    impulse[0] = 1.0
    for numerator, denominator in (_shelf(), _high_pass()):
        impulse = _recursive(impulse, numerator, denominator)
    return np.fft.rfft(impulse, _TRANSFORM).astype(np.complex64)


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
