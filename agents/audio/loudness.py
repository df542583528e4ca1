"""Integrated loudness by EBU R 128, measured by FFmpeg's ebur128 filter."""

from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt

from agents.audio.resample import SAMPLE_RATE_HZ

_GATE_LUFS = -70.0
"""Blocks below this do not count (ITU-R BS.1770-5); where none is above, the filter answers this number."""


class Loudness:
    """The loudness of one channel at 16,000 Hz, block by block."""

    def __init__(self) -> None:
        self._graph = av.filter.Graph()
        self._source = self._graph.add_abuffer(
            sample_rate=SAMPLE_RATE_HZ, format="flt", layout="mono", time_base=Fraction(1, SAMPLE_RATE_HZ)
        )
        meter = self._graph.add("ebur128", "metadata=1")
        self._sink = self._graph.add("abuffersink")
        self._source.link_to(meter)
        meter.link_to(self._sink)
        self._graph.configure()
        self._samples = 0
        self._integrated = _GATE_LUFS

    def push(self, signal: npt.NDArray[np.float32]) -> None:
        """Take the next block, shape (samples,), -1 to 1."""
        if not signal.size:
            return
        frame = av.AudioFrame.from_ndarray(signal[np.newaxis], format="flt", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE_HZ, Fraction(1, SAMPLE_RATE_HZ), self._samples
        self._samples += signal.size
        self._source.push(frame)
        self._read()

    def integrated_lufs(self) -> float | None:
        """End the measurement: the integrated loudness in LUFS; None where nothing was loud or long enough."""
        if self._samples:  # the filter has no answer about nothing
            self._source.push(None)
            self._read()
        return round(self._integrated, 2) if self._integrated > _GATE_LUFS else None

    def _read(self) -> None:
        try:
            while True:
                answer = self._sink.pull().metadata.get("lavfi.r128.I")
                self._integrated = float(answer) if answer is not None else self._integrated
        except (av.BlockingIOError, av.EOFError):
            return
