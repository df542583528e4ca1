"""Levels and loudness of constructed sound, whose figures are known by construction."""

import contextlib
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt
import pytest

from agents.audio.channels import opened
from agents.audio.levels import Levels
from agents.audio.loudness import Loudness
from agents.audio.resample import SAMPLE_RATE_HZ
from schemas import ChannelFacts
from tests.agents.audio.sounds import tone
from tests.agents.demo_calls import RECORDINGS, demo_calls

SECOND = 8000
SAMPLE = Fraction(1, SAMPLE_RATE_HZ)
Signal = npt.NDArray[np.float32]


def measured(*blocks: Signal, speaks: bool = False) -> ChannelFacts:
    levels = Levels()
    for block in blocks:
        levels.push(block, SECOND)
    return levels.facts(None, 0.0, speaks=speaks)


def loudness(signal: Signal, pieces: int = 1) -> float | None:
    meter = Loudness(1)
    for piece in np.array_split(signal[np.newaxis], pieces, axis=1):
        meter.push(piece)
    return meter.integrated_lufs()[0]


def measured_by_ffmpeg(signal: Signal) -> float:
    """FFmpeg's ebur128 filter, another implementation of the same standard."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=SAMPLE_RATE_HZ, format="flt", layout="mono", time_base=SAMPLE)
    meter, sink = graph.add("ebur128", "metadata=1"), graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(signal[np.newaxis], format="flt", layout="mono")
    frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE_HZ, SAMPLE, 0
    source.push(frame)
    source.push(None)
    answers = []
    with contextlib.suppress(av.EOFError, av.BlockingIOError):
        while True:
            answers.append(sink.pull().metadata.get("lavfi.r128.I"))
    return [float(answer) for answer in answers if answer is not None][-1]


def test_a_sine_of_half_the_full_amplitude_peaks_at_minus_6_dbfs() -> None:
    facts = measured(tone(440, 2)[0])
    assert facts.peak_dbfs == pytest.approx(-6.02, abs=0.05)
    assert (facts.clipped_ratio, facts.dead) == (0.0, False)
    assert facts.dc_offset == pytest.approx(0.0, abs=0.001)


def test_the_share_of_clipped_samples_is_counted_over_all_blocks() -> None:
    clipped, clean = np.ones(SECOND, np.float32), np.zeros(3 * SECOND, np.float32)
    clipped[::2] = -1.0
    assert measured(clipped, clean).clipped_ratio == 0.25


def test_a_constant_is_told_and_is_no_sound() -> None:
    facts = measured(np.full(2 * SECOND, 0.3, np.float32))
    assert facts.dc_offset == pytest.approx(0.3)
    assert facts.dead


def test_digital_silence_has_no_peak() -> None:
    assert measured(np.zeros(SECOND, np.float32)) == ChannelFacts(dead=True)
    assert measured() == ChannelFacts(dead=True)


@pytest.mark.parametrize(("dbfs", "dead"), [(-60, True), (-40, False)])
def test_a_channel_is_dead_if_its_loudest_second_is_faint_and_nobody_speaks(dbfs: float, dead: bool) -> None:
    noise = np.random.default_rng(3).standard_normal(SECOND).astype(np.float32) * 10 ** (dbfs / 20)
    blocks = (np.zeros(5 * SECOND, np.float32), noise, np.zeros(SECOND, np.float32))
    assert measured(*blocks).dead is dead
    assert not measured(*blocks, speaks=True).dead


@pytest.mark.parametrize("pieces", [1, 7])
def test_the_reference_tone_of_ebu_r_128_has_its_loudness(pieces: int) -> None:
    """ITU-R BS.1770-5, annex 1: 997 Hz at full scale on one channel measures -3.01 LKFS."""
    tone_at_minus_20_dbfs = 0.2 * tone(997, 20, SAMPLE_RATE_HZ)[0]
    assert loudness(tone_at_minus_20_dbfs, pieces) == pytest.approx(-23.01, abs=0.1)


def test_silence_in_between_is_gated_out() -> None:
    sound = 0.2 * tone(997, 20, SAMPLE_RATE_HZ)[0]
    with_silence = np.concatenate([sound, np.zeros_like(sound)])
    assert loudness(with_silence) == pytest.approx(-23.01, abs=0.2)


@pytest.mark.parametrize("samples", [0, 100, 10 * SAMPLE_RATE_HZ])
def test_a_channel_too_faint_or_too_short_has_no_loudness(samples: int) -> None:
    assert loudness(np.zeros(samples, np.float32)) is None


@pytest.mark.parametrize("name", ["leaking-washing-machine", "broken-again", "price-then-appointment"])
@pytest.mark.parametrize("gain_db", [0, -25])
def test_the_loudness_of_speech_is_what_ffmpeg_measures(name: str, gain_db: float) -> None:
    call = demo_calls()[name]
    with opened(call.recording, {file: RECORDINGS / file for file in call.files}, None) as source:
        signal = np.concatenate(list(source.blocks), axis=1) * np.float32(10 ** (gain_db / 20))
    meter = Loudness(len(signal))
    meter.push(signal)
    for own, row in zip(meter.integrated_lufs(), signal, strict=True):
        assert own == pytest.approx(measured_by_ffmpeg(np.ascontiguousarray(row)), abs=0.011)
