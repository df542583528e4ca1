"""Redaction of a conversation: what was said stays, what identifies or reaches a person goes.

What is personal the rules of a language say; here it is replaced, and looked for again until nothing is left.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, replace

from agents.transcribe.redaction.careful import WITHHELD, report
from agents.transcribe.redaction.spans import Said, Span, by_turn, disjoint

_ROUNDS = 8
"""Times to look again: nearly always the first finds nothing."""

_OTHER_DIGIT = re.compile(r"[^\D0-9]")
Personal = Callable[[Sequence[Said]], tuple[tuple[Span, ...], frozenset[int]]]
"""Gives where a conversation says something personal, in order and disjoint, and the turns that no rule has cleared."""


@dataclass(frozen=True)
class Redacted:
    """A conversation after redaction."""

    turns: tuple[Said, ...]
    """The turns, with placeholders."""
    spans: tuple[Span, ...]
    """What was replaced, in characters of the turns that were given; in order and disjoint."""
    withheld: Set[int] = frozenset()
    """Positions of the turns that are replaced whole, because a rule failed that might have found something there."""


def redact(turns: Sequence[Said], personal: Personal) -> Redacted:
    """Replace everything personal in a conversation by placeholders; a second time changes nothing. Never raises."""
    try:
        spans, withheld = _until_nothing_is_left(turns, personal)
    except Exception as error:  # noqa: BLE001 - without tokens there are no signs either
        report(error)
        spans, withheld = (), with_text(turns, range(len(turns)))
    return Redacted(_replaced(turns, spans, withheld), spans, withheld)


def _until_nothing_is_left(turns: Sequence[Said], personal: Personal) -> tuple[tuple[Span, ...], frozenset[int]]:
    """Return what is personal, also what shows as such only once something else is replaced."""
    spans, withheld = personal(_in_plain_digits(turns))
    for _ in range(_ROUNDS if spans and not withheld else 0):
        further, failed = personal(_in_plain_digits(_replaced(turns, spans, withheld)))
        withheld |= failed
        if not further:
            break
        own = by_turn(spans)
        more = (_as_given(span, own.get(span.turn, ())) for span in further)
        spans = tuple(span for span in disjoint((*spans, *more)) if span.turn not in withheld)
    return spans, withheld


def _in_plain_digits(turns: Sequence[Said]) -> tuple[Said, ...]:
    """Return the turns with the decimal digits of every script (٣, ３) as 0 to 9, each in its old place."""
    return tuple(replace(turn, text=_OTHER_DIGIT.sub(_plain_digit, turn.text)) for turn in turns)


def _plain_digit(digit: re.Match[str]) -> str:
    return str(unicodedata.decimal(digit[0]))


def _as_given(span: Span, before: Sequence[Span]) -> Span:
    """Return a span of a turn with placeholders, in characters of the turn that was given; a placeholder is whole."""

    def given(place: int, *, is_end: bool) -> int:
        longer = 0
        for own in before:
            first = own.start - longer
            if place <= first:
                break
            if place < first + len(own.kind.placeholder):
                return own.end if is_end else own.start
            longer += own.end - own.start - len(own.kind.placeholder)
        return place + longer

    return replace(span, start=given(span.start, is_end=False), end=given(span.end, is_end=True))


def with_text(turns: Sequence[Said], places: Iterable[int]) -> frozenset[int]:
    """Return those of some positions whose turns say anything."""
    return frozenset(at for at in places if turns[at].text.strip())


def _replaced(turns: Sequence[Said], spans: Iterable[Span], withheld: Set[int]) -> tuple[Said, ...]:
    """Return the turns with placeholders."""
    own = by_turn(spans)
    return tuple(
        replace(turn, text=WITHHELD if at in withheld else _with_placeholders(turn.text, own.get(at, ())))
        for at, turn in enumerate(turns)
    )


def _with_placeholders(text: str, spans: Iterable[Span]) -> str:
    parts: list[str] = []
    done = 0
    for span in spans:
        parts += [text[done : span.start], span.kind.placeholder]
        done = span.end
    return "".join([*parts, text[done:]])
