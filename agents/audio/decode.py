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

from agents.audio.containers import demuxer, without_header
from agents.audio.declared_duration import cut_s, is_empty_wav, understates
from agents.audio.joined import Part, parts
from agents.audio.ogg import outside_pages
from agents.audio.packets import Frames
from schemas import LONGEST_CALL_S, SoundFormat
from streams.errors import PermanentError

Samples = npt.NDArray[np.float32]
"""Shape (channels, samples), -1 to 1."""

_TOLERANCE_S = 0.25
"""A file may end this much earlier than it announced (encoder delay, rounding) without counting as damaged."""
_FLAC_TOLERANCE_S = 0.001
"""FLAC announces its samples to the last one."""

_FINEST_STEP_HZ = 25
_EXOTIC_RATES_AS_HZ = 48_000
"""Rates that share no step as coarse as this with 16,000 Hz become 48,000 Hz: the resampler's matrix would be huge."""

_RATES_HZ = range(4000, 384_001)
"""Sample rates of recordings of speech. A megabyte at one hertz would be days of audio."""

_UNKNOWN_BYTES_PER_S = 2000
"""A file that does not say how long it is counts as one of 16 kbit/s: few are denser."""

_MOST_CHANNELS = 64

_MOST_PLANES = 7
"""With 8 channels in planes of their own PyAV reads beside them, and the process dies; more come interleaved."""

_NEXT_TO_NOTHING = 0.01
"""A file of which a smaller share can be decoded than this is no recording: noise in it that looks like sound."""

_LARGE_PACKETS = {"max_size": "8192", "max_probe_packets": "2"}
"""WAV in packets of half a second instead of 64 ms, and no more than 16 kB of it searched for a hidden DTS stream."""


class UndecodableRecording(PermanentError):
    """Nothing of the recording can be decoded."""


class RecordingFile:
    """An audio stream of a file, opened. Once its blocks are used up, it knows what was damaged and lost."""

    def __init__(self, path: Path, said: SoundFormat | None = None, stream: int = 0) -> None:
        """Open a file and decode its first block.

        Args:
            path: Where it is.
            said: What the event says of a file without a header.
            stream: Which of its audio streams, counted from 0.

        Raises:
            UndecodableRecording: No audio in it, or audio that no recording of a call has.
        """
        self._path = path
        self._size_bytes = path.stat().st_size
        if not self._size_bytes:
            raise UndecodableRecording("the recording is empty (0 bytes)", "Check the recording at its source")
        self._said, self._number = said, stream
        self._parts = parts(path)
        try:
            self._open(self._parts[0])
        except av.FFmpegError as error:
            raise UndecodableRecording(
                f"no known audio format in {self._size_bytes} bytes",
                "Check that the address names a recording; of one without a header say recording.format",
            ) from error
        try:
            self._begin()
        except UndecodableRecording:
            self._container.close()
            raise

    def _open(self, part: Part) -> None:
        """Open a part of the file.

        Raises:
            UndecodableRecording: No audio in it.
            av.FFmpegError: Nothing that FFmpeg knows.
        """
        container, options = demuxer(without_header(self._path, self._said))
        options |= _LARGE_PACKETS | ({"ignore_length": "1"} if understates(self._path, part) else {})
        opened = av.open(part.url(self._path), format=container, metadata_errors="replace", options=options)
        if not opened.streams.audio:
            opened.close()
            raise UndecodableRecording(f"no audio stream in a {opened.format.name} file", "Check the recording")
        self._container = opened
        self._stream = opened.streams.audio[self._number]
        self._frames = Frames(opened, self._stream)

    def _begin(self) -> None:
        container = self._container.format.name
        self.streams = len(self._container.streams.audio)
        """Audio streams of the file."""
        self.start_s = float((self._stream.start_time or 0) * (self._stream.time_base or 0))
        """When the stream begins, in seconds on the file's clock."""
        self.announced_s = self._announced_s()
        """How long the file says that it is, in seconds; what it does not say is guessed from its size."""
        self._check_form(self._stream.rate, self._stream.codec_context.channels)
        self.lost_s = 0.0
        """Seconds that were passed over or that the file announced and does not have; known after the blocks."""
        self.damaged = False
        """Whether anything was passed over or is missing, however short; known after the blocks."""
        self._skipped_s = self._decoded_parts_s = 0.0
        self._samples = 0
        self._rate_hz = 0
        """Of what the decoder delivers."""
        self._blocks = self._decoded()
        first = next(self._blocks, None)
        if first is None and is_empty_wav(self._path, self._parts[0]):
            self._rate_hz = self._recorded_rate_hz = self._stream.rate
            first = np.zeros((self._stream.codec_context.channels, 0), np.float32)
        if first is None:
            raise UndecodableRecording(
                f"nothing decodable in a {container} file of {self._size_bytes} bytes", "Check the recording"
            )
        self._blocks = chain([first], self._blocks)
        self.channels: int = first.shape[0]
        """Number of channels."""
        self.codec: str = self._stream.codec_context.name
        """FFmpeg's name of the codec."""

    def _announced_s(self) -> float:
        if self._stream.duration and self._stream.time_base:
            first_s = float(self._stream.duration * self._stream.time_base)
        elif self._container.duration:
            first_s = self._container.duration / 1e6
        else:
            return self._size_bytes / _UNKNOWN_BYTES_PER_S
        return first_s * self._size_bytes / self._parts[0].end

    @staticmethod
    def _check_form(rate_hz: int, channels: int) -> None:
        if rate_hz and rate_hz not in _RATES_HZ:
            raise UndecodableRecording(
                f"{rate_hz} samples a second, which is no recording of speech",
                f"Record at {_RATES_HZ[0]} to {_RATES_HZ[-1]} Hz; telephones have 8000",
            )
        if channels > _MOST_CHANNELS:
            raise UndecodableRecording(f"{channels} channels", f"A recording may have {_MOST_CHANNELS}")

    @property
    def recorded_rate_hz(self) -> int:
        """Sample rate of the recording, in hertz."""
        return self._recorded_rate_hz

    @property
    def sample_rate_hz(self) -> int:
        """Sample rate of the blocks, in hertz: the recording's, except for exotic ones."""
        return self._rate_hz

    def blocks(self) -> Iterator[Samples]:
        """Decode as far as it goes: blocks of shape (channels, samples). May be called once.

        Raises:
            UndecodableRecording: At the end, if next to nothing could be decoded.
        """
        for block in self._blocks:
            self._samples += block.shape[1]
            if self._decoded_s > LONGEST_CALL_S:
                raise UndecodableRecording(
                    f"more than {LONGEST_CALL_S / 3600:.0f} hours of audio", "Check the recording: no call is as long"
                )
            yield block
        if self._decoded_s < _NEXT_TO_NOTHING * self._skipped_s:
            raise UndecodableRecording(
                f"only {self._decoded_s:.1f} s decodable, {self._skipped_s:.1f} s not, "
                f"in a {self._container.format.name} file of {self._size_bytes} bytes",
                "Check the recording",
            )

    def __enter__(self) -> Self:
        """Return the file."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._container.close()

    @property
    def _decoded_s(self) -> float:
        return self._samples / self._rate_hz

    def _all_frames(self) -> Iterator["av.AudioFrame"]:
        """Decode part after part, and count what each lacks."""
        for part in self._parts:
            if part.start:
                self._container.close()
                try:
                    self._open(part)
                except (av.FFmpegError, UndecodableRecording):  # as if it were as dense as what came before it
                    self._lose(self._decoded_parts_s * (part.end - part.start) / part.start)
                    continue
            yield from self._frames
            if self._container.format.name == "ogg":
                self._see_ogg_damage()
            self._decoded_parts_s += self._frames.decoded_s
            self._skipped_s += self._frames.skipped_s
            self.damaged |= self._frames.damaged
            self._lose(max(self._frames.skipped_s, self._cut_s(part)))

    def _lose(self, seconds: float) -> None:
        self.lost_s += seconds
        self.damaged |= seconds > 0

    def _cut_s(self, part: Part) -> float:
        cut = cut_s(
            self._path,
            part,
            self._container,
            self._stream,
            first_byte=self._frames.first_byte,
            decoded_s=self._frames.decoded_s,
        )
        tolerance_s = _FLAC_TOLERANCE_S if self._container.format.name == "flac" else _TOLERANCE_S
        return cut if cut > tolerance_s else 0.0

    def _see_ogg_damage(self) -> None:
        outside_bytes, inside_bytes = outside_pages(self._path)
        if outside_bytes:
            self._frames.skip(self._frames.decoded_s * outside_bytes / max(1, inside_bytes))

    def _decoded(self) -> Iterator[Samples]:
        """Convert every frame to the rate and the channels of the first, which knows them better than the header."""
        resampler: av.AudioResampler | None = None
        held = av.AudioFifo()  # a decoder's own frames are of 20 ms, and to convert one costs more than what is in it
        form, layout = None, None
        for frame in self._all_frames():
            if form != (form := (frame.sample_rate, frame.format.name, frame.layout.name)):
                yield from self._resampled(resampler, held.read(), None)
                if layout is None:
                    self._check_form(frame.sample_rate, len(frame.layout.channels))
                    layout = frame.layout
                    self._recorded_rate_hz = frame.sample_rate
                    exotic = gcd(frame.sample_rate, 16_000) < _FINEST_STEP_HZ
                    self._rate_hz = _EXOTIC_RATES_AS_HZ if exotic else frame.sample_rate
                shape = "fltp" if len(layout.channels) <= _MOST_PLANES else "flt"
                resampler, held = av.AudioResampler(shape, layout, self._rate_hz), av.AudioFifo()
            frame.pts = None  # a queue takes no gaps
            held.write(frame)
            yield from self._resampled(resampler, *held.read_many(frame.sample_rate))
        yield from self._resampled(resampler, held.read(), None)

    def _resampled(self, resampler: av.AudioResampler | None, *frames: "av.AudioFrame | None") -> Iterator[Samples]:
        if resampler is None:
            return
        for frame in frames:
            try:
                for out in resampler.resample(frame):
                    samples = out.to_ndarray().astype(np.float32, copy=False)
                    yield samples if out.format.is_planar else samples.reshape(-1, len(out.layout.channels)).T
            except (av.FFmpegError, ValueError):  # damage that makes a frame of a form that does not exist
                self.damaged = True
                self._lose(frame.samples / max(1, frame.sample_rate) if frame else 0.0)
