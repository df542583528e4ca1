"""Recordings made on the fly."""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import soundfile

from agents.audio.decode import RecordingFile

Samples = npt.NDArray[np.float32]
"""Shape (channels, samples), -1 to 1."""


def tone(frequency_hz: float, length_s: float, sample_rate_hz: int = 8000) -> Samples:
    """A sine of half the full amplitude on one channel."""
    times = np.arange(round(length_s * sample_rate_hz)) / sample_rate_hz
    return (0.5 * np.sin(2 * np.pi * frequency_hz * times)).astype(np.float32)[np.newaxis]


def both(customer: Samples, agent: Samples) -> Samples:
    """Two channels, the shorter one continued with silence."""
    length = max(customer.shape[1], agent.shape[1])
    return np.concatenate([np.pad(one, ((0, 0), (0, length - one.shape[1]))) for one in (customer, agent)])


def write_wav(path: Path, samples: Samples, sample_rate_hz: int = 8000, subtype: str = "PCM_16") -> Path:
    """Write a WAV file; subtypes PCM_16, ULAW, ALAW and the others of libsndfile."""
    soundfile.write(path, samples.T, sample_rate_hz, format="WAV", subtype=subtype)
    return path


def encode(
    path: Path,
    samples: Samples,
    codec: str,
    container: str,
    sample_rate_hz: int = 8000,
    *,
    recorded_hz: int | None = None,
    bit_rate: int | None = None,
) -> Path:
    """Write a file with one of FFmpeg's encoders.

    Args:
        path: Where to write it.
        samples: What to write.
        codec: FFmpeg's name of the encoder.
        container: FFmpeg's name of the file format.
        sample_rate_hz: Sample rate of the file.
        recorded_hz: Sample rate of the samples, if it is another.
        bit_rate: Bits a second; None: what the encoder chooses.
    """
    with av.open(str(path), "w", format=container) as output:
        layout = "stereo" if samples.shape[0] == 2 else "mono"
        stream = output.add_stream(codec, rate=sample_rate_hz, layout=layout)
        assert isinstance(stream, av.AudioStream)
        if bit_rate is not None:
            stream.bit_rate = bit_rate
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=layout)
        frame.sample_rate = recorded_hz or sample_rate_hz
        resampler = av.AudioResampler(
            format=stream.format, layout=layout, rate=sample_rate_hz, frame_size=stream.codec_context.frame_size or 1024
        )
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    return path


def loudest_hz(signal: npt.NDArray[np.float32], sample_rate_hz: int) -> float:
    """The frequency that a signal is made of."""
    windowed = signal * np.hanning(signal.size)
    return float(np.abs(np.fft.rfft(windowed)).argmax() * sample_rate_hz / signal.size)


@dataclass(frozen=True)
class Decoded:
    """A recording read whole."""

    samples: Samples
    sample_rate_hz: int
    codec: str
    lost_s: float
    damaged: bool

    @property
    def duration_s(self) -> float:
        """Length of what could be decoded."""
        return float(self.samples.shape[1] / self.sample_rate_hz)


def decode(path: Path) -> Decoded:
    """Read a whole recording with the audio stage's decoder."""
    with RecordingFile(path) as file:
        samples = np.concatenate(list(file.blocks()), axis=1)
        return Decoded(samples, file.sample_rate_hz, file.codec, file.lost_s, file.damaged)
