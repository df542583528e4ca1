"""What the audio stage's tests share."""

from pathlib import Path

import pytest

from tests.agents.audio.sounds import Samples, both, encode, tone, write_wav


def stereo(sample_rate_hz: int) -> Samples:
    """Three seconds: 440 Hz on channel 0, 1000 Hz on channel 1."""
    return both(tone(440, 3, sample_rate_hz), tone(1000, 3, sample_rate_hz))


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same three seconds in the formats that telephone systems write, by FFmpeg's name of the codec."""
    folder = tmp_path_factory.mktemp("recordings")
    return {
        "pcm_s16le": write_wav(folder / "pcm.wav", stereo(8000)),
        "pcm_mulaw": write_wav(folder / "mulaw.wav", stereo(8000), subtype="ULAW"),
        "pcm_alaw": write_wav(folder / "alaw.wav", stereo(8000), subtype="ALAW"),
        "mp3float": encode(folder / "call.mp3", stereo(8000), "libmp3lame", "mp3"),
        "opus": encode(folder / "call.ogg", stereo(48000), "libopus", "ogg", 48000),
        "flac": encode(folder / "call.flac", stereo(8000), "flac", "flac"),
        "aac": encode(folder / "call.m4a", stereo(48000), "aac", "mp4", 48000),
    }
