"""What a telephone line does to a voice: its band, its companding, its noise and the sounds it makes by itself.

Signals are float64 arrays on the scale of 16-bit samples; every function returns a new one.
"""

import math

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float64]

TELEPHONE_HZ = 8000
NOISE_COLOURS = ["white", "pink", "brown"]


def resample(signal: Signal, from_hz: int, to_hz: int) -> Signal:
    """Band-limited resampling in the frequency domain."""
    if from_hz == to_hz:
        return signal
    divisor = math.gcd(from_hz, to_hz)
    # Padded to 2**k times the rates' ratio: both lengths are whole numbers, and nothing wraps around.
    blocks = 2 ** math.ceil(math.log2((len(signal) + 400) * divisor / from_hz))
    padded, wanted = blocks * from_hz // divisor, blocks * to_hz // divisor
    spectrum = np.fft.rfft(signal, padded)
    kept = min(len(spectrum), wanted // 2 + 1)
    result = np.zeros(wanted // 2 + 1, np.complex128)
    result[:kept] = spectrum[:kept]
    return np.fft.irfft(result, wanted)[: round(len(signal) * to_hz / from_hz)] * (wanted / padded)


def band_pass(signal: Signal, rate_hz: int, low_hz: float, high_hz: float) -> Signal:
    """Keep what lies between two frequencies, with the soft edges of a telephone filter."""
    length = len(signal) + 512
    frequencies = np.fft.rfftfreq(length, 1 / rate_hz)
    gain = 1 / (1 + np.exp(-(frequencies - low_hz) / 25)) / (1 + np.exp((frequencies - high_hz) / 60))
    return np.fft.irfft(np.fft.rfft(signal, length) * gain, length)[: len(signal)]


def mu_law(signal: Signal) -> Signal:
    """There and back through 8-bit mu-law companding (the shape of ITU-T G.711, 255 levels)."""
    scaled = np.clip(signal / 32768, -1, 1)
    code = np.round(np.sign(scaled) * np.log1p(255 * np.abs(scaled)) / np.log(256) * 127) / 127
    return np.sign(code) * (256 ** np.abs(code) - 1) / 255 * 32768


def noise(length: int, colour: str, rng: np.random.Generator) -> Signal:
    """Noise with a standard deviation of one; power falls with 1/f (pink) or 1/f² (brown)."""
    white = rng.standard_normal(length)
    if colour == "white":
        return white
    spectrum = np.fft.rfft(white)
    bins = np.maximum(np.arange(len(spectrum)), 1.0)
    coloured = np.fft.irfft(spectrum / (np.sqrt(bins) if colour == "pink" else bins), length)
    return coloured / (coloured.std() + 1e-9)


def line_sound(length: int, rate_hz: int, rng: np.random.Generator) -> Signal:
    """One of the sounds between which a caller waits; the peak is one."""
    makers = [_on_off_tone, _steady_tone, _dialled_digits, _mains_hum, _hold_music, _clicks]
    sound = makers[rng.integers(len(makers))](np.arange(length) / rate_hz, rng)
    return sound / (np.abs(sound).max() + 1e-9)


def _on_off_tone(times_s: Signal, rng: np.random.Generator) -> Signal:
    """Ringback, busy and the like."""
    period_s = rng.choice([0.4, 0.5, 1, 2, 5])
    sounding = (times_s + rng.random() * period_s) % period_s < rng.uniform(0.2, 0.7) * period_s
    return _sine(times_s, rng.uniform(300, 1500)) * sounding


def _steady_tone(times_s: Signal, rng: np.random.Generator) -> Signal:
    return _sine(times_s, rng.uniform(200, 3400))


def _dialled_digits(times_s: Signal, rng: np.random.Generator) -> Signal:
    """One DTMF pair, 150 ms on and 150 ms off."""
    pair = _sine(times_s, rng.choice([697, 770, 852, 941])) + _sine(times_s, rng.choice([1209, 1336, 1477]))
    return pair * (times_s % 0.3 < 0.15)


def _mains_hum(times_s: Signal, rng: np.random.Generator) -> Signal:
    return sum(
        (rng.random() * np.sin(2 * np.pi * 50 * harmonic * times_s + 6 * rng.random()) for harmonic in (1, 2, 3, 4, 6)),
        start=np.zeros(len(times_s)),
    )


def _hold_music(times_s: Signal, rng: np.random.Generator) -> Signal:
    """Chords that change every few hundred milliseconds and decay."""
    scale_hz = 220 * 2 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12, 14, 16]) / 12)
    music = np.zeros(len(times_s))
    rate_hz = (len(times_s) - 1) / times_s[-1]
    step = int(rng.uniform(0.15, 0.5) * rate_hz)
    for start in range(0, len(music), step):
        beat_s = times_s[: min(step, len(music) - start)]
        for note_hz in rng.choice(scale_hz, 3):
            chord = sum((_sine(beat_s, note_hz * k) / k for k in (1, 2, 3)), start=np.zeros(len(beat_s)))
            music[start : start + step] += chord * np.exp(-3 * beat_s)
    return music


def _clicks(times_s: Signal, rng: np.random.Generator) -> Signal:
    """A few clicks, a crackle, or a burst of noise."""
    sounding = rng.random(len(times_s)) < rng.choice([0.001, 0.01, 1.0])
    return noise(len(times_s), rng.choice(NOISE_COLOURS), rng) * sounding


def _sine(times_s: Signal, frequency_hz: float) -> Signal:
    return np.sin(2 * np.pi * frequency_hz * times_s)
