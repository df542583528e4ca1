"""One call in the formats that telephone systems write: ``python -m tests.agents.audio.formats FOLDER`` writes them.

Speex, G.729, iLBC and AMR-WB are missing: FFmpeg decodes them, but nothing here encodes them.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from schemas import SIDES, FilePerSpeaker, OneFile, Recording, SpeakerFile
from tests.agents.audio.sounds import Samples, decode, encode
from tests.agents.demo_calls import RECORDINGS

CALL = RECORDINGS / "broken-again.wav"
"""16-bit PCM, 8 kHz, stereo: the call as it was recorded."""

_RECORDED_HZ = 8000

Writer = Callable[[Path, Samples], object]


def _ffmpeg(codec: str, container: str, sample_rate_hz: int = _RECORDED_HZ, bit_rate: int | None = None) -> Writer:
    def write(path: Path, samples: Samples) -> object:
        return encode(path, samples, codec, container, sample_rate_hz, recorded_hz=_RECORDED_HZ, bit_rate=bit_rate)

    return write


def _libsndfile(subtype: str, container: str) -> Writer:
    def write(path: Path, samples: Samples) -> object:
        return soundfile.write(path, samples.T, _RECORDED_HZ, format=container, subtype=subtype)

    return write


@dataclass(frozen=True)
class Format:
    """A container, a codec, a sample rate and a number of channels."""

    title: str
    """As the documentation calls it."""
    file: str
    """Name of the file."""
    codec: str
    """FFmpeg's name of the decoder."""
    write: Writer
    file_per_speaker: bool = False
    """True: mono, customer and agent in a file of their own."""
    word_error_rate: float = 0.0
    """Against the call as it was recorded, at most."""

    def files(self, folder: Path) -> tuple[Path, ...]:
        """Where the call lies once it is written; the customer's file first, where there are two."""
        if self.file_per_speaker:
            return tuple(folder / f"{speaker.value}-{self.file}" for speaker in SIDES)
        return (folder / self.file,)

    def written(self, folder: Path) -> Recording:
        """Write the call in this format and return what names it."""
        call, paths = decode(CALL).samples, self.files(folder)
        for path, samples in zip(paths, np.split(call, len(paths)), strict=True):
            self.write(path, samples)
        if len(paths) == 1:
            return OneFile(uri=str(paths[0]))
        customer, agent = (SpeakerFile(uri=str(path)) for path in paths)
        return FilePerSpeaker(customer=customer, agent=agent)


_LITTLE = 0.02
"""Codecs that keep most of the sound: one word in 53."""
_SOME = 0.04
"""Codecs of 13 kbit/s and less: two words in 53."""

FORMATS = (
    Format("WAV, PCM 16 bit, 8 kHz, file per speaker", "pcm.wav", "pcm_s16le", _ffmpeg("pcm_s16le", "wav"), True),
    Format("WAV, PCM 24 bit, 8 kHz, stereo", "pcm24.wav", "pcm_s24le", _ffmpeg("pcm_s24le", "wav")),
    Format("WAV, PCM 32 bit, 8 kHz, stereo", "pcm32.wav", "pcm_s32le", _ffmpeg("pcm_s32le", "wav")),
    Format("WAV, float 32 bit, 8 kHz, stereo", "float.wav", "pcm_f32le", _ffmpeg("pcm_f32le", "wav")),
    Format("FLAC, 8 kHz, stereo", "call.flac", "flac", _ffmpeg("flac", "flac")),
    Format("WAV, PCM 16 bit, 16 kHz, stereo", "pcm16k.wav", "pcm_s16le", _ffmpeg("pcm_s16le", "wav", 16_000)),
    Format("WAV, PCM 16 bit, 44.1 kHz, stereo", "pcm44k.wav", "pcm_s16le", _ffmpeg("pcm_s16le", "wav", 44_100)),
    Format("WAV, PCM 16 bit, 48 kHz, stereo", "pcm48k.wav", "pcm_s16le", _ffmpeg("pcm_s16le", "wav", 48_000)),
    Format("WAV, G.711 µ-law, 8 kHz, stereo", "mulaw.wav", "pcm_mulaw", _ffmpeg("pcm_mulaw", "wav")),
    Format("WAV, G.711 A-law, 8 kHz, stereo", "alaw.wav", "pcm_alaw", _ffmpeg("pcm_alaw", "wav")),
    Format("AU, G.711 µ-law, 8 kHz, file per speaker", "mulaw.au", "pcm_mulaw", _ffmpeg("pcm_mulaw", "au"), True),
    Format("WAV, PCM 8 bit, 8 kHz, stereo", "pcm8.wav", "pcm_u8", _ffmpeg("pcm_u8", "wav"), False, _LITTLE),
    Format(
        "WAV, IMA ADPCM, 8 kHz, stereo", "ima.wav", "adpcm_ima_wav", _ffmpeg("adpcm_ima_wav", "wav"), False, _LITTLE
    ),
    Format(
        "WAV, G.726 32 kbit/s, file per speaker",
        "g726.wav",
        "g726",
        _ffmpeg("g726", "wav", 8000, 32_000),
        True,
        _LITTLE,
    ),
    Format("G.722, 16 kHz, file per speaker", "call.g722", "g722", _ffmpeg("g722", "g722", 16_000), True, _LITTLE),
    Format("WAV49 (GSM 06.10), file per speaker", "gsm.wav", "gsm_ms", _libsndfile("GSM610", "WAV"), True, _SOME),
    Format("GSM 06.10, file per speaker", "call.gsm", "gsm", _libsndfile("GSM610", "RAW"), True, _SOME),
    Format(
        "G.723.1 6.3 kbit/s, file per speaker",
        "call.tco",
        "g723_1",
        _ffmpeg("g723_1", "g723_1", 8000, 6300),
        True,
        _SOME,
    ),
    Format(
        "AMR-NB 12.2 kbit/s, file per speaker",
        "call.amr",
        "amrnb",
        _ffmpeg("libopencore_amrnb", "amr", 8000, 12_200),
        True,
        _SOME,
    ),
    Format(
        "MP3 64 kbit/s, 8 kHz, stereo",
        "call.mp3",
        "mp3float",
        _ffmpeg("libmp3lame", "mp3", 8000, 64_000),
        False,
        _LITTLE,
    ),
    Format(
        "MP3 32 kbit/s, 16 kHz, file per speaker",
        "own.mp3",
        "mp3float",
        _ffmpeg("libmp3lame", "mp3", 16_000, 32_000),
        True,
        _LITTLE,
    ),
    Format(
        "M4A, AAC 64 kbit/s, 16 kHz, stereo", "call.m4a", "aac", _ffmpeg("aac", "ipod", 16_000, 64_000), False, _LITTLE
    ),
    Format(
        "ADTS, AAC 32 kbit/s, 8 kHz, stereo", "call.aac", "aac", _ffmpeg("aac", "adts", 8000, 32_000), False, _LITTLE
    ),
    Format(
        "Ogg, Opus 32 kbit/s, 48 kHz, stereo",
        "call.ogg",
        "opus",
        _ffmpeg("libopus", "ogg", 48_000, 32_000),
        False,
        _LITTLE,
    ),
    Format(
        "WebM, Opus 64 kbit/s, 48 kHz, stereo",
        "call.webm",
        "opus",
        _ffmpeg("libopus", "webm", 48_000, 64_000),
        False,
        _LITTLE,
    ),
    Format("Ogg, Vorbis, 8 kHz, stereo", "vorbis.ogg", "vorbis", _libsndfile("VORBIS", "OGG"), False, _LITTLE),
)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    for entry in FORMATS:
        entry.written(target)
