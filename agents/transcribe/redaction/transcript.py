"""Redaction of a transcript's turns: text, normalised text and words, so that nothing personal stays anywhere."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from statistics import fmean
from typing import NamedTuple

from agents.transcribe.redaction.careful import WITHHELD, report
from agents.transcribe.redaction.core import Redacted
from agents.transcribe.redaction.spans import Said, Span, by_turn
from schemas import Turn, Word

Redact = Callable[[Sequence[Said]], Redacted]
"""Redacts a conversation in its language."""
Normalised = Callable[[str], str]
"""Gives a text with its number words as digits."""
Lowered = Callable[[str], str]
"""Gives a text in lower case."""


class Cleared(NamedTuple):
    """A transcript without personal data."""

    turns: tuple[Turn, ...]
    """As many as were given."""
    withheld: int
    """How many of them are replaced whole, because the redaction failed on them."""


def redacted_turns(
    turns: Sequence[Turn], redact: Redact, normalised: Normalised, *, normalise: bool = False
) -> Cleared:
    """Return the turns without personal data; those that have none and are not to be normalised are the same objects.

    Each stretch becomes one word, from its first word's start to its last word's end, with their mean confidence. What
    the recogniser heard in place of a corrected word goes too wherever the turn had something personal: it may be a
    part of it. What cannot be redacted is withheld: the turn is one word then, ``[withheld]``. Never raises.

    Args:
        turns: What was said.
        redact: What finds personal data in the language.
        normalised: What writes numbers in digits.
        normalise: Give every turn its normalised text; else those alone that have one already.
    """
    found = redact([Said(turn.speaker, turn.text) for turn in turns])
    own = by_turn(found.spans)
    cleared = [
        None
        if position in found.withheld
        else _cleared(turn, found.turns[position].text, own.get(position, ()), normalised, everywhere=normalise)
        for position, turn in enumerate(turns)
    ]
    whole = tuple(clear or _withheld(turn, normalise=normalise) for clear, turn in zip(cleared, turns, strict=True))
    return Cleared(whole, cleared.count(None))


def _cleared(turn: Turn, text: str, spans: Sequence[Span], normalised: Normalised, *, everywhere: bool) -> Turn | None:
    """Return a turn with placeholders; None where that fails."""
    try:
        redacted = turn
        if spans:
            redacted = turn.model_copy(update={"text": text, "words": tuple(_words(turn, spans))})
        if everywhere or (spans and turn.normalised is not None):
            redacted = redacted.model_copy(update={"normalised": normalised(redacted.text)})
    except Exception as error:  # noqa: BLE001 - whatever it is, the call goes on
        report(error)
        return None
    return redacted


def _withheld(turn: Turn, *, normalise: bool) -> Turn:
    """Return a turn of the same speaker and times that says nothing."""
    normal = WITHHELD if normalise or turn.normalised is not None else None
    words = (_one_word(WITHHELD, turn.words),) if turn.words else ()
    return turn.model_copy(update={"text": WITHHELD, "normalised": normal, "words": words})


def _words(turn: Turn, spans: Sequence[Span]) -> Iterator[Word]:
    left = deque(spans)
    inside: list[Word] = []  # of the first that is left
    position = 0
    for word in turn.words:
        start = turn.text.find(word.text, position)
        if start < 0:
            raise ValueError("the words of a turn are not those of its text")
        position = start + len(word.text)
        while left and left[0].end <= start:
            left.popleft()
            inside = []
        if not left or position <= left[0].start:
            yield word if word.heard is None else word.model_copy(update={"heard": None})
            continue
        inside.append(word)
        if position >= left[0].end:
            yield _one_word(left[0].kind.placeholder, inside)
            inside = []


def _one_word(text: str, words: Sequence[Word]) -> Word:
    return Word(
        text=text,
        start_s=words[0].start_s,
        end_s=max(word.end_s for word in words),
        confidence=round(fmean(word.confidence for word in words), 4),
    )
