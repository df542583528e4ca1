"""Voice activity detection: ours, block by block and both channels at once, against silero-vad's calls."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import soundfile
import torch
from silero_vad import get_speech_timestamps, load_silero_vad

from agents.audio.channels import BLOCK
from agents.audio.resample import SAMPLE_RATE_HZ
from agents.audio.settings import AudioSettings
from agents.audio.vad import LONGEST_S, VoiceActivity
from callsift.commands.progress import Steps

WAYS = ("ours", "default", "onnx")
Signal = npt.NDArray[np.float32]
Segments = list[tuple[int, int]]
"""First and last sample of each stretch of speech."""


class _Run(NamedTuple):
    wall_s: float
    cpu_s: float


def measure(flac: Path, repeats: int, steps: Steps) -> dict[str, Any]:
    """Find the speech of a recording in every way, in turns, and return the figures.

    Raises:
        SystemExit: The segments differ, so that the speeds say nothing.
    """
    signals = list(np.ascontiguousarray(soundfile.read(flac, dtype="float32")[0].T))
    ways: dict[str, Callable[[list[Signal]], list[Segments]]] = {
        "ours": _ours,
        "default": partial(_silero, load_silero_vad()),
        "onnx": partial(_silero, load_silero_vad(onnx=True)),
    }
    for find in ways.values():
        find([signal[: 2 * BLOCK] for signal in signals])
    runs: dict[str, list[_Run]] = {way: [] for way in ways}
    found: dict[str, list[Segments]] = {}
    for _ in range(repeats):
        for way, find in ways.items():
            wall_s, cpu_s = time.perf_counter(), time.process_time()
            found[way] = find(signals)
            runs[way].append(_Run(time.perf_counter() - wall_s, time.process_time() - cpu_s))
            steps.done(f"speech found, {way}: {runs[way][-1].wall_s:.2f} s")
    if not found["ours"] == found["default"] == found["onnx"]:
        raise SystemExit("the segments differ: the speeds cannot be compared")
    return _figures(runs, sum(signal.size for signal in signals) / SAMPLE_RATE_HZ) | {
        "segments": sum(map(len, found["ours"])),
        "same_segments": True,
    }


def _ours(signals: list[Signal]) -> list[Segments]:
    settings, activity, block = AudioSettings(), VoiceActivity(len(signals)), np.array(signals)
    for start in range(0, block.shape[1], BLOCK):
        activity.push(block[:, start : start + BLOCK])
    return [
        [(round(one.start_s * SAMPLE_RATE_HZ), round(one.end_s * SAMPLE_RATE_HZ)) for one in own]
        for own in activity.segments(threshold=settings.speech_threshold, min_silence_s=settings.min_silence_s)
    ]


def _silero(model: Any, signals: list[Signal]) -> list[Segments]:
    settings = AudioSettings()
    return [
        [
            (one["start"], one["end"])
            for one in get_speech_timestamps(
                torch.from_numpy(signal),
                model,
                threshold=settings.speech_threshold,
                sampling_rate=SAMPLE_RATE_HZ,
                min_silence_duration_ms=round(settings.min_silence_s * 1000),
                max_speech_duration_s=LONGEST_S,
            )
        ]
        for signal in signals
    ]


def _figures(runs: dict[str, list[_Run]], audio_s: float) -> dict[str, Any]:
    def speedup(way: str, clock: Callable[[_Run], float]) -> float:
        pairs: Sequence[tuple[_Run, _Run]] = list(zip(runs[way], runs["ours"], strict=True))
        return round(median(clock(theirs) / clock(ours) for theirs, ours in pairs), 2)

    return {
        "channel_s": round(audio_s, 1),
        "wall_s": {way: round(median(run.wall_s for run in own), 3) for way, own in runs.items()},
        "cpu_s": {way: round(median(run.cpu_s for run in own), 3) for way, own in runs.items()},
        "wall_speedup": {way: speedup(way, lambda run: run.wall_s) for way in ("default", "onnx")},
        # all three keep to one thread, and other work on the machine does not show in CPU time
        "cpu_speedup": {way: speedup(way, lambda run: run.cpu_s) for way in ("default", "onnx")},
        "times_real_time": {way: round(audio_s / median(run.wall_s for run in own), 1) for way, own in runs.items()},
    }
