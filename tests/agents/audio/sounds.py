"""Recordings made on the fly."""

from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import soundfile

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


def encode(path: Path, samples: Samples, codec: str, container: str, sample_rate_hz: int = 8000) -> Path:
    """Write a file with one of FFmpeg's encoders."""
    with av.open(str(path), "w", format=container) as output:
        layout = "stereo" if samples.shape[0] == 2 else "mono"
        stream = output.add_stream(codec, rate=sample_rate_hz, layout=layout)
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=layout)
        frame.sample_rate = sample_rate_hz
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
