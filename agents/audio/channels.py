"""Who is on which channel: from decoded files to one 16 kHz signal per speaker."""

import numpy as np
import numpy.typing as npt
import torch
import torchaudio

from agents.audio.decode import Decoded
from schemas import Speaker
from streams.errors import PermanentError

SAMPLE_RATE_HZ = 16_000
"""What Silero VAD and Vosk both work at."""

Signal = npt.NDArray[np.float32]
"""Shape (samples,), -1 to 1, 16,000 Hz."""


class ChannelMissing(PermanentError):
    """The recording lacks a channel that a speaker should be on."""


def resample(samples: npt.NDArray[np.float32], sample_rate_hz: int) -> npt.NDArray[np.float32]:
    """Bring samples of shape (channels, samples) to 16,000 Hz by windowed-sinc interpolation."""
    if sample_rate_hz == SAMPLE_RATE_HZ:
        return samples
    resampled = torchaudio.functional.resample(torch.from_numpy(samples), sample_rate_hz, SAMPLE_RATE_HZ)
    result: npt.NDArray[np.float32] = resampled.numpy()
    return result


def from_one_file(decoded: Decoded, channels: dict[Speaker, int]) -> dict[Speaker, Signal]:
    """Take each speaker's channel of a file.

    Raises:
        ChannelMissing: The file has fewer channels than ``channels`` (speaker to channel, counted from 0) needs.
    """
    found = decoded.samples.shape[0]
    if missing := [f"{speaker}: {channel}" for speaker, channel in channels.items() if channel >= found]:
        raise ChannelMissing(
            f"the recording has {found} channel(s), none for {', '.join(missing)}",
            "Record one speaker per channel, or say in the event's recording.channels who is where",
        )
    resampled = resample(decoded.samples, decoded.sample_rate_hz)
    return {speaker: resampled[channel] for speaker, channel in channels.items()}


def from_file_per_speaker(decoded: dict[Speaker, tuple[Decoded, float]]) -> dict[Speaker, Signal]:
    """Mix each speaker's file down to one channel and align them; the floats are each file's start in seconds."""
    aligned = {}
    for speaker, (file, offset_s) in decoded.items():
        signal = resample(file.samples.mean(axis=0, keepdims=True), file.sample_rate_hz)[0]
        aligned[speaker] = np.pad(signal, (round(offset_s * SAMPLE_RATE_HZ), 0))
    length = max(signal.size for signal in aligned.values())
    return {speaker: np.pad(signal, (0, length - signal.size)) for speaker, signal in aligned.items()}
