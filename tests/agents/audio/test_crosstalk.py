"""The same mix twice, and one speaker heard through on the other's channel: told apart from two people who talk."""

import numpy as np
import pytest

from agents.audio.channels import BLOCK, in_blocks
from agents.audio.crosstalk import Crosstalk, Windows, same_mix, without_bleed
from schemas import SpeechSegment
from tests.agents.audio.sounds import Samples

RATE_HZ = 16_000
CUSTOMER_SPEAKS, AGENT_SPEAKS = (1.0, 6.0), (8.0, 14.0)


def voice(seed: int, span: tuple[float, float], length_s: float = 20.0) -> Samples:
    """Noise with the loudness of syllables in one span, silence elsewhere; shape (1, samples)."""
    times = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    syllables = np.abs(np.sin(2 * np.pi * 2.5 * times)) * ((times >= span[0]) & (times < span[1]))
    sound = 0.2 * np.random.default_rng(seed).standard_normal(times.size)
    smooth = np.convolve(sound, np.ones(8) / 3, "same")
    return np.asarray((syllables * smooth)[np.newaxis], np.float32)


CUSTOMER, AGENT = voice(1, CUSTOMER_SPEAKS), voice(2, AGENT_SPEAKS)
LINE_NOISE = 0.001 * np.random.default_rng(3).standard_normal((2, CUSTOMER.shape[1])).astype(np.float32)


def heard_through(sound: Samples, gain_db: float, delay_s: float = 0.0) -> Samples:
    return np.roll(sound, round(delay_s * RATE_HZ), axis=1) * np.float32(10 ** (gain_db / 20))


def compared(first: Samples, second: Samples) -> Windows:
    crosstalk = Crosstalk()
    for block in in_blocks([np.concatenate([first, second]) + LINE_NOISE], BLOCK):
        crosstalk.push(block)
    return crosstalk.windows()


def segment(span: tuple[float, float]) -> SpeechSegment:
    return SpeechSegment(start_s=span[0], end_s=span[1])


@pytest.mark.parametrize("gain_db", [0.0, -3.0, 6.0, -10.0])
@pytest.mark.parametrize("delay_s", [0.0, 0.005, -0.02, 0.08, -0.25])
def test_one_mix_on_both_channels_is_recognised_whatever_its_gain_and_delay(gain_db: float, delay_s: float) -> None:
    mix = CUSTOMER + AGENT
    assert same_mix(compared(mix, heard_through(mix, gain_db, delay_s)))
    assert same_mix(compared(mix, -mix))


@pytest.mark.parametrize("gain_db", [-8.0, -20.0, -40.0])
def test_two_people_are_two_even_if_each_is_heard_on_the_others_channel(gain_db: float) -> None:
    first, second = CUSTOMER + heard_through(AGENT, gain_db), AGENT + heard_through(CUSTOMER, gain_db)
    assert not same_mix(compared(first, second))
    assert not same_mix(compared(CUSTOMER, AGENT))


def test_one_who_talks_alone_and_is_heard_through_is_no_mix() -> None:
    assert not same_mix(compared(heard_through(AGENT, -25.0), AGENT))


def test_two_silent_channels_are_no_mix() -> None:
    assert not same_mix(compared(np.zeros_like(AGENT), np.zeros_like(AGENT)))
    assert not same_mix(Crosstalk().windows())


@pytest.mark.parametrize(
    ("gain_db", "delay_s"), [(-8.0, 0.0), (-20.0, 0.003), (-30.0, 0.02), (-8.0, 0.25), (-30.0, -0.08)]
)
def test_bleed_is_left_out(gain_db: float, delay_s: float) -> None:
    first = CUSTOMER + heard_through(AGENT, gain_db, delay_s)
    windows = compared(first, AGENT)
    kept, left_out_s = without_bleed([segment(CUSTOMER_SPEAKS), segment(AGENT_SPEAKS)], windows, 0)
    assert kept == (segment(CUSTOMER_SPEAKS),)
    assert left_out_s == 6.0
    assert without_bleed([segment(AGENT_SPEAKS)], windows, 1) == ((segment(AGENT_SPEAKS),), 0.0)


def test_speech_after_the_bleed_stays() -> None:
    answers = voice(4, (14.0, 19.0))
    first = heard_through(AGENT, -15.0) + answers
    kept, left_out_s = without_bleed([segment((8.0, 19.0))], compared(first, AGENT), 0)
    (piece,) = kept
    assert piece.start_s == pytest.approx(14.0, abs=0.3)
    assert piece.end_s == 19.0
    assert left_out_s == pytest.approx(6.0, abs=0.3)


def test_two_who_talk_at_once_are_both_kept() -> None:
    other = voice(5, AGENT_SPEAKS)
    windows = compared(other + heard_through(AGENT, -20.0), AGENT + heard_through(other, -20.0))
    for row in (0, 1):
        assert without_bleed([segment(AGENT_SPEAKS)], windows, row) == ((segment(AGENT_SPEAKS),), 0.0)
