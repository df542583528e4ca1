"""Peaks for a waveform."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from agents.audio.peaks import Peaks

SAMPLES = 800


def read(dat: bytes) -> tuple[tuple[int, ...], np.ndarray[tuple[int, ...], np.dtype[np.int8]]]:
    header = struct.unpack_from("<iIiiIi", dat)
    return header, np.frombuffer(dat[24:], np.int8).reshape(header[4], header[5], 2)


@given(some.lists(some.integers(1, 3000), min_size=1, max_size=6), some.integers(1, 2), some.integers(0, 2**32 - 1))
def test_each_pair_is_the_least_and_the_most_of_its_samples_however_they_come(
    blocks: list[int], channels: int, seed: int
) -> None:
    samples = np.random.default_rng(seed).integers(-32768, 32768, (sum(blocks), channels), dtype=np.int16)
    peaks = Peaks()
    for block in np.split(samples, np.cumsum(blocks)[:-1]):
        peaks.push(block)
    header, pairs = read(peaks.dat(16_000))
    windows = [samples[start : start + SAMPLES] for start in range(0, len(samples), SAMPLES)]
    assert header == (2, 1, 16_000, SAMPLES, len(windows), channels)
    for window, pair in zip(windows, pairs, strict=True):
        expected = [
            [int(least / 256), int(most / 256)] for least, most in zip(window.min(0), window.max(0), strict=True)
        ]
        assert pair.tolist() == expected
    _, alone = read(peaks.of_channel(channels - 1).dat(16_000))
    assert np.array_equal(alone[:, 0], pairs[:, -1])


def test_nearly_silent_is_drawn_as_silent() -> None:
    peaks = Peaks()
    peaks.push(np.full((SAMPLES, 1), -255, np.int16))
    assert read(peaks.dat(16_000))[1].tolist() == [[[0, 0]]]


@pytest.mark.parametrize("pushed", [0, 1])
def test_a_recording_of_nothing_has_a_header(pushed: int) -> None:
    peaks = Peaks()
    for _ in range(pushed):
        peaks.push(np.zeros((0, 2), np.int16))
    assert read(peaks.dat(8000))[0][4] == 0
