"""Decoding a recording block by block: the module that talks to PyAV, which bundles FFmpeg."""

from collections.abc import Iterator
from itertools import chain
from math import gcd
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
import numpy.typing as npt

from agents.audio.announced import announced_s, is_empty_wav
from streams.errors import PermanentError

Samples = npt.NDArray[np.float32]
"""Shape (channels, samples), -1 to 1."""

_TOLERANCE_S = 0.25
"""A file may end this much earlier than it announced (encoder delay, rounding) without counting as damaged."""

_FINEST_STEP_HZ = 25
_EXOTIC_RATES_AS_HZ = 48_000
"""Rates that share no step as coarse as this with 16,000 Hz become 48,000 Hz: torchaudio's kernel would be huge."""

_WITHOUT_HEADER = {"sample_rate": "8000"}
"""G.711 without a header (.ul, .al) is telephony; FFmpeg would read it at 44,100 Hz. Other formats ignore this."""


class UndecodableRecording(PermanentError):
    """Nothing of the recording can be decoded."""


class RecordingFile:
    """The first audio stream of a file, opened. Once its blocks are used up, ``lost_s`` says what was missing."""

    def __init__(self, path: Path) -> None:
        """Open a file and decode its first block.

        Raises:
            UndecodableRecording: No audio in it.
        """
        self._path = path
        self._size_bytes = path.stat().st_size
        if not self._size_bytes:
            raise UndecodableRecording("the recording is empty (0 bytes)", "Check the recording at its source")
        try:
            self._container = av.open(str(path), metadata_errors="replace", options=_WITHOUT_HEADER)
        except av.FFmpegError as error:
            raise UndecodableRecording(
                f"no known audio format in {self._size_bytes} bytes", "Check that the address names a recording"
            ) from error
        try:
            self._open_stream()
        except UndecodableRecording:
            self._container.close()
            raise

    def _open_stream(self) -> None:
        container = self._container.format.name
        if not self._container.streams.audio:
            raise UndecodableRecording(f"no audio stream in a {container} file", "Check the recording")
        self._stream = self._container.streams.audio[0]
        self._broken = False
        self._samples = 0
        self._frames = self._decoded()
        self._rate_hz = 0
        """Of what the decoder delivers."""
        first = next(self._frames, None)
        if first is None and is_empty_wav(self._path):
            self._rate_hz = self._recorded_rate_hz = self._stream.rate
            first = np.zeros((self._stream.codec_context.channels, 0), np.float32)
        if first is None:
            raise UndecodableRecording(
                f"nothing decodable in a {container} file of {self._size_bytes} bytes", "Check the recording"
            )
        self._frames = chain([first], self._frames)
        self.channels: int = first.shape[0]
        """Number of channels."""
        self.codec: str = self._stream.codec_context.name
        """FFmpeg's name of the codec."""

    @property
    def recorded_rate_hz(self) -> int:
        """Sample rate of the recording, in hertz."""
        return self._recorded_rate_hz

    @property
    def sample_rate_hz(self) -> int:
        """Sample rate of the blocks, in hertz: the recording's, except for exotic ones."""
        return self._rate_hz

    def blocks(self) -> Iterator[Samples]:
        """Decode as far as it goes: blocks of shape (channels, samples). May be called once."""
        for block in self._frames:
            if block.shape[0] != self.channels:  # damage that changes the number of channels in mid-stream
                self._broken = True
                return
            self._samples += block.shape[1]
            yield block

    @property
    def lost_s(self) -> float:
        """Seconds that the file announced and that could not be decoded; known when the blocks are used up."""
        lost_s = max(0.0, announced_s(self._path, self._container, self._stream) - self._samples / self._rate_hz)
        return lost_s if self._broken or lost_s > _TOLERANCE_S else 0.0

    def __enter__(self) -> Self:
        """Return the file."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._container.close()

    def _decoded(self) -> Iterator[Samples]:
        resampler: av.AudioResampler | None = None
        try:
            for frame in self._container.decode(self._stream):
                if resampler is None:  # the first frame knows the rate better than the header (HE-AAC)
                    self._recorded_rate_hz = frame.sample_rate
                    exotic = gcd(frame.sample_rate, 16_000) < _FINEST_STEP_HZ
                    self._rate_hz = _EXOTIC_RATES_AS_HZ if exotic else frame.sample_rate
                    resampler = av.AudioResampler(format="fltp", rate=self._rate_hz)
                for out in resampler.resample(frame):
                    yield out.to_ndarray().astype(np.float32, copy=False)
            if resampler is not None:
                for out in resampler.resample(None):
                    yield out.to_ndarray().astype(np.float32, copy=False)
        except (av.FFmpegError, ValueError):  # ValueError: damage that changes the format in mid-stream
            self._broken = True
