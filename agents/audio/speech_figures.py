"""Talk, silence, overlap, interruptions and response gaps, from each speaker's segments: arithmetic on intervals."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise

import numpy as np

from schemas import Speaker, SpeakerFigures, SpeechFigures, SpeechSegment

Speech = Mapping[Speaker, Sequence[SpeechSegment]]
"""Each speaker's segments: sorted, disjoint, inside the recording."""


def speech_figures(speech: Speech, duration_s: float) -> SpeechFigures:
    """Work out the figures of a call of ``duration_s`` seconds."""
    silence = overlap = longest = quiet = 0.0
    overlaps = before = 0
    for length_s, speaking in _stretches(speech, duration_s):
        quiet = 0.0 if speaking else quiet + length_s
        longest = max(longest, quiet)
        silence += 0.0 if speaking else length_s
        overlap += length_s if speaking > 1 else 0.0
        overlaps += speaking > 1 >= before
        before = speaking
    interruptions, gaps = _exchanges(speech)
    return SpeechFigures(
        speakers={
            speaker: _of_one(own, duration_s, interruptions[speaker], gaps[speaker]) for speaker, own in speech.items()
        },
        silence_s=round(silence, 3),
        longest_silence_s=round(longest, 3),
        overlap_s=round(overlap, 3),
        overlaps=overlaps,
    )


def _stretches(speech: Speech, duration_s: float) -> Iterator[tuple[float, int]]:
    """Yield each stretch in which the number of those who speak stays the same: its seconds, and how many speak."""
    changes: dict[float, int] = {0.0: 0, duration_s: 0}
    for segment in (segment for own in speech.values() for segment in own):
        changes[segment.start_s] = changes.get(segment.start_s, 0) + 1
        changes[segment.end_s] = changes.get(segment.end_s, 0) - 1
    speaking = 0
    for start, end in pairwise(sorted(changes)):
        speaking += changes[start]
        yield end - start, speaking


def _exchanges(speech: Speech) -> tuple[dict[Speaker, int], dict[Speaker, list[float]]]:
    """Count each speaker's interruptions, and collect the pauses before each answer, in seconds."""
    interruptions: dict[Speaker, int] = dict.fromkeys(speech, 0)
    gaps: dict[Speaker, list[float]] = {speaker: [] for speaker in speech}
    last: dict[Speaker, SpeechSegment] = {}
    starts = sorted(
        ((speaker, segment) for speaker, own in speech.items() for segment in own), key=lambda item: item[1].start_s
    )
    for _, together in groupby(starts, key=lambda item: item[1].start_s):
        before, began = last.copy(), dict(together)  # who begin at once do not hear each other
        for speaker, segment in began.items():
            own_end_s = before[speaker].end_s if speaker in before else 0.0
            for other in (past for who, past in before.items() if who != speaker):
                if segment.start_s < other.end_s:
                    interruptions[speaker] += segment.end_s > other.end_s
                elif own_end_s <= other.end_s:
                    gaps[speaker].append(segment.start_s - other.end_s)
        last |= began
    return interruptions, gaps


def _of_one(
    segments: Sequence[SpeechSegment], duration_s: float, interruptions: int, gaps: Sequence[float]
) -> SpeakerFigures:
    talk_s = sum(segment.end_s - segment.start_s for segment in segments)
    return SpeakerFigures(
        talk_s=round(talk_s, 3),
        talk_ratio=min(1.0, round(talk_s / duration_s, 4)) if duration_s else 0.0,
        segments=len(segments),
        interruptions=interruptions,
        response_gap_median_s=round(float(np.median(gaps)), 3) if gaps else None,
        response_gap_p90_s=round(float(np.percentile(gaps, 90)), 3) if gaps else None,
    )
