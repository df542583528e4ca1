"""Bringing a stream to 16 kHz: as if it had been resampled in one piece."""

import numpy as np
import pytest
import torch
import torchaudio

from agents.audio.resample import SAMPLE_RATE_HZ, resampled
from tests.agents.audio.sounds import Samples, loudest_hz, tone

RATES = [6000, 8000, 11025, 16000, 22050, 32000, 44100, 48000]


def whole(samples: Samples, rate_hz: int, pieces: int = 1) -> Samples:
    """Resample what comes in pieces of unequal length, none of them where the filter would like it."""
    cuts = sorted(np.random.default_rng(7).integers(1, samples.shape[1], pieces - 1))
    return np.concatenate(list(resampled(np.split(samples, cuts, axis=1), rate_hz)), axis=1)


@pytest.mark.parametrize("rate_hz", RATES)
def test_pieces_give_what_torchaudio_gives_for_the_whole(rate_hz: int) -> None:
    """torchaudio is asked in double precision: in single precision its filter is 4e-5 off at 11,025 Hz."""
    noise = np.random.default_rng(1).standard_normal((2, 3 * rate_hz + 13)).astype(np.float32)
    expected = torchaudio.functional.resample(torch.from_numpy(noise).double(), rate_hz, SAMPLE_RATE_HZ).numpy()
    np.testing.assert_allclose(whole(noise, rate_hz, pieces=20), expected, atol=3e-6)


@pytest.mark.parametrize("rate_hz", RATES)
def test_the_frequency_the_length_and_the_loudness_stay(rate_hz: int) -> None:
    tone_at_16_khz = whole(tone(700, 2, rate_hz), rate_hz, pieces=5)
    assert tone_at_16_khz.shape == (1, 2 * SAMPLE_RATE_HZ)
    assert tone_at_16_khz.dtype == np.float32
    assert loudest_hz(tone_at_16_khz[0], SAMPLE_RATE_HZ) == pytest.approx(700, abs=1)
    assert np.abs(tone_at_16_khz[0, 1000:-1000]).max() == pytest.approx(0.5, abs=0.02)


def test_frequencies_above_8_khz_are_filtered_and_not_folded_back() -> None:
    assert np.abs(whole(tone(15_000, 1, 48_000), 48_000)[0, 1000:-1000]).max() < 0.02


@pytest.mark.parametrize("length", [0, 1, 7])
def test_a_stream_shorter_than_the_filter_keeps_its_length(length: int) -> None:
    blocks = list(resampled([np.ones((2, length), np.float32)], 8000))
    assert sum(block.shape[1] for block in blocks) == 2 * length
