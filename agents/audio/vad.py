"""Voice activity detection with Silero's sequence model: one call of ONNX Runtime for about 16 seconds of audio.

The sequence model gives the segments of Silero's default model at four times its speed (docs/decisions/0003).
"""

import os
from functools import cache

import numpy as np
import numpy.typing as npt

from agents.audio.resample import SAMPLE_RATE_HZ
from schemas import SpeechSegment

# When it is imported, ONNX Runtime decides whether it tells its maker about this machine and its models.
os.putenv("ORT_DISABLE_TELEMETRY", "1")
from silero_vad import SileroVADSequence, get_speech_timestamps_from_probs, load_silero_vad

_FRAME = 512
_CONTEXT = 64
"""Samples of the frame before that the model sees with each frame (silero_vad.sequence_vad.RATE_CONFIG)."""

LONGEST_S = 30.0
"""Longer stretches are cut at their deepest pause: noise that sounds like speech shall not become one endless job."""


@cache
def load_model() -> SileroVADSequence:
    """Load the model that silero-vad ships, once per process."""
    return load_silero_vad(sequence=True)


class VoiceActivity:
    """The speech on one channel at 16,000 Hz, block by block; the model's state is carried from each to the next."""

    def __init__(self) -> None:
        self._state = [np.zeros((1, 1, 128), np.float32)] * 2
        self._context = np.zeros((1, _CONTEXT), np.float32)
        self._probabilities: list[npt.NDArray[np.float32]] = []
        self._samples = 0

    def push(self, signal: npt.NDArray[np.float32]) -> None:
        """Take the next block, shape (samples,), -1 to 1; all but the last must be a multiple of 512 samples."""
        frames = np.pad(signal, (0, -signal.size % _FRAME)).reshape(-1, _FRAME)
        if not frames.size:
            return
        contexts = np.concatenate([self._context, frames[:-1, -_CONTEXT:]])
        found, *self._state = load_model().session.run(
            ["speech_probs", "hn", "cn"],
            {"input": np.concatenate([contexts, frames], axis=1), "h": self._state[0], "c": self._state[1]},
        )
        self._context = frames[-1:, -_CONTEXT:]
        self._probabilities.append(found.reshape(-1))
        self._samples += signal.size

    def segments(self, *, threshold: float, min_silence_s: float) -> tuple[SpeechSegment, ...]:
        """Return the stretches of speech: sorted, disjoint, inside the signal.

        Args:
            threshold: Probability above which a frame of 32 ms counts as speech.
            min_silence_s: Pauses shorter than this do not end a stretch.
        """
        if not self._samples:
            return ()
        found = get_speech_timestamps_from_probs(
            np.concatenate(self._probabilities).tolist(),
            sampling_rate=SAMPLE_RATE_HZ,
            threshold=threshold,
            min_silence_duration_ms=round(min_silence_s * 1000),
            max_speech_duration_s=LONGEST_S,
            audio_length_samples=self._samples,
        )
        return tuple(
            SpeechSegment(start_s=segment["start"] / SAMPLE_RATE_HZ, end_s=segment["end"] / SAMPLE_RATE_HZ)
            for segment in found
            if segment["end"] > segment["start"]
        )
