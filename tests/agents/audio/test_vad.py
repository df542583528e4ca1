"""Voice activity detection: silero-vad's own probabilities and segments, block by block as in one piece."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from silero_vad import load_silero_vad
from silero_vad.utils_vad import get_speech_timestamps_from_probs

from agents.audio.channels import BLOCK, opened
from agents.audio.resample import SAMPLE_RATE_HZ
from agents.audio.vad import FRAME, LONGEST_S, UnknownModel, VoiceActivity
from agents.audio.vad.segments import stretches
from agents.audio.vad.weights import read_weights
from schemas import Speaker, SpeechSegment
from tests.agents.audio.sounds import tone
from tests.agents.demo_calls import RECORDINGS, demo_calls

CALLS = demo_calls()
Signal = npt.NDArray[np.float32]


def found_on_all(signal: Signal, block: int = BLOCK) -> list[tuple[SpeechSegment, ...]]:
    """Listen to a signal of shape (channels, samples)."""
    activity = VoiceActivity(len(signal))
    for start in range(0, signal.shape[1], block):
        activity.push(signal[:, start : start + block])
    return activity.segments(threshold=0.5, min_silence_s=0.3)


def found(signal: Signal, block: int = BLOCK) -> tuple[SpeechSegment, ...]:
    return found_on_all(signal[np.newaxis], block)[0]


@cache
def signals(name: str) -> dict[Speaker, Signal]:
    recording = CALLS[name].recording
    with opened(recording, {file: RECORDINGS / file for file in CALLS[name].files}, None) as source:
        return dict(zip(source.levels, np.concatenate(list(source.blocks), axis=1), strict=True))


def heard(name: str) -> dict[Speaker, tuple[SpeechSegment, ...]]:
    return {speaker: found(signal) for speaker, signal in signals(name).items()}


def noisy(dbfs: float) -> Callable[[Signal], Signal]:
    def add_noise(signal: Signal) -> Signal:
        noise = np.random.default_rng(1).standard_normal(signal.size).astype(np.float32)
        return signal + np.float32(10 ** (dbfs / 20)) * noise

    return add_noise


def louder(gain_db: float) -> Callable[[Signal], Signal]:
    return lambda signal: np.clip(signal * np.float32(10 ** (gain_db / 20)), -1, 1)


@pytest.mark.parametrize("name", ["leaking-washing-machine", "electricians-own-dishwasher", "under-warranty-but-pays"])
def test_both_speakers_are_heard_about_as_often_as_they_spoke(name: str) -> None:
    for speaker, segments in heard(name).items():
        turns = sum(turn.speaker == speaker for turn in CALLS[name].turns)
        assert turns <= len(segments) + 1
        talk_s = sum(segment.end_s - segment.start_s for segment in segments)
        words = len(CALLS[name].words(speaker))
        assert 0.2 * words < talk_s < 1.0 * words


CHANGES: dict[str, Callable[[Signal], Signal]] = {
    "as recorded": lambda signal: signal,
    "in noise of -30 dBFS": lambda signal: noisy(-30)(signal[: 12 * SAMPLE_RATE_HZ]),
    "12 dB louder": lambda signal: louder(12)(signal[: 12 * SAMPLE_RATE_HZ]),
    "30 dB softer": lambda signal: louder(-30)(signal[-12 * SAMPLE_RATE_HZ :]),
    "from anywhere": lambda signal: signal[12_345 : 12 * SAMPLE_RATE_HZ - 77],
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ["leaking-washing-machine", "broken-again"])
def test_probabilities_and_segments_are_those_of_the_models_default_call(name: str, change: str) -> None:
    """silero-vad's own way: the signal window by window through the TorchScript model, then its own rule."""
    signal = CHANGES[change](signals(name)[Speaker.AGENT])
    activity, model = VoiceActivity(1), cast("Any", load_silero_vad())
    activity.push(signal[np.newaxis])
    windows = torch.from_numpy(np.pad(signal, (0, -signal.size % FRAME))).view(-1, FRAME)
    expected = [model(window, SAMPLE_RATE_HZ).item() for window in windows]
    np.testing.assert_allclose(activity.probabilities()[0], expected, atol=5e-5)
    theirs = get_speech_timestamps_from_probs(
        expected, min_silence_duration_ms=300, max_speech_duration_s=LONGEST_S, audio_length_samples=signal.size
    )
    segments = [(round(s.start_s * SAMPLE_RATE_HZ), round(s.end_s * SAMPLE_RATE_HZ)) for s in found(signal)]
    assert segments == [(span["start"], span["end"]) for span in theirs]


levels = st.sampled_from([0.0, 0.02, 0.3, 0.34, 0.35, 0.36, 0.45, 0.5, 0.9, 1.0])
runs = st.lists(st.tuples(levels, st.integers(1, 400)), max_size=40)


@settings(max_examples=300, deadline=None)
@given(
    runs,
    st.integers(0, FRAME - 1),
    st.sampled_from([0.05, 0.3, 0.5, 0.9]),
    st.sampled_from([0, 30, 100, 300, 2000]),
    st.sampled_from([1.5, 5.0, 30.0]),
)
def test_the_rule_for_segments_is_silero_vads(
    given_runs: list[tuple[float, int]], missing: int, threshold: float, min_silence_ms: int, longest_s: float
) -> None:
    probabilities = [level for level, windows in given_runs for _ in range(windows)]
    samples = max(0, len(probabilities) * FRAME - missing)
    theirs = get_speech_timestamps_from_probs(
        probabilities,
        sampling_rate=SAMPLE_RATE_HZ,
        threshold=threshold,
        min_silence_duration_ms=min_silence_ms,
        max_speech_duration_s=longest_s,
        audio_length_samples=samples,
    )
    ours = stretches(
        probabilities, samples, threshold=threshold, min_silence_s=min_silence_ms / 1000, longest_s=longest_s
    )
    assert ours == [(span["start"], span["end"]) for span in theirs]


def test_channels_that_are_listened_to_together_do_not_know_of_each_other() -> None:
    channels = np.array(list(signals("broken-again").values()))
    assert found_on_all(channels) == [found(signal) for signal in channels]
    assert found_on_all(channels[::-1]) == [found(signal) for signal in channels[::-1]]


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


def test_the_weights_are_those_that_torch_loads() -> None:
    theirs = {name: value.numpy() for name, value in load_silero_vad().state_dict().items()}
    for name, own in read_weights().items():
        np.testing.assert_array_equal(own, theirs[f"_model.{name}"])


@pytest.mark.parametrize("damage", ["no archive", "other weights", "not installed"])
def test_another_model_stops_the_start_and_the_cure_is_said(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package of the same name, with its file damaged."""
    import silero_vad

    shipped = Path(silero_vad.__file__).parent / "data" / "silero_vad.jit"
    package = tmp_path / "silero_vad"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path] if damage != "not installed" else [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "silero_vad")
    if damage == "not installed":
        (package / "__init__.py").unlink()
        (package / "data").rmdir()
        package.rmdir()
    elif damage == "no archive":
        (package / "data" / "silero_vad.jit").write_bytes(b"no archive")
    else:
        with zipfile.ZipFile(shipped) as given_file, zipfile.ZipFile(package / "data" / "silero_vad.jit", "w") as other:
            for name in given_file.namelist():
                content = given_file.read(name)
                other.writestr(name, bytes(len(content)) if name.endswith("data/10") else content)
    with pytest.raises(UnknownModel) as refused:
        read_weights()
    assert "silero-vad" in str(refused.value)
    assert "Install" in refused.value.cure


def test_audio_is_prepared_where_torch_is_not_installed(tmp_path: Path) -> None:
    """It is there for tests alone: set-up of the demo and of the images leaves it out."""
    program = (
        "import sys; sys.modules.update(dict.fromkeys(('torch', 'torchaudio', 'onnxruntime')))\n"
        "from pathlib import Path; from agents.audio.core import prepare, warm_up\n"
        "from agents.audio.prepared import AudioOptions; from schemas import OneFile; warm_up()\n"
        "options = AudioOptions(channels=None, threshold=0.5, min_silence_s=0.3)\n"
        "found = prepare(OneFile(uri='call'), {'call': Path(sys.argv[1])}, Path(sys.argv[2]), options)\n"
        "print(sum(map(len, found.speech.values())))"
    )
    paths = [str(RECORDINGS / "broken-again.wav"), str(tmp_path / "prepared.flac")]
    done = subprocess.run([sys.executable, "-c", program, *paths], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 0
