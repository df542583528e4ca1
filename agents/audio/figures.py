"""Talk, silence and overlap, from who spoke when. Plain arithmetic on intervals."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from schemas import Speaker, SpeakerFigures, SpeechFigures, SpeechSegment


def speech_figures(speech: Mapping[Speaker, Sequence[SpeechSegment]], duration_s: float) -> SpeechFigures:
    """Work out the figures of a call.

    Args:
        speech: Each speaker's segments: sorted, disjoint, inside the recording.
        duration_s: Length of the recording in seconds.
    """
    edges = sorted({0.0, duration_s, *(edge for own in speech.values() for s in own for edge in (s.start_s, s.end_s))})
    silence = overlap = longest = quiet = 0.0
    for start, end in pairwise(edges):
        speaking = sum(any(s.start_s <= start and end <= s.end_s for s in own) for own in speech.values())
        quiet = quiet + end - start if speaking == 0 else 0.0
        longest = max(longest, quiet)
        silence += end - start if speaking == 0 else 0.0
        overlap += end - start if speaking > 1 else 0.0
    return SpeechFigures(
        speakers={speaker: _of_one(own, duration_s) for speaker, own in speech.items()},
        silence_s=round(silence, 3),
        longest_silence_s=round(longest, 3),
        overlap_s=round(overlap, 3),
    )


def _of_one(segments: Sequence[SpeechSegment], duration_s: float) -> SpeakerFigures:
    talk_s = sum(segment.end_s - segment.start_s for segment in segments)
    return SpeakerFigures(
        talk_s=round(talk_s, 3),
        talk_ratio=min(1.0, round(talk_s / duration_s, 4)) if duration_s else 0.0,
        segments=len(segments),
    )
