"""Who is on which channel, and that nothing is lost on the way to 16 kHz."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from agents.audio.channels import BLOCK, ChannelMissing, in_blocks, opened
from agents.audio.resample import SAMPLE_RATE_HZ
from schemas import FilePerSpeaker, OneFile, Recording, Speaker, SpeakerFile
from tests.agents.audio.sounds import Samples, both, loudest_hz, tone, write_wav

CUSTOMER, AGENT, UNDIVIDED = Speaker.CUSTOMER, Speaker.AGENT, Speaker.UNDIVIDED
FOUR = np.concatenate([tone(frequency, 1) for frequency in (300, 500, 700, 900)])


def streamed(
    recording: Recording, files: Mapping[str, Path], channels: Mapping[Speaker, int] | None = None
) -> tuple[str, dict[Speaker, np.ndarray[tuple[int], np.dtype[np.float32]]]]:
    """The layout, and each speaker's whole signal."""
    with opened(recording, files, channels) as source:
        samples = np.concatenate(list(source.blocks), axis=1)
        return source.layout, dict(zip(source.levels, samples, strict=True))


def heard_hz(signals: Mapping[Speaker, np.ndarray[tuple[int], np.dtype[np.float32]]]) -> dict[Speaker, int]:
    return {speaker: round(loudest_hz(signal, SAMPLE_RATE_HZ)) for speaker, signal in signals.items()}


def one_file(tmp_path: Path, samples: Samples, sample_rate_hz: int = 8000) -> dict[str, Path]:
    return {"a": write_wav(tmp_path / "a.wav", samples, sample_rate_hz)}


@pytest.mark.parametrize("lengths", [[1], [3, 3, 3], [10], [2, 0, 9, 1], []])
def test_blocks_of_any_length_are_cut_to_one_size_without_losing_a_sample(lengths: list[int]) -> None:
    samples = np.arange(sum(lengths), dtype=np.float32)[np.newaxis]
    blocks = list(in_blocks(np.split(samples, np.cumsum(lengths)[:-1], axis=1) if lengths else [], 4))
    assert all(block.shape[1] == 4 for block in blocks[:-1])
    np.testing.assert_array_equal(np.concatenate([np.zeros((1, 0)), *blocks], axis=1), samples)


def test_without_a_word_the_customer_is_on_the_first_channel(tmp_path: Path) -> None:
    layout, signals = streamed(OneFile(uri="a"), one_file(tmp_path, both(tone(440, 1), tone(1000, 1))))
    assert layout == "stereo"
    assert heard_hz(signals) == {CUSTOMER: 440, AGENT: 1000}


def test_the_settings_say_who_is_where_and_the_event_knows_better(tmp_path: Path) -> None:
    files = one_file(tmp_path, both(tone(440, 1), tone(1000, 1)))
    swapped = {CUSTOMER: 1, AGENT: 0}
    assert heard_hz(streamed(OneFile(uri="a"), files, swapped)[1]) == {CUSTOMER: 1000, AGENT: 440}
    named = OneFile(uri="a", channels={CUSTOMER: 0, AGENT: 1})
    assert heard_hz(streamed(named, files, swapped)[1]) == {CUSTOMER: 440, AGENT: 1000}


def two_streams(path: Path, customer: Samples, agent: Samples, later_s: float = 0.0) -> dict[str, Path]:
    """A Matroska file with a mono stream per leg, of which the second begins later."""
    with av.open(str(path), "w", format="matroska") as output:
        streams = [output.add_stream("pcm_s16le", rate=8000, layout="mono") for _ in range(2)]
        for stream, samples, start_s in zip(streams, (customer, agent), (0.0, later_s), strict=True):
            assert isinstance(stream, av.AudioStream)
            frame = av.AudioFrame.from_ndarray((samples * 32767).astype(np.int16), format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 8000, round(start_s * 8000), Fraction(1, 8000)
            output.mux(stream.encode(frame))
        for stream in streams:
            output.mux(stream.encode(None))
    return {"a": path}


def test_two_mono_streams_of_a_file_are_two_channels(tmp_path: Path) -> None:
    files = two_streams(tmp_path / "legs.mkv", tone(440, 2), tone(1000, 2))
    layout, signals = streamed(OneFile(uri="a"), files)
    assert (layout, heard_hz(signals)) == ("stereo", {CUSTOMER: 440, AGENT: 1000})
    swapped = OneFile(uri="a", channels={CUSTOMER: 1, AGENT: 0})
    assert heard_hz(streamed(swapped, files)[1]) == {CUSTOMER: 1000, AGENT: 440}


def test_a_stream_that_begins_later_is_heard_later(tmp_path: Path) -> None:
    _, signals = streamed(OneFile(uri="a"), two_streams(tmp_path / "legs.mkv", tone(440, 2), tone(1000, 1), 1.0))
    silent, heard = np.split(signals[AGENT], 2)
    assert np.abs(silent[:-400]).max() < 0.01
    assert np.abs(heard[400:]).max() > 0.3


@pytest.mark.parametrize("channels", [None, {CUSTOMER: 0, AGENT: 1}])
def test_a_mono_recording_has_one_undivided_speaker(tmp_path: Path, channels: dict[Speaker, int] | None) -> None:
    layout, signals = streamed(OneFile(uri="a", channels=channels), one_file(tmp_path, tone(440, 1)))
    assert (layout, heard_hz(signals)) == ("mono", {UNDIVIDED: 440})


def test_channels_beyond_the_second_can_be_named(tmp_path: Path) -> None:
    layout, signals = streamed(OneFile(uri="a", channels={CUSTOMER: 3, AGENT: 1}), one_file(tmp_path, FOUR))
    assert (layout, heard_hz(signals)) == ("multichannel", {CUSTOMER: 900, AGENT: 500})


def test_a_recording_of_many_channels_is_refused_unless_they_are_named(tmp_path: Path) -> None:
    with pytest.raises(ChannelMissing, match="4 channels and nothing says who is on which"):
        streamed(OneFile(uri="a"), one_file(tmp_path, FOUR))


def test_a_channel_that_is_not_there_is_named(tmp_path: Path) -> None:
    recording = OneFile(uri="a", channels={CUSTOMER: 0, AGENT: 2})
    with pytest.raises(ChannelMissing, match=r"2 channels, none for agent: 2\. .*recording\.channels"):
        streamed(recording, one_file(tmp_path, both(tone(440, 1), tone(1000, 1))))


def legs(tmp_path: Path, customer: Path, agent: Path, offset_s: float = 0.0) -> tuple[FilePerSpeaker, dict[str, Path]]:
    recording = FilePerSpeaker(customer=SpeakerFile(uri="c"), agent=SpeakerFile(uri="a", offset_s=offset_s))
    return recording, {"c": customer, "a": agent}


@pytest.mark.parametrize("offset_s", [0.0, 1.8, 40.0])
def test_a_file_that_starts_later_is_shifted_by_its_offset(tmp_path: Path, offset_s: float) -> None:
    files = write_wav(tmp_path / "c.wav", tone(440, 1)), write_wav(tmp_path / "a.wav", tone(1000, 2))
    layout, signals = streamed(*legs(tmp_path, *files, offset_s))
    assert layout == "file_per_speaker"
    assert {signal.size for signal in signals.values()} == {round((offset_s + 2) * SAMPLE_RATE_HZ)}
    first = int(np.flatnonzero(np.abs(signals[AGENT]) > 0.1)[0])
    assert first / SAMPLE_RATE_HZ == pytest.approx(offset_s, abs=0.005)
    assert not signals[CUSTOMER][SAMPLE_RATE_HZ + 100 :].any()


def test_files_of_different_rates_are_aligned_in_time(tmp_path: Path) -> None:
    files = write_wav(tmp_path / "c.wav", tone(440, 1)), write_wav(tmp_path / "a.wav", tone(1000, 1, 48_000), 48_000)
    assert {signal.size for signal in streamed(*legs(tmp_path, *files))[1].values()} == {SAMPLE_RATE_HZ}


def test_a_leg_recorded_in_stereo_is_mixed_down(tmp_path: Path) -> None:
    stereo = write_wav(tmp_path / "c.wav", both(tone(440, 1), tone(440, 1)))
    signals = streamed(*legs(tmp_path, stereo, write_wav(tmp_path / "a.wav", tone(1000, 1))))[1]
    assert np.abs(signals[CUSTOMER][1000:-1000]).max() == pytest.approx(0.5, abs=0.02)


def test_every_block_but_the_last_is_full(tmp_path: Path) -> None:
    with opened(OneFile(uri="a"), one_file(tmp_path, both(tone(440, 40), tone(1000, 40))), None) as source:
        assert [block.shape for block in source.blocks] == [
            (2, BLOCK),
            (2, BLOCK),
            (2, 40 * SAMPLE_RATE_HZ - 2 * BLOCK),
        ]
