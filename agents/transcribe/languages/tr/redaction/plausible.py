"""What of a model's finds can be what it takes them for: each kind has a form, and what nobody asked for is left."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from agents.transcribe.languages.tr.redaction import naming
from agents.transcribe.languages.tr.redaction.address_parts import Sign, parts
from agents.transcribe.languages.tr.redaction.addresses import address_places
from agents.transcribe.languages.tr.redaction.context import Announced, Announcements
from agents.transcribe.languages.tr.redaction.emails import email_places
from agents.transcribe.languages.tr.redaction.matching import are_of_business
from agents.transcribe.languages.tr.redaction.names import name_places
from agents.transcribe.languages.tr.redaction.plates import plate_places
from agents.transcribe.languages.tr.redaction.spelling import letters_at
from agents.transcribe.languages.tr.redaction.tokens import Token, number_places
from agents.transcribe.redaction.careful import Places
from agents.transcribe.redaction.spans import Kind, Said, Span

_NUMBERS = frozenset({Kind.PHONE, Kind.NATIONAL_ID, Kind.IBAN, Kind.CARD})
_LEADS = frozenset(Sign) - {Sign.PLACE}
"""Signs of an address: a district or a city leads to no door."""
_BY_PLACE = frozenset({Kind.EMAIL, Kind.PERSON})
"""Kinds of which one find needs no other near it."""
_PLACES: dict[Kind, Places] = {
    **dict.fromkeys(_NUMBERS, number_places),
    Kind.PLATE: plate_places,
    Kind.EMAIL: email_places,
    Kind.ADDRESS: address_places,
    Kind.PERSON: name_places,
}
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
    places = {kind: frozenset(where(turns, heard)) for kind, where in _PLACES.items()}
    words = {span: _within(heard[span.turn], span) for span in (*found, *by_rules)}
    near: dict[Kind, set[int]] = {}
    digits: Counter[Kind] = Counter()
    for span, own in words.items():
        digits[span.kind] += _length(own)
        if _tells(span.kind, own):
            near.setdefault(span.kind, set()).update(range(span.turn - _TURNS_NEAR, span.turn + _TURNS_NEAR + 1))
    for span in found:
        enough = digits[span.kind] >= _WHOLE_DIGITS
        is_number = span.kind not in _NUMBERS or _is_number(span.kind, words[span], announcements, enough=enough)
        is_near = span.kind in _BY_PLACE or span.turn in near.get(span.kind, ())
        everyday = span.kind is Kind.PERSON and all(token.text in naming.MORE_OFTEN_WORDS for token in words[span])
        if is_number and is_near and not everyday and span.turn in places[span.kind]:
            yield span


def learnt_places(turns: Sequence[Said], heard: Sequence[Sequence[Token]]) -> Iterable[int]:
    """Return the positions of all turns in which a model may find something: those of every kind."""
    return sorted({turn for where in set(_PLACES.values()) for turn in where(turns, heard)})


def _tells(kind: Kind, own: Sequence[Token]) -> bool:
    """Return whether words say enough of a kind that what is near them may be a part of it."""
    if kind in _NUMBERS:
        return _length(own) >= _TELLING_DIGITS
    if kind is Kind.PLATE:
        return any(token.digits or letters_at(own, place)[1] for place, token in enumerate(own))
    return any(part.sign in _LEADS for part in parts(own))


def _within(own: Sequence[Token], span: Span) -> Sequence[Token]:
    first, end = (bisect_left(own, place, key=lambda token: token.start) for place in (span.start, span.end))
    return own[first:end]


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
