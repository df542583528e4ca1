"""What of a model's finds can be what it takes them for: each kind has a form, and what nobody asked for is left."""

from collections import Counter
from collections.abc import Iterator, Sequence

from agents.transcribe.redaction.context import Announced, Announcements
from agents.transcribe.redaction.emails import email_places
from agents.transcribe.redaction.matching import are_of_business
from agents.transcribe.redaction.places import places
from agents.transcribe.redaction.spans import Kind, Said, Span
from agents.transcribe.redaction.spelling import letters_at
from agents.transcribe.redaction.tokens import Token

_NUMBERS = frozenset({Kind.PHONE, Kind.NATIONAL_ID, Kind.IBAN, Kind.CARD})
_TELLING_DIGITS = 4
"""Fewer are a part of a number only near more of it."""
_WHOLE_DIGITS = 10
"""So many of a kind that nothing announces, in the whole call."""
_TURNS_NEAR = 8


def plausible(
    found: Sequence[Span],
    by_rules: Sequence[Span],
    turns: Sequence[Said],
    heard: Sequence[Sequence[Token]],
    announcements: Announcements,
) -> Iterator[Span]:
    """Yield those of the spans that a model has found that can be what it takes them for."""
    of_email = frozenset(email_places(turns, heard))
    words = {span: _within(heard[span.turn], span) for span in (*found, *by_rules)}
    leads = any(span.kind is Kind.ADDRESS and not _is_place_only(own) for span, own in words.items())
    whole: dict[Kind, set[int]] = {}
    digits: Counter[Kind] = Counter()
    for span, own in words.items():
        digits[span.kind] += _length(own)
        if span.kind in _NUMBERS and _length(own) >= _TELLING_DIGITS:
            turns_near = range(span.turn - _TURNS_NEAR, span.turn + _TURNS_NEAR + 1)
            whole.setdefault(span.kind, set()).update(turns_near)
    for span in found:
        own = words[span]
        if span.kind in _NUMBERS:
            enough = digits[span.kind] >= _WHOLE_DIGITS
            near = span.turn in whole.get(span.kind, ())
            is_plausible = near and _is_number(span.kind, own, announcements, enough=enough)
        elif span.kind is Kind.PLATE:
            is_plausible = any(token.digits or letters_at(heard[span.turn], token.place)[1] for token in own)
        elif span.kind is Kind.EMAIL:
            is_plausible = span.turn in of_email
        else:
            is_plausible = span.kind is not Kind.ADDRESS or leads
        if is_plausible:
            yield span


def _within(own: Sequence[Token], span: Span) -> list[Token]:
    return [token for token in own if span.start <= token.start < span.end]


def _length(own: Sequence[Token]) -> int:
    return sum(len(token.digits) for token in own)


def _is_number(kind: Kind, own: Sequence[Token], announcements: Announcements, *, enough: bool) -> bool:
    """Return whether numbers may be an identifier: announced as one, or enough digits, and no prices, years, hours."""
    numbers = [token for token in own if token.digits]
    if not numbers or all(token.measures for token in numbers):
        return False
    announced = announcements.before(numbers[0])
    if announced is Announced.OTHER:
        return False
    if announced is not None and announced.kind is kind:
        return True
    return (announced is not None or enough) and not are_of_business(numbers)


def _is_place_only(own: Sequence[Token]) -> bool:
    return all(places().is_place(token.text) for token in own)
