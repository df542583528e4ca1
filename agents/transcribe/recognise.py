"""Recognising speech: the module that talks to Vosk. Runs in a child process."""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import vosk

from agents.transcribe.span import AudioSpan
from schemas import Word
from streams.errors import PermanentError, SettingsError

vosk.SetLogLevel(-1)

_READ_ON_S = 2.0
"""A gap between two spans up to this length is read rather than skipped: finding a place in FLAC costs as much."""


class UnreadableAudio(PermanentError):
    """The prepared audio is no whole FLAC file with the channels that the event names."""


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
    try:
        with soundfile.SoundFile(flac) as audio:
            return [_words(model, samples, audio.samplerate, span.start_s) for span, samples in _read(audio, spans)]
    except (soundfile.LibsndfileError, IndexError):  # no FLAC, not to its end, or without the channel
        raise UnreadableAudio(
            f"prepared audio of {flac.stat().st_size} bytes is not the FLAC it should be",
            "Replay the call-ended event so that it is made again",
        ) from None


def _read(audio: soundfile.SoundFile, spans: Sequence[AudioSpan]) -> Iterator[tuple[AudioSpan, npt.NDArray[np.int16]]]:
    for together in _near_each_other(spans):
        first = round(together[0].start_s * audio.samplerate)
        end = round(max(span.end_s for span in together) * audio.samplerate)
        audio.seek(first)
        block = audio.read(end - first, dtype="int16", always_2d=True)
        for span in together:
            own = slice(round(span.start_s * audio.samplerate) - first, round(span.end_s * audio.samplerate) - first)
            yield span, block[own, span.channel]


def _near_each_other(spans: Sequence[AudioSpan]) -> list[list[AudioSpan]]:
    groups: list[list[AudioSpan]] = []
    end_s = 0.0
    for span in spans:
        if groups and span.start_s - end_s <= _READ_ON_S:
            groups[-1].append(span)
            end_s = max(end_s, span.end_s)
        else:
            groups.append([span])
            end_s = span.end_s
    return groups


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
