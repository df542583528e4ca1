"""What redaction takes and gives: turns of text, and the stretches of them that say something personal."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

_WORD = re.compile(r"[^\W_]+")


class Kind(StrEnum):
    """What a stretch of text says; its placeholder is the name in square brackets."""

    PHONE = "phone"
    NATIONAL_ID = "national_id"
    IBAN = "iban"
    CARD = "card"
    EMAIL = "email"
    PLATE = "plate"
    ADDRESS = "address"
    PERSON = "person"

    @property
    def placeholder(self) -> str:
        """What stands in the text instead."""
        return f"[{self.value}]"


@dataclass(frozen=True)
class Said:
    """One turn of a conversation."""

    speaker: str
    """Who spoke, in any words that tell the speakers apart."""
    text: str
    """What was said."""


@dataclass(frozen=True, order=True)
class Span:
    """A stretch of one turn's text."""

    turn: int
    """Position of the turn, from 0."""
    start: int
    """Position of the first character in the turn's text."""
    end: int
    """Position after the last character."""
    kind: Kind
    """What it says."""


def disjoint(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the spans in order; of spans that overlap one is left, over all of them, with the earlier one's kind."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.turn, span.start, -span.end)):
        if kept and kept[-1].turn == span.turn and span.start < kept[-1].end:
            kept[-1] = Span(span.turn, kept[-1].start, max(kept[-1].end, span.end), kept[-1].kind)
        else:
            kept.append(span)
    return tuple(kept)


class _Stretch(Protocol):
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


def by_turn(spans: Iterable[Span]) -> dict[int, list[Span]]:
    """Return the spans of each turn that has some."""
    own: dict[int, list[Span]] = {}
    for span in spans:
        own.setdefault(span.turn, []).append(span)
    return own


def meets(stretch: _Stretch, others: Sequence[Span]) -> bool:
    """Return whether a stretch of a turn overlaps one of the others in it, which are in order and disjoint."""
    before_end = bisect_left(others, stretch.end, key=lambda other: other.start)
    return before_end > 0 and others[before_end - 1].end > stretch.start


def is_placeholder(text: str, span: Span) -> bool:
    """Return whether a span is a word of a placeholder: of what was replaced before."""
    return text[span.start - 1 : span.start] == "[" and text[span.end : span.end + 1] == "]"


def all_outside(turns: Sequence[Said], spans: Iterable[Span], settled: Iterable[Span]) -> Iterator[Span]:
    """Yield what of the spans lies outside those that are settled, which are in order and disjoint."""
    taken = by_turn(settled)
    for span in spans:
        yield from outside(turns[span.turn].text, span, taken.get(span.turn, ()))


def outside(text: str, span: Span, others: Sequence[Span]) -> Iterator[Span]:
    """Yield what of a span lies outside the others, in order and disjoint; nothing where they are most of it."""
    first = bisect_right(others, span.start, key=lambda other: other.end)
    inside = others[first : bisect_left(others, span.end, key=lambda other: other.start)]
    if 2 * sum(min(other.end, span.end) - max(other.start, span.start) for other in inside) > span.end - span.start:
        return
    start = span.start
    for end, following in (*((other.start, other.end) for other in inside), (span.end, span.end)):
        words = list(_WORD.finditer(text, start, max(start, end)))
        if words:
            yield replace(span, start=words[0].start(), end=words[-1].end())
        start = max(start, following)
