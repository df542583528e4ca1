"""Redaction of a transcript's turns: text, normalised text and words, so that nothing personal stays anywhere."""

from collections.abc import Iterator, Sequence
from statistics import fmean

from agents.transcribe.numbers import normalised
from agents.transcribe.redaction.core import redact
from agents.transcribe.redaction.spans import Said, Span, by_turn
from schemas import Turn, Word


def redacted_turns(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Return the turns without personal data; those that have none are the same objects.

    Each stretch becomes one word, from its first word's start to its last word's end, with their mean confidence. What
    the recogniser heard in place of a corrected word goes too wherever the turn had something personal: it may be a
    part of it.
    """
    found = redact([Said(turn.speaker, turn.text) for turn in turns])
    own = by_turn(found.spans)
    return tuple(
        _redacted(turn, found.turns[position].text, own[position]) if position in own else turn
        for position, turn in enumerate(turns)
    )


def _redacted(turn: Turn, text: str, spans: Sequence[Span]) -> Turn:
    words = tuple(_redacted_words(turn, spans))
    return turn.model_copy(
        update={"text": text, "normalised": None if turn.normalised is None else normalised(text), "words": words}
    )


def _redacted_words(turn: Turn, spans: Sequence[Span]) -> Iterator[Word]:
    inside: dict[Span, list[Word]] = {}
    position = 0
    for word in turn.words:
        start = turn.text.find(word.text, position)
        if start < 0:
            raise ValueError("the words of a turn are not those of its text")
        position = start + len(word.text)
        span = next((span for span in spans if span.start < position and start < span.end), None)
        if span is None:
            yield word if word.heard is None else word.model_copy(update={"heard": None})
            continue
        inside.setdefault(span, []).append(word)
        if position >= span.end:
            yield _placeholder(span, inside.pop(span))


def _placeholder(span: Span, words: Sequence[Word]) -> Word:
    return Word(
        text=span.kind.placeholder,
        start_s=words[0].start_s,
        end_s=max(word.end_s for word in words),
        confidence=round(fmean(word.confidence for word in words), 4),
    )
