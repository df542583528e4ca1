"""Training examples: synthetic utterances, roughened as a telephone roughens them, with the phone of every frame."""

import random
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

import synthesis
from features import FRAME_CENTRE_S, FRAME_SHIFT_S, SAMPLE_RATE_HZ, mfcc
from synthesis import PhoneSpan, Speech
from telephone import NOISE_COLOURS, TELEPHONE_HZ, Signal, band_pass, line_sound, mu_law, noise, resample
from vocabulary import TURKISH, Templates

NUMBERED = ["", "m1", "m2", "m3", "m4", "m6", "m8", "f1", "f2", "f4", "f5"]
NAMED = "Andy Annie Alex Denis Gene Jacky Marco Mario Michael adam belinda boris david ed iven linda max paul rob steph"
TRAINING_VOICES = [*NUMBERED, *NAMED.split(), "anika"]
"""espeak-ng variants heard in training. evaluate.py and some demo calls use others."""

NONSENSE_SHARE, WORD_SALAD_SHARE = 0.15, 0.43
"""Of the utterances; the rest are sentences."""

VOWELS = "aeıioöuü" * 6 + "âîû"
CONSONANTS = "bcçdfghjklmnprsştvyz" * 4 + "ğwk"
CODAS = "lmnrkşst"


@dataclass(frozen=True)
class Example:
    """One utterance as the network sees it."""

    features: NDArray[np.float32]
    """Shape (frames, coefficients), one frame each 10 ms."""

    spans: list[PhoneSpan]
    """The phones on the clock of the features."""

    def pdfs(self, pdf_of_phone: dict[str, int]) -> NDArray[np.int64]:
        """The right answer for each frame, shape (frames,); 0 is silence."""
        answers = np.zeros(len(self.features), np.int64)
        centres_s = np.arange(len(answers)) * FRAME_SHIFT_S + FRAME_CENTRE_S
        for span in self.spans:
            if span.phone is not None:
                answers[(centres_s >= span.start_s) & (centres_s < span.end_s)] = pdf_of_phone[span.phone]
        return answers


def example(templates: Templates, seed: int) -> Example:
    """A training example; equal templates and seeds give equal examples."""
    rng, noise_rng = random.Random(seed), np.random.default_rng(seed)
    speech = synthesis.say(
        training_text(templates, rng),
        rng.choice(TRAINING_VOICES),
        words_per_minute=rng.randint(120, 250),
        pitch=rng.randint(20, 80),
        pitch_range=rng.randint(20, 80),
        language=templates.voice,
    )
    signal, lead_s = roughened(speech, noise_rng)
    spans = [PhoneSpan(span.start_s + lead_s, span.end_s + lead_s, span.phone) for span in speech.spans]
    return Example(mfcc(signal), spans)


def training_text(templates: Templates, rng: random.Random) -> str:
    """What one example says: a few sentences, words in random order, or (in Turkish) nonsense."""
    kind = rng.random()
    if kind < NONSENSE_SHARE and templates.voice == TURKISH[0]:
        return " ".join(_nonsense_word(rng) for _ in range(rng.randint(3, 7)))
    if kind < NONSENSE_SHARE + WORD_SALAD_SHARE:
        return templates.word_salad(rng)
    return templates.utterance(rng)


def roughened(speech: Speech, rng: np.random.Generator) -> tuple[NDArray[np.int16], float]:
    """Speech at 16 kHz, with loss, noise, and silence or line sounds around it; and by how many seconds that delays it.

    Line sounds are labelled as silence: without them in training, tones were heard as short words.
    """
    by_telephone = rng.random() < 0.6
    rate_hz = TELEPHONE_HZ if by_telephone else SAMPLE_RATE_HZ
    voice = resample(speech.samples.astype(np.float64), synthesis.SAMPLE_RATE_HZ, rate_hz)
    before, after = np.zeros(int(rng.uniform(0.05, 0.6) * rate_hz)), np.zeros(int(rng.uniform(0.2, 0.8) * rate_hz))
    if rng.random() < 0.3:
        level = np.abs(voice).max() * _gain(rng.uniform(0, 25))
        before = level * line_sound(int(rng.uniform(0.5, 2.5) * rate_hz), rate_hz, rng)
        if rng.random() < 0.5:
            after = level * line_sound(int(rng.uniform(0.5, 2) * rate_hz), rate_hz, rng)
    signal = np.concatenate([before, voice, after])
    if rng.random() < 0.15:
        hum = np.sin(2 * np.pi * 50 * rng.integers(1, 4) * np.arange(len(signal)) / rate_hz)
        signal = signal + np.abs(signal).max() * _gain(rng.uniform(18, 35)) * hum
    signal = signal * (32000 * _gain(rng.uniform(1, 26)) / (np.abs(signal).max() + 1))
    loudness = np.sqrt((signal**2).mean()) + 1e-3
    if by_telephone and rng.random() < 0.7:
        signal = band_pass(signal, rate_hz, rng.uniform(150, 330), rng.uniform(3200, 3700))
    if rng.random() < 0.75:
        signal = signal + noise(len(signal), rng.choice(NOISE_COLOURS), rng) * loudness * _gain(rng.uniform(8, 40))
    if by_telephone and rng.random() < 0.4:
        signal = mu_law(signal)
    return as_samples(resample(signal, rate_hz, SAMPLE_RATE_HZ)), len(before) / rate_hz


def telephoned(speech: Speech, rng: np.random.Generator, quality: Literal["wide", "telephone"]) -> Signal:
    """Speech as the evaluation hears it: 16 kHz and clean, or 8 kHz, 300-3400 Hz, pink noise 15-30 dB down, mu-law."""
    rate_hz = TELEPHONE_HZ if quality == "telephone" else SAMPLE_RATE_HZ
    voice = resample(speech.samples.astype(np.float64), synthesis.SAMPLE_RATE_HZ, rate_hz)
    padding = (int(rng.uniform(0.05, 0.6) * rate_hz), int(rng.uniform(0.2, 0.8) * rate_hz))
    signal = np.pad(voice, padding) * (32000 * _gain(rng.uniform(1, 15)) / (np.abs(voice).max() + 1))
    if quality == "wide":
        return signal
    loudness = np.sqrt((signal**2).mean())
    signal = band_pass(signal, rate_hz, 300, 3400)
    return mu_law(signal + noise(len(signal), "pink", rng) * loudness * _gain(rng.uniform(15, 30)))


def as_samples(signal: Signal) -> NDArray[np.int16]:
    """Rounded and clipped to 16 bits."""
    return np.clip(np.round(signal), -32768, 32767).astype(np.int16)


def _gain(decibels_down: float) -> float:
    return 10 ** (-decibels_down / 20)


def _nonsense_word(rng: random.Random) -> str:
    """One to four Turkish syllables, so that the network learns phones and not the word list."""
    syllables = rng.randint(1, 4)
    return "".join(
        rng.choice(CONSONANTS) + rng.choice(VOWELS) + (rng.choice(CODAS) if rng.random() < 0.4 else "")
        for _ in range(syllables)
    )
