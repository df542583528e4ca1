"""The speech on all channels of a recording, block by block."""

import numpy as np

from agents.audio.resample import SAMPLE_RATE_HZ
from agents.audio.vad.model import CONTEXT, FRAME, State, load_model
from agents.audio.vad.segments import stretches
from agents.audio.vad.weights import Floats
from schemas import SpeechSegment

LONGEST_S = 30.0
"""Longer stretches are cut at their deepest pause: noise that sounds like speech shall not become one endless job."""


class VoiceActivity:
    """Speech at 16,000 Hz on channels that do not know of each other; the state is carried from block to block."""

    def __init__(self, channels: int) -> None:
        """Begin with nothing heard."""
        self._state = State.before(channels)
        self._context = np.zeros((channels, CONTEXT), np.float32)
        self._probabilities: list[Floats] = [np.zeros((channels, 0), np.float32)]
        self._samples = 0

    def push(self, block: Floats) -> None:
        """Take the next block, shape (channels, samples), -1 to 1; all but the last a multiple of 512 samples."""
        channels, samples = block.shape
        if not samples:
            return
        signal = np.concatenate([self._context, block, np.zeros((channels, -samples % FRAME), np.float32)], axis=1)
        found, self._state = load_model().probabilities(signal, self._state)
        self._probabilities.append(found)
        self._context = signal[:, -CONTEXT:]
        self._samples += samples

    def probabilities(self) -> Floats:
        """Return how probably each window of 32 ms is speech, shape (channels, windows)."""
        return np.concatenate(self._probabilities, axis=1)

    def segments(self, *, threshold: float, min_silence_s: float) -> list[tuple[SpeechSegment, ...]]:
        """Return each channel's stretches of speech: sorted, disjoint, inside the signal.

        Args:
            threshold: Probability from which a window counts as speech.
            min_silence_s: Pauses shorter than this do not end a stretch.
        """
        return [
            tuple(
                SpeechSegment(start_s=start / SAMPLE_RATE_HZ, end_s=end / SAMPLE_RATE_HZ)
                for start, end in stretches(
                    own.tolist(),
                    self._samples,
                    threshold=threshold,
                    min_silence_s=round(min_silence_s, 3),
                    longest_s=LONGEST_S,
                )
                if end > start
            )
            for own in self.probabilities()
        ]
