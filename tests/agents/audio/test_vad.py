"""Voice activity detection: speech where somebody speaks, none where nobody does."""

import numpy as np
import pytest

from agents.audio.channels import SAMPLE_RATE_HZ, from_one_file
from agents.audio.decode import decode
from agents.audio.vad import speech_segments
from schemas import OneFile, Speaker, SpeechSegment
from tests.agents.audio.sounds import tone
from tests.agents.demo_calls import RECORDINGS, demo_calls

CALLS = demo_calls()


def found(signal: np.ndarray[tuple[int], np.dtype[np.float32]]) -> tuple[SpeechSegment, ...]:
    return speech_segments(signal, threshold=0.5, min_silence_s=0.3)


def heard(name: str) -> dict[Speaker, tuple[SpeechSegment, ...]]:
    recording = CALLS[name].recording
    assert isinstance(recording, OneFile)
    assert recording.channels is not None
    signals = from_one_file(decode(RECORDINGS / recording.uri), recording.channels)
    return {speaker: found(signal) for speaker, signal in signals.items()}


@pytest.mark.parametrize("name", ["leaking-washing-machine", "electricians-own-dishwasher"])
def test_both_speakers_are_heard_about_as_often_as_they_spoke(name: str) -> None:
    for speaker, segments in heard(name).items():
        turns = sum(turn.speaker == speaker for turn in CALLS[name].turns)
        assert turns <= len(segments) + 1
        talk_s = sum(segment.end_s - segment.start_s for segment in segments)
        words = len(CALLS[name].words(speaker))
        assert 0.2 * words < talk_s < 1.0 * words


@pytest.mark.parametrize("name", ["leaking-washing-machine", "broken-again"])
def test_segments_are_sorted_disjoint_and_inside_the_recording(name: str) -> None:
    duration_s = decode(RECORDINGS / f"{name}.wav").duration_s
    for segments in heard(name).values():
        edges = [edge for segment in segments for edge in (segment.start_s, segment.end_s)]
        assert edges
        assert edges == sorted(edges)
        assert edges[0] >= 0
        assert edges[-1] <= duration_s


def test_line_noise_on_the_customers_channel_is_no_speech() -> None:
    segments = heard("nobody-answers")
    assert not segments[Speaker.CUSTOMER]
    assert segments[Speaker.AGENT]


def test_a_dead_line_is_silent_on_both_channels() -> None:
    assert heard("dead-line") == {Speaker.CUSTOMER: (), Speaker.AGENT: ()}


@pytest.mark.parametrize("length", [0, 1, 100, 511, 512, SAMPLE_RATE_HZ])
def test_digital_silence_of_any_length_has_no_speech(length: int) -> None:
    assert found(np.zeros(length, dtype=np.float32)) == ()


def test_a_dialling_tone_is_no_speech() -> None:
    assert found(tone(425, 5, SAMPLE_RATE_HZ)[0]) == ()
