"""Decoding a recording: the module that talks to PyAV, which bundles FFmpeg."""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from streams.errors import PermanentError

_TOLERANCE_S = 0.25
"""A file may end this much earlier than it announced (encoder delay, rounding) without counting as damaged."""

_STREAMED_BYTES = 0x7FFF0000
"""Writers that do not know the length yet announce a size like this one or larger."""


class UndecodableRecording(PermanentError):
    """Nothing of the recording can be decoded."""


@dataclass(frozen=True)
class Decoded:
    """A recording as samples."""

    samples: npt.NDArray[np.float32]
    """Shape (channels, samples), -1 to 1."""
    sample_rate_hz: int
    codec: str
    lost_s: float
    """Seconds that the file announced and that could not be decoded."""

    @property
    def duration_s(self) -> float:
        """Length of what could be decoded, in seconds."""
        return float(self.samples.shape[1] / self.sample_rate_hz)


def decode(path: Path) -> Decoded:
    """Decode the first audio stream of a file, as far as it goes.

    Raises:
        UndecodableRecording: No audio in it.
    """
    size_bytes = path.stat().st_size
    if not size_bytes:
        raise UndecodableRecording("the recording is empty (0 bytes)", "Check the recording at its source")
    try:
        container = av.open(str(path), metadata_errors="replace")
    except av.FFmpegError as error:
        raise UndecodableRecording(
            f"no known audio format in {size_bytes} bytes", "Check that the address names a recording"
        ) from error
    with container:
        if not container.streams.audio:
            raise UndecodableRecording(f"no audio stream in a {container.format.name} file", "Check the recording")
        stream = container.streams.audio[0]
        to_float = av.AudioResampler(format="fltp")
        blocks: list[npt.NDArray[np.float32]] = []
        broken = False
        try:
            for frame in container.decode(stream):
                decoded = [out.to_ndarray().astype(np.float32, copy=False) for out in to_float.resample(frame)]
                if any(block.shape[0] != (blocks or decoded)[0].shape[0] for block in decoded):
                    broken = True  # damage that changes the number of channels in mid-stream
                    break
                blocks += decoded
        except (av.FFmpegError, ValueError):  # ValueError: damage that changes the format in mid-stream
            broken = True
        if not blocks:
            raise UndecodableRecording(
                f"nothing decodable in a {container.format.name} file of {size_bytes} bytes", "Check the recording"
            )
        samples = np.concatenate(blocks, axis=1)
        decoded_s = samples.shape[1] / stream.rate
        announced_s = _announced_s(path, container, stream)
        lost_s = max(0.0, announced_s - decoded_s)
        return Decoded(
            samples=samples,
            sample_rate_hz=stream.rate,
            codec=stream.codec_context.name,
            lost_s=lost_s if broken or lost_s > _TOLERANCE_S else 0.0,
        )


def _announced_s(path: Path, container: "av.container.InputContainer", stream: "av.AudioStream") -> float:
    context = stream.codec_context
    if (size_bytes := _wav_data_bytes(path)) is not None and context.name.startswith("pcm_"):
        return size_bytes * 8 / context.bit_rate if context.bit_rate else 0.0
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / 1e6 if container.duration else 0.0


def _wav_data_bytes(path: Path) -> int | None:
    """Return how much sound a WAV's header announces, which FFmpeg cuts down to what is there.

    None: no WAV, or one whose writer did not know the length yet.
    """
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return None
        while len(chunk := file.read(8)) == 8:
            name, size_bytes = chunk[:4], int.from_bytes(chunk[4:], "little")
            if name == b"data":
                return size_bytes if 0 < size_bytes < _STREAMED_BYTES else None
            file.seek(size_bytes + size_bytes % 2, 1)
    return None
