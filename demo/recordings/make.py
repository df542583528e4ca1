"""Speak the calls of calls.yaml and write the recordings and labels.jsonl: ``python demo/recordings/make.py``.

Another folder with a calls.yaml may be named: ``python demo/recordings/make.py examples/clinic/recordings``.

Needs espeak-ng on the PATH. The same calls give the same files, byte for byte, as long as the versions of espeak-ng and
PyAV stay the same.
"""

import json
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

FOLDER = Path(__file__).parent
RATE_HZ = 8000
ESPEAK_HZ = 22050
WAV_HEADER_BYTES = 44
PEAK = 0.4
"""Of a turn's loudest sample, as a share of full scale: -8 dBFS."""
TAIL_S = 0.8
"""What is recorded after the last word."""

Signal = NDArray[np.float64]
"""Mono samples at RATE_HZ between -1 and 1."""
Speaker = Literal["customer", "agent"]
SPEAKERS: tuple[Speaker, ...] = ("customer", "agent")

FORMATS: dict[str, tuple[str, str, int | None]] = {
    "wav_mulaw": ("wav", "pcm_mulaw", None),
    "wav_alaw": ("wav", "pcm_alaw", None),
    "wav_pcm16": ("wav", "pcm_s16le", None),
    "two_wav_mulaw": ("wav", "pcm_mulaw", None),
    "mp3": ("mp3", "libmp3lame", 64_000),
    "opus": ("ogg", "libopus", 48_000),
}
"""Format in calls.yaml -> file name extension, FFmpeg's encoder, bits per second of both channels together."""


class Strict(BaseModel):
    """What calls.yaml may hold, and nothing else."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Voice(Strict):
    """How a speaker sounds and where the recording has them. The comments in calls.yaml explain the fields."""

    voice: str
    words_per_minute: int = 165
    pitch: int = 50
    channel: int | None = None
    offset_s: float = 0.0


class Turn(Strict):
    """What one speaker says; exactly one of the two texts is given."""

    customer: str | None = None
    agent: str | None = None
    pause_s: float = 0.5

    @property
    def speaker(self) -> Speaker:
        """Whose turn it is."""
        return "agent" if self.customer is None else "customer"

    @property
    def text(self) -> str:
        """What is said, with commas for pauses."""
        return self.customer or self.agent or ""


class Call(Strict):
    """One call of calls.yaml."""

    name: str
    category: str
    sub_category: str | None = None
    why: str
    language: str = "tr"
    format: str
    noise_dbfs: float | None = -60.0
    customer: Voice
    agent: Voice
    turns: list[Turn]
    length_s: float | None = None

    @property
    def channels(self) -> dict[Speaker, int]:
        """Which channel each speaker is on."""
        customer, agent = self.customer.channel, self.agent.channel
        return {"customer": 0 if customer is None else customer, "agent": 1 if agent is None else agent}

    def voice(self, speaker: Speaker) -> Voice:
        """How a speaker sounds."""
        return self.customer if speaker == "customer" else self.agent

    @property
    def is_two_files(self) -> bool:
        """Whether each speaker has a file of their own."""
        return self.format.startswith("two_")

    def file_name(self, speaker: Speaker | None = None) -> str:
        """The recording's file, or that of one speaker."""
        extension = FORMATS[self.format][0]
        return f"{self.name}.{speaker}.{extension}" if speaker else f"{self.name}.{extension}"


def spoken(text: str, voice: Voice, language: str) -> Signal:
    """A turn as the telephone lets it through, without the silence around it."""
    options = ["-v", f"{language}+{voice.voice}", "-s", str(voice.words_per_minute), "-p", str(voice.pitch), "--stdout"]
    wav = subprocess.run(["espeak-ng", *options, text], check=True, capture_output=True).stdout  # noqa: S603, S607
    samples = np.frombuffer(wav[WAV_HEADER_BYTES:], "<i2")
    heard = np.flatnonzero(np.abs(samples) > 50)
    signal = telephone_band(samples[heard[0] : heard[-1] + 1].astype(np.float64))
    return signal * (PEAK / float(np.abs(signal).max()))


def telephone_band(samples: Signal) -> Signal:
    """Keep 300 to 3400 Hz and resample from ESPEAK_HZ to RATE_HZ, both in the frequency domain."""
    seconds = int(np.ceil(len(samples) / ESPEAK_HZ))
    spectrum = np.fft.rfft(samples, seconds * ESPEAK_HZ)[: seconds * RATE_HZ // 2 + 1]
    frequencies_hz = np.arange(len(spectrum)) / seconds
    spectrum /= (1 + np.exp((300 - frequencies_hz) / 25)) * (1 + np.exp((frequencies_hz - 3400) / 60))
    return np.fft.irfft(spectrum, seconds * RATE_HZ)[: len(samples) * RATE_HZ // ESPEAK_HZ]


def on_the_clock(call: Call) -> Iterator[tuple[Speaker, float, Signal]]:
    """The turns in order: who, from which second, and the sound."""
    end_s = 0.0
    for turn in call.turns:
        signal = spoken(turn.text, call.voice(turn.speaker), call.language)
        start_s = end_s + turn.pause_s
        yield turn.speaker, start_s, signal
        end_s = start_s + len(signal) / RATE_HZ


def mixed(call: Call) -> dict[Speaker, Signal]:
    """Both sides of the call, equally long, with the noise of the line."""
    turns = list(on_the_clock(call))
    length_s = call.length_s or max(start_s + len(signal) / RATE_HZ for _, start_s, signal in turns) + TAIL_S
    rng = np.random.default_rng(zlib.crc32(call.name.encode()))
    level = 0.0 if call.noise_dbfs is None else 10 ** (call.noise_dbfs / 20)
    sides = {speaker: level * rng.standard_normal(round(length_s * RATE_HZ)) for speaker in SPEAKERS}
    for speaker, start_s, signal in turns:
        start = round(start_s * RATE_HZ)
        sides[speaker][start : start + len(signal)] += signal
    return sides


def write_audio(path: Path, channels: list[Signal], call_format: str) -> None:
    """Encode one or two channels as a PBX would."""
    _, codec, bit_rate = FORMATS[call_format]
    planes = np.clip(np.round(np.stack(channels) * 32767), -32768, 32767).astype(np.int16)
    layout = "stereo" if len(channels) == 2 else "mono"
    frame = av.AudioFrame.from_ndarray(planes.T.reshape(1, -1).copy(), format="s16", layout=layout)
    frame.sample_rate = RATE_HZ
    # bitexact: no encoder version and no random stream number in the file.
    with av.open(str(path), "w", container_options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream(codec, rate=RATE_HZ, layout=layout, options={"flags": "+bitexact"})
        assert isinstance(stream, av.AudioStream)  # noqa: S101 - narrows the type
        if bit_rate is not None:
            stream.bit_rate = bit_rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


def recorded(call: Call, folder: Path) -> dict[str, Any]:
    """Write the call's recording; returns its ``recording`` field in labels.jsonl."""
    sides = mixed(call)
    if not call.is_two_files:
        by_channel = sorted(SPEAKERS, key=call.channels.__getitem__)
        write_audio(folder / call.file_name(), [sides[speaker] for speaker in by_channel], call.format)
        return {"uri": call.file_name(), "channels": call.channels}
    files: dict[str, Any] = {}
    for speaker in SPEAKERS:
        offset_s = call.voice(speaker).offset_s
        write_audio(folder / call.file_name(speaker), [sides[speaker][round(offset_s * RATE_HZ) :]], call.format)
        files[speaker] = {"uri": call.file_name(speaker), "offset_s": offset_s}
    return files


def label(call: Call, folder: Path) -> dict[str, Any]:
    """Write the recording and describe it."""
    return {
        "name": call.name,
        "recording": recorded(call, folder),
        "category": call.category,
        "sub_category": call.sub_category,
        "turns": [{"speaker": turn.speaker, "text": turn.text.replace(",", "")} for turn in call.turns],
        **({} if call.language == "tr" else {"language": call.language.partition("-")[0]}),
    }


def main() -> None:
    """Make every recording again, and the labels."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    calls = [Call.model_validate(call) for call in yaml.safe_load((folder / "calls.yaml").read_text(encoding="utf-8"))]
    for path in folder.iterdir():
        if path.suffix in {f".{extension}" for extension, _, _ in FORMATS.values()}:
            path.unlink()
    lines = [json.dumps(label(call, folder), ensure_ascii=False) + "\n" for call in calls]
    (folder / "labels.jsonl").write_text("".join(lines), encoding="utf-8")
    print(f"{len(calls)} calls")


if __name__ == "__main__":
    main()
