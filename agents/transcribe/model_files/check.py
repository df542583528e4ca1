"""Checking a model: loads it, lets it decode, and says what it is. Talks to Vosk in this process."""

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import vosk

from agents.transcribe.models import fingerprint
from agents.transcribe.recognise import load_model
from streams.errors import CallsiftError

_KALDI_DEFAULT_HZ = 16000.0


@dataclass(frozen=True)
class ModelFacts:
    """What a model is, and what it costs."""

    name: str
    """Its folder's name."""
    folder: str
    """Where it is."""
    fingerprint: str
    """How transcripts name it (``speech_model``)."""
    size_bytes: int
    """Of all its files on disk."""
    sample_rate_hz: int
    """Rate that it was trained for. Telephone audio of another rate is resampled."""
    load_s: float
    """Seconds to load it; more after a start of the machine, when nothing is cached."""
    resident_bytes: int
    """Memory that this process has more after loading it and decoding a second of silence."""


def check_model(folder: Path) -> ModelFacts:
    """Load the model in a folder and decode a second of silence with it. Blocks.

    Raises:
        CallsiftError: Vosk cannot load it, or cannot decode with it.
    """
    rate_hz = sample_rate_hz(folder)
    before_bytes = _resident_bytes()
    started = time.monotonic()
    try:
        model = load_model(folder)
        load_s = time.monotonic() - started
        recogniser = vosk.KaldiRecognizer(model, rate_hz)
        recogniser.AcceptWaveform(bytes(2 * rate_hz))
        json.loads(recogniser.FinalResult())["text"]
    except Exception as error:  # Vosk raises nothing more special
        raise CallsiftError(
            f"no usable Vosk model in {folder}",
            "Set CALLSIFT_VOSK_MODEL to the folder of an unpacked Vosk model; `callsift model fetch` brings one",
        ) from error
    return ModelFacts(
        name=folder.resolve().name,
        folder=str(folder.resolve()),
        fingerprint=fingerprint(folder),
        size_bytes=sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
        sample_rate_hz=rate_hz,
        load_s=round(load_s, 3),
        resident_bytes=max(0, _resident_bytes() - before_bytes),
    )


def sample_rate_hz(folder: Path) -> int:
    """Return the sample rate that a model's mfcc.conf names, in its present layout or the one before.

    Kaldi's default if it names none.
    """
    for path in (folder / "conf" / "mfcc.conf", folder / "mfcc.conf"):
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            named = re.search(r"^\s*--sample-frequency\s*=\s*([0-9.]+)", text, re.MULTILINE)
            return round(float(named[1] if named else _KALDI_DEFAULT_HZ))
    return round(_KALDI_DEFAULT_HZ)


def _resident_bytes() -> int:
    resident: int = psutil.Process().memory_info().rss
    return resident
