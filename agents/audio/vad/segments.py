"""Silero's rule from probabilities to stretches of speech, with the settings that the stage uses.

The rule of ``silero_vad.get_speech_timestamps`` (utils_vad.py of silero-vad 6.2.3, MIT), written again because its
module imports torch. A stretch begins at ``threshold`` and ends where the probability stays 0.15 below it.
"""

from collections.abc import Iterable

from agents.audio.vad.model import FRAME

_RATE_HZ = 16_000
_HYSTERESIS, _LOWEST_THRESHOLD = 0.15, 0.01
_SHORTEST = 0.25 * _RATE_HZ
"""Shorter stretches, in samples, are no speech."""
_CUTTABLE = 0.098 * _RATE_HZ
"""A pause must be longer, in samples, for a stretch that is too long to be cut there."""
_PAD = round(0.03 * _RATE_HZ)
"""Samples that are added on both sides of a stretch."""


def stretches(
    probabilities: Iterable[float], samples: int, *, threshold: float, min_silence_s: float, longest_s: float
) -> list[tuple[int, int]]:
    """Return first and last sample of each stretch of speech.

    Args:
        probabilities: Of each window of 512 samples at 16,000 Hz, in order.
        samples: Length of the signal.
        threshold: Probability from which a window is speech.
        min_silence_s: Pauses shorter than this, in seconds, do not end a stretch.
        longest_s: Longer stretches are cut at their longest pause, or where they reach this length.
    """
    return _padded(_found(probabilities, samples, threshold, min_silence_s * _RATE_HZ, longest_s * _RATE_HZ), samples)


def _found(
    probabilities: Iterable[float], samples: int, threshold: float, min_silence: float, longest: float
) -> list[tuple[int, int]]:
    quiet = max(threshold - _HYSTERESIS, _LOWEST_THRESHOLD)
    longest -= FRAME + 2 * _PAD
    found: list[tuple[int, int]] = []
    start: int | None = None
    silent_since = 0
    pauses: list[tuple[int, int]] = []  # where each begins in the present stretch, and how long it is
    for number, probability in enumerate(probabilities):
        now = number * FRAME
        if probability >= threshold:
            if silent_since and now - silent_since > _CUTTABLE:
                pauses.append((silent_since, now - silent_since))
            silent_since = 0
            if start is None:
                start = now
                continue
        if start is None:
            continue
        if now - start > longest:
            end, pause = max(pauses, key=lambda one: one[1], default=(now, 0))
            found.append((start, end))
            start = end + pause if pauses else None
            silent_since, was_cut_at_a_pause = 0, bool(pauses)
            pauses = []
            if not was_cut_at_a_pause:
                continue
        if probability < quiet:
            silent_since = silent_since or now
            if now - silent_since >= min_silence:
                if start is not None and silent_since - start > _SHORTEST:
                    found.append((start, silent_since))
                start, silent_since, pauses = None, 0, []
    if start is not None and samples - start > _SHORTEST:
        found.append((start, samples))
    return found


def _padded(found: list[tuple[int, int]], samples: int) -> list[tuple[int, int]]:
    starts, ends = [start for start, _ in found], [end for _, end in found]
    if found:
        starts[0] = max(0, starts[0] - _PAD)
        ends[-1] = min(samples, ends[-1] + _PAD)
    for before in range(len(found) - 1):
        pause = starts[before + 1] - ends[before]
        added = pause // 2 if pause < 2 * _PAD else _PAD
        ends[before] = min(samples, ends[before] + added)
        starts[before + 1] = max(0, starts[before + 1] - added)
    return list(zip(starts, ends, strict=True))
