"""Recognising speech: the module that talks to Vosk. Runs in a child process, which holds one model."""

import hashlib
import io
import json
from functools import cache
from pathlib import Path

import soundfile
import vosk

from agents.transcribe.core import Span
from schemas import Word
from streams.errors import PermanentError, SettingsError

vosk.SetLogLevel(-1)


class UnreadableAudio(PermanentError):
    """The prepared audio is not the FLAC that it should be."""


@cache
def load_model(folder: Path) -> vosk.Model:
    """Load a model, once per process; recognisers share it.

    Raises:
        SettingsError: There is no Vosk model in the folder.
    """
    try:
        return vosk.Model(str(folder))
    except Exception as error:  # Vosk raises nothing more special
        raise SettingsError(
            f"no Vosk model in {folder}", "Set CALLSIFT_VOSK_MODEL to the folder of an unpacked Vosk model"
        ) from error


def fingerprint(folder: Path) -> str:
    """Name a model for the record: its folder's name and a digest of its files' names and sizes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    listing = "\n".join(f"{path.relative_to(folder)} {path.stat().st_size}" for path in files)
    return f"{folder.resolve().name}@{hashlib.sha256(listing.encode()).hexdigest()[:12]}"


def recognise(flac: bytes, channel: int, spans: list[Span], folder: Path) -> list[Word]:
    """Recognise the words in the given spans of one channel.

    Args:
        flac: The prepared audio.
        channel: Channel of the speaker, counted from 0.
        spans: What to decode, in seconds from the start; sorted and disjoint.
        folder: The model.

    Returns:
        The words in order, with times in seconds from the start of the recording.

    Raises:
        UnreadableAudio: The prepared audio is damaged.
    """
    model = load_model(folder)
    words: list[Word] = []
    with _opened(flac) as audio:
        for start_s, end_s in spans:
            audio.seek(round(start_s * audio.samplerate))
            samples = audio.read(round((end_s - start_s) * audio.samplerate), dtype="int16", always_2d=True)
            recogniser = vosk.KaldiRecognizer(model, audio.samplerate)
            recogniser.SetWords(True)
            recogniser.AcceptWaveform(samples[:, channel].tobytes())
            found = json.loads(recogniser.FinalResult()).get("result", [])
            words += [_word(item, start_s) for item in found]
    return words


def _opened(flac: bytes) -> soundfile.SoundFile:
    try:
        return soundfile.SoundFile(io.BytesIO(flac))
    except soundfile.LibsndfileError:
        raise UnreadableAudio(
            f"prepared audio of {len(flac)} bytes is no FLAC", "Replay the call-ended event so that it is made again"
        ) from None


def _word(item: dict[str, float | str], start_s: float) -> Word:
    return Word(
        text=str(item["word"]),
        start_s=round(start_s + float(item["start"]), 3),
        end_s=round(start_s + float(item["end"]), 3),
        confidence=min(1.0, max(0.0, float(item["conf"]))),
    )
