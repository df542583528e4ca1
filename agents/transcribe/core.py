"""What the transcribe stage computes apart from recognition: what to decode, and turns from words."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from schemas import Speaker, SpeechSegment, Turn, Word

Span = tuple[float, float]
"""Start and end in seconds from the start of the recording."""

PAUSE_WITHIN_TURN_S = 3.0
"""A speaker who goes on after a longer pause begins a new turn, even if nobody spoke in between."""


def spans_to_decode(segments: Sequence[SpeechSegment], context_s: float, duration_s: float) -> list[Span]:
    """Widen each segment by ``context_s`` on both sides and merge what then overlaps.

    The spans are sorted, disjoint and inside the recording, so that nothing is decoded twice.
    """
    spans: list[Span] = []
    for segment in sorted(segments, key=lambda segment: segment.start_s):
        start, end = max(0.0, segment.start_s - context_s), min(duration_s, segment.end_s + context_s)
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        elif end > start:
            spans.append((start, end))
    return spans


def merge_turns(words: Mapping[Speaker, Iterable[Word]]) -> tuple[Turn, ...]:
    """Merge both speakers' words into turns by time.

    A turn ends when the other speaker's next word begins before the speaker's own next one, or at a long pause. Where
    both speak at once the turns overlap in time, and no word is lost.
    """
    timeline = sorted(
        ((word, speaker) for speaker, own in words.items() for word in own), key=lambda item: item[0].start_s
    )
    turns: list[tuple[Speaker, list[Word]]] = []
    for word, speaker in timeline:
        if turns and turns[-1][0] == speaker and word.start_s - turns[-1][1][-1].end_s <= PAUSE_WITHIN_TURN_S:
            turns[-1][1].append(word)
        else:
            turns.append((speaker, [word]))
    return tuple(_turn(speaker, own) for speaker, own in turns)


def _turn(speaker: Speaker, words: Sequence[Word]) -> Turn:
    return Turn(
        speaker=speaker,
        start_s=words[0].start_s,
        end_s=max(word.end_s for word in words),
        text=" ".join(word.text for word in words),
        confidence=round(fmean(word.confidence for word in words), 4),
        words=tuple(words),
    )
