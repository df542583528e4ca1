"""Voice activity detection: speech where somebody speaks, none where nobody does, block by block as in one piece."""

import numpy as np
import numpy.typing as npt
import pytest

from agents.audio.channels import BLOCK, opened
from agents.audio.resample import SAMPLE_RATE_HZ
from agents.audio.vad import VoiceActivity
from schemas import Speaker, SpeechSegment
from tests.agents.audio.sounds import tone
from tests.agents.demo_calls import RECORDINGS, demo_calls

# isort: split
from silero_vad import get_speech_timestamps, load_silero_vad  # after agents.audio.vad, which ends its telemetry

CALLS = demo_calls()
Signal = npt.NDArray[np.float32]


def found(signal: Signal, block: int = BLOCK) -> tuple[SpeechSegment, ...]:
    activity = VoiceActivity()
    for start in range(0, signal.size, block):
        activity.push(signal[start : start + block])
    return activity.segments(threshold=0.5, min_silence_s=0.3)


def signals(name: str) -> dict[Speaker, Signal]:
    recording = CALLS[name].recording
    with opened(recording, {file: RECORDINGS / file for file in CALLS[name].files}, None) as source:
        return dict(zip(source.levels, np.concatenate(list(source.blocks), axis=1), strict=True))


def heard(name: str) -> dict[Speaker, tuple[SpeechSegment, ...]]:
    return {speaker: found(signal) for speaker, signal in signals(name).items()}


@pytest.mark.parametrize("name", ["leaking-washing-machine", "electricians-own-dishwasher", "under-warranty-but-pays"])
def test_both_speakers_are_heard_about_as_often_as_they_spoke(name: str) -> None:
    for speaker, segments in heard(name).items():
        turns = sum(turn.speaker == speaker for turn in CALLS[name].turns)
        assert turns <= len(segments) + 1
        talk_s = sum(segment.end_s - segment.start_s for segment in segments)
        words = len(CALLS[name].words(speaker))
        assert 0.2 * words < talk_s < 1.0 * words


def test_segments_are_those_of_the_models_default_call() -> None:
    """silero-vad's own way: the whole signal, frame by frame, through the TorchScript model."""
    signal = np.concatenate([signals(name)[Speaker.AGENT] for name in ("leaking-washing-machine", "broken-again")])
    expected = get_speech_timestamps(signal, load_silero_vad(), min_silence_duration_ms=300)
    segments = [(round(s.start_s * SAMPLE_RATE_HZ), round(s.end_s * SAMPLE_RATE_HZ)) for s in found(signal)]
    assert segments == [(span["start"], span["end"]) for span in expected]


@pytest.mark.parametrize("block", [512, 512 * 37])
def test_the_length_of_the_blocks_does_not_matter(block: int) -> None:
    signal = signals("broken-again")[Speaker.CUSTOMER]
    assert found(signal, block) == found(signal)


def test_speech_without_a_pause_is_cut_before_it_becomes_endless() -> None:
    spoken = [
        signal[round(segment.start_s * SAMPLE_RATE_HZ) : round(segment.end_s * SAMPLE_RATE_HZ)]
        for name in ("leaking-washing-machine", "broken-again", "fee-refused", "moving-house")
        for signal in signals(name).values()
        for segment in found(signal)
    ]
    without_pauses = np.concatenate(spoken)
    seconds = [segment.end_s - segment.start_s for segment in found(without_pauses)]
    assert without_pauses.size > 60 * SAMPLE_RATE_HZ
    assert 15 < max(seconds) <= 30.1
    assert sum(seconds) > 0.8 * without_pauses.size / SAMPLE_RATE_HZ


def test_line_noise_on_the_customers_channel_is_no_speech() -> None:
    segments = heard("nobody-answers")
    assert not segments[Speaker.CUSTOMER]
    assert segments[Speaker.AGENT]


@pytest.mark.parametrize("length", [0, 1, 100, 511, 512, SAMPLE_RATE_HZ])
def test_digital_silence_of_any_length_has_no_speech(length: int) -> None:
    assert found(np.zeros(length, dtype=np.float32)) == ()


def test_a_dialling_tone_is_no_speech() -> None:
    assert found(tone(425, 5, SAMPLE_RATE_HZ)[0]) == ()
