"""Who is on which channel, and that nothing is lost on the way to 16 kHz."""

import numpy as np
import pytest

from agents.audio.channels import (
    SAMPLE_RATE_HZ,
    ChannelMissing,
    from_file_per_speaker,
    from_one_file,
    resample,
)
from agents.audio.decode import Decoded
from schemas import Speaker
from tests.agents.audio.sounds import Samples, both, loudest_hz, tone

CUSTOMER, AGENT = Speaker.CUSTOMER, Speaker.AGENT


def decoded(samples: Samples, sample_rate_hz: int = 8000) -> Decoded:
    return Decoded(samples=samples, sample_rate_hz=sample_rate_hz, codec="pcm_s16le", lost_s=0.0)


@pytest.mark.parametrize("sample_rate_hz", [8000, 11025, 16000, 22050, 44100, 48000])
def test_resampling_keeps_the_frequency_the_length_and_the_loudness(sample_rate_hz: int) -> None:
    resampled = resample(tone(700, 2, sample_rate_hz), sample_rate_hz)
    assert resampled.shape == (1, 2 * SAMPLE_RATE_HZ)
    assert resampled.dtype == np.float32
    assert loudest_hz(resampled[0], SAMPLE_RATE_HZ) == pytest.approx(700, abs=1)
    assert np.abs(resampled[0, 1000:-1000]).max() == pytest.approx(0.5, abs=0.02)


def test_what_16_khz_cannot_hold_is_filtered_and_not_folded_back() -> None:
    resampled = resample(tone(15_000, 1, 48_000), 48_000)
    assert np.abs(resampled[0, 1000:-1000]).max() < 0.02


@pytest.mark.parametrize(("customer", "agent"), [(0, 1), (1, 0)])
def test_each_speaker_gets_the_channel_that_is_named(customer: int, agent: int) -> None:
    signals = from_one_file(decoded(both(tone(440, 1), tone(1000, 1))), {CUSTOMER: customer, AGENT: agent})
    heard = [loudest_hz(signals[speaker], SAMPLE_RATE_HZ) for speaker in (CUSTOMER, AGENT)]
    assert heard == pytest.approx([440, 1000] if customer == 0 else [1000, 440], abs=1)


def test_a_mono_recording_is_refused_with_the_speaker_it_lacks() -> None:
    with pytest.raises(ChannelMissing, match=r"has 1 channel\(s\), none for agent: 1\. .*recording\.channels"):
        from_one_file(decoded(tone(440, 1)), {CUSTOMER: 0, AGENT: 1})


def test_channels_beyond_the_second_can_be_named() -> None:
    four = np.concatenate([tone(frequency, 1) for frequency in (300, 500, 700, 900)])
    signals = from_one_file(decoded(four), {CUSTOMER: 3, AGENT: 1})
    assert loudest_hz(signals[CUSTOMER], SAMPLE_RATE_HZ) == pytest.approx(900, abs=1)


def test_a_file_that_starts_later_is_shifted_by_its_offset() -> None:
    signals = from_file_per_speaker({CUSTOMER: (decoded(tone(440, 1)), 0.0), AGENT: (decoded(tone(1000, 2)), 1.8)})
    assert {signal.size for signal in signals.values()} == {round(3.8 * SAMPLE_RATE_HZ)}
    first = int(np.flatnonzero(np.abs(signals[AGENT]) > 0.1)[0])
    assert first / SAMPLE_RATE_HZ == pytest.approx(1.8, abs=0.005)
    assert not signals[CUSTOMER][SAMPLE_RATE_HZ + 100 :].any()


def test_files_of_different_rates_are_aligned_in_time() -> None:
    signals = from_file_per_speaker(
        {CUSTOMER: (decoded(tone(440, 1)), 0.0), AGENT: (decoded(tone(1000, 1, 48_000), 48_000), 0.0)}
    )
    assert {signal.size for signal in signals.values()} == {SAMPLE_RATE_HZ}


def test_a_leg_recorded_in_stereo_is_mixed_down() -> None:
    legs = {CUSTOMER: (decoded(both(tone(440, 1), tone(440, 1))), 0.0), AGENT: (decoded(tone(1000, 1)), 0.0)}
    signal = from_file_per_speaker(legs)[CUSTOMER]
    assert np.abs(signal[1000:-1000]).max() == pytest.approx(0.5, abs=0.02)
