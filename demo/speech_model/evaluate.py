"""Word error rate on voices that training never heard: ``python demo/speech_model/evaluate.py``."""

import argparse
import json
import random
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import vosk
from numpy.typing import NDArray

import language_model
import synthesis
from features import SAMPLE_RATE_HZ
from telephone import TELEPHONE_HZ, resample
from training_data import as_samples, telephoned, training_text
from vocabulary import HERE, read_templates, words_of

UNHEARD_VOICES = ["m5", "m7", "f3", "Andrea", "steph2", "pablo"]
FIRST_SEED = 9_000_000
"""Far from the seeds of training."""
TRAINING_UTTERANCES = 8000
BLOCK_BYTES = SAMPLE_RATE_HZ // 2
"""A quarter of a second, as a caller would stream it."""

Text = Literal["sentences", "new sentences", "words in random order"]
Quality = Literal["wide", "telephone"]


@dataclass
class Tally:
    """Running sums over the utterances of one condition."""

    errors: int = 0
    words: int = 0
    audio_s: float = 0.0
    cpu_s: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.errors / self.words:6.2%} of {self.words} words wrong, "
            f"{self.cpu_s / self.audio_s:.4f} CPU seconds per second of audio"
        )


@cache
def trained_texts(folder: Path) -> frozenset[tuple[str, ...]]:
    """Every sentence that the language model or the network was trained on."""
    templates = read_templates(folder)
    texts = {tuple(sentence) for sentence in language_model.sentences(templates)}
    texts |= {tuple(words_of(training_text(templates, random.Random(seed)))) for seed in range(TRAINING_UTTERANCES)}
    return frozenset(texts)


def text_to_say(kind: Text, rng: random.Random, folder: Path) -> str:
    """One utterance; a new sentence is a combination that is in no training text, though its parts are."""
    templates = read_templates(folder)
    if kind == "words in random order":
        return templates.word_salad(rng)
    text = templates.utterance(rng)
    while kind == "new sentences" and tuple(words_of(text)) in trained_texts(folder):
        text = templates.utterance(rng)
    return text


def recognized_words(model: vosk.Model, samples: NDArray[np.int16]) -> list[str]:
    """What Vosk hears in 16 kHz audio."""
    recognizer = vosk.KaldiRecognizer(model, SAMPLE_RATE_HZ)
    words: list[str] = []
    data = samples.tobytes()
    for start in range(0, len(data), BLOCK_BYTES):
        if recognizer.AcceptWaveform(data[start : start + BLOCK_BYTES]):
            words += json.loads(recognizer.Result())["text"].split()
    return words + json.loads(recognizer.FinalResult())["text"].split()


def word_errors(said: list[str], heard: list[str]) -> int:
    """The least number of words to insert, delete and replace."""
    distances = list(range(len(heard) + 1))
    for row, word in enumerate(said, start=1):
        diagonal, distances[0] = distances[0], row
        for column, other in enumerate(heard, start=1):
            best = min(diagonal + (word != other), distances[column] + 1, distances[column - 1] + 1)
            diagonal, distances[column] = distances[column], best
    return distances[-1]


def measure(
    model: vosk.Model, folder: Path, kind: Text, quality: Quality, *, utterances: int, show_errors: bool
) -> Tally:
    """Speak, roughen, recognize, count."""
    tally = Tally()
    for seed in range(FIRST_SEED, FIRST_SEED + utterances):
        rng = random.Random(seed)
        text = text_to_say(kind, rng, folder)
        speech = synthesis.say(
            text,
            rng.choice(UNHEARD_VOICES),
            words_per_minute=rng.randint(125, 235),
            pitch=rng.randint(25, 75),
            pitch_range=rng.randint(25, 75),
            language=read_templates(folder).voice,
        )
        signal = telephoned(speech, np.random.default_rng(seed), quality)
        if quality == "telephone":
            signal = resample(signal, TELEPHONE_HZ, SAMPLE_RATE_HZ)
        started_s = time.process_time()
        heard = recognized_words(model, as_samples(signal))
        tally.cpu_s += time.process_time() - started_s
        tally.audio_s += len(signal) / SAMPLE_RATE_HZ
        errors = word_errors(words_of(text), heard)
        tally.errors += errors
        tally.words += len(words_of(text))
        if errors and show_errors:
            print(f"  said  {' '.join(words_of(text))}\n  heard {' '.join(heard)}")
    return tally


def main() -> None:
    """Print one line per kind of text and quality of line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=HERE, help="of the model. Default: here")
    parser.add_argument("--utterances", type=int, default=200, help="per line of the result")
    parser.add_argument("--show-errors", action="store_true")
    options = parser.parse_args()
    vosk.SetLogLevel(-1)
    model = vosk.Model(str(options.folder / "model"))
    for kind in get_args(Text):
        for quality in get_args(Quality):
            tally = measure(
                model,
                options.folder,
                kind,
                quality,
                utterances=options.utterances,
                show_errors=options.show_errors,
            )
            print(f"{kind}, {quality}: {tally}", flush=True)


if __name__ == "__main__":
    main()
