"""Recognising speech: the module that talks to Vosk. Runs in a child process."""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import vosk

from agents.transcribe.prepared_audio import stretches
from agents.transcribe.span import AudioSpan
from schemas import Word
from streams.errors import SettingsError

vosk.SetLogLevel(-1)


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
            f"no Vosk model in {folder}",
            "Set CALLSIFT_VOSK_MODEL, and CALLSIFT_VOSK_MODELS for further languages, to folders of unpacked models",
        ) from error


def unknown_words(words: Iterable[str], folder: Path) -> list[str]:
    """Return those of some words that a model does not have, and therefore never writes. Blocks while it loads.

    Raises:
        SettingsError: There is no Vosk model in the folder.
    """
    model = load_model(folder)
    return [word for word in words if model.vosk_model_find_word(word) < 0]


def recognise(flac: Path, spans: Sequence[AudioSpan], folder: Path) -> list[list[Word]]:
    """Recognise the words in each of the given spans.

    Every span is decoded on its own: what is found in one does not depend on the others.

    Args:
        flac: The prepared audio. Only what is decoded is read.
        spans: What to decode, in order of time.
        folder: The model.

    Returns:
        For each span its words in order, with times in seconds from the start of the recording.

    Raises:
        UnreadableAudio: The prepared audio is damaged.
    """
    model = load_model(folder)
    return [
        _words(model, samples, sample_rate_hz, span.start_s) for span, samples, sample_rate_hz in stretches(flac, spans)
    ]


def _words(model: vosk.Model, samples: npt.NDArray[np.int16], sample_rate_hz: int, start_s: float) -> list[Word]:
    recogniser = vosk.KaldiRecognizer(model, sample_rate_hz)
    recogniser.SetWords(True)
    recogniser.AcceptWaveform(samples.tobytes())
    return [_word(item, start_s) for item in json.loads(recogniser.FinalResult()).get("result", [])]


def _word(item: dict[str, float | str], start_s: float) -> Word:
    return Word(
        text=str(item["word"]),
        start_s=round(start_s + float(item["start"]), 3),
        end_s=round(start_s + float(item["end"]), 3),
        confidence=min(1.0, max(0.0, float(item["conf"]))),
    )
