"""Which speech goes into which request, and that its sound is what was said there."""

import io
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from agents.transcribe.hosted.cutting import cut
from agents.transcribe.hosted.pieces import GAP_S, jobs
from agents.transcribe.span import AudioSpan

RATE_HZ = 16_000
LONGEST_S = 28.0


@st.composite
def spans(draw: st.DrawFn) -> list[AudioSpan]:
    found = []
    for channel in (0, 1):
        at_s = 0.0
        for gap_s, length_s in draw(st.lists(st.tuples(st.floats(0.1, 5), st.floats(0.1, 40)), max_size=12)):
            found.append(AudioSpan(channel, at_s + gap_s, at_s + gap_s + length_s))
            at_s += gap_s + length_s
    return sorted(found, key=lambda span: span.start_s)


@given(spans())
def test_jobs_hold_every_span_once_of_one_channel_in_order_and_fit_into_a_request(all_spans: list[AudioSpan]) -> None:
    groups = jobs(all_spans, LONGEST_S)
    assert sorted(span for group in groups for span in group) == sorted(all_spans)
    for group in groups:
        assert len({span.channel for span in group}) == 1
        assert group == sorted(group)
        seconds = sum(span.seconds for span in group) + GAP_S * (len(group) - 1)
        assert seconds <= LONGEST_S + 1e-6 or len(group) == 1


@pytest.fixture
def flac(tmp_path: Path) -> Path:
    """Two minutes in which every sample tells its place, and a moment of silence each five seconds."""
    places = np.arange(120 * RATE_HZ)
    sound = ((places % 20_011) - 10_005).astype(np.int16)
    sound[(places % (5 * RATE_HZ)) < RATE_HZ // 10] = 0
    path = tmp_path / "prepared.flac"
    soundfile.write(path, np.stack([sound, -sound], axis=1), RATE_HZ, subtype="PCM_16")
    return path


@pytest.mark.parametrize("channel", [0, 1])
def test_each_place_of_a_piece_is_the_sound_of_the_recording_there(flac: Path, channel: int) -> None:
    recording, _ = soundfile.read(flac, dtype="int16")
    own = [AudioSpan(channel, 1.25, 7.5), AudioSpan(channel, 9.0, 9.4), AudioSpan(channel, 100.0, 112.0)]
    [piece] = cut(flac, own, LONGEST_S)
    sound, rate_hz = soundfile.read(io.BytesIO(piece.flac), dtype="int16")
    assert (rate_hz, piece.sample_rate_hz, sound.ndim) == (RATE_HZ, RATE_HZ, 1)
    assert [place.span for place in piece.places] == own
    assert len(sound) / rate_hz == pytest.approx(piece.seconds) == pytest.approx(6.25 + 0.4 + 12 + 2 * GAP_S)
    for place in piece.places:
        here = sound[round(place.piece_s * rate_hz) :][: round(place.seconds * rate_hz)]
        there = recording[round(place.call_s * rate_hz) :][: round(place.seconds * rate_hz), channel]
        assert np.array_equal(here, there)


def test_speech_longer_than_a_request_is_cut_where_it_is_quiet_and_nothing_of_it_is_lost(flac: Path) -> None:
    long = AudioSpan(0, 2.0, 92.0)
    pieces = cut(flac, [long], LONGEST_S)
    places = [place for piece in pieces for place in piece.places]
    assert all(piece.seconds <= LONGEST_S + 0.001 for piece in pieces)
    assert places[0].call_s == long.start_s
    for one, other in pairwise(places):
        assert one.call_s + one.seconds == pytest.approx(other.call_s)
        assert other.call_s % 5 < 0.1  # in the silence
    assert places[-1].call_s + places[-1].seconds == pytest.approx(long.end_s)
