"""Which numbers of one dictation are identifiers: by form and checksum, or because they were asked for as one."""

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import count, pairwise
from typing import NamedTuple

from agents.transcribe.languages.tr.redaction import grammar
from agents.transcribe.languages.tr.redaction.context import Announced
from agents.transcribe.languages.tr.redaction.dictation import FULL_DIGITS, Dictation
from agents.transcribe.languages.tr.redaction.identifiers import (
    LONGEST,
    POSSIBLE_LENGTHS,
    grouped_readings,
    identifier,
    readings,
)
from agents.transcribe.languages.tr.redaction.tokens import Token
from agents.transcribe.redaction.spans import Kind


class Part(NamedTuple):
    """What a token belongs to."""

    kind: Kind
    """The kind of the identifier."""
    number: int
    """Tells the identifiers of one dictation apart."""


Told = dict[Token, Part]
Line = Sequence[Token]
"""Numbers in the order in which they were said: by all, or by one speaker."""

ENOUGH_DIGITS = {Announced.PHONE: 7, Announced.NATIONAL_ID: 7, Announced.IBAN: 8, Announced.CARD: 8}
"""Digits from which an announced number is taken for one even if no checksum holds: a digit may be misheard."""
_MOBILE_DIGITS = range(7, 15)
"""Digits of what begins as a mobile number does, with a token lost or said twice."""
_SHORTEST_IDENTIFIER = 7
_WRONG_START = 3
"""Digits before a number that was asked for that were said for it."""
_WRONG_HEAD = 2
"""Digits of an account number's head, which is said after its letters."""
_OF_A_BANK = re.compile(r"\d\d00\d\d\d0")
"""How account numbers of the country begin."""
_MOBILE_HEAD = 4
"""Digits that tell a mobile number when a telephone number was asked for: zero and its prefix."""
_LIKE_CARD = range(13, 19)
_LEAST_GROUPS = 4
_YEAR_DIGITS = 4
_LIKE_PHONE = re.compile(r"0?[2-5]|90|00")
_LONG = {
    range(10, 11): Kind.PHONE,
    range(11, 12): Kind.NATIONAL_ID,
    range(12, 14): Kind.PHONE,
    range(15, 17): Kind.CARD,
    range(22, 27): Kind.IBAN,
}
"""What so many digits are that nothing announces as anything else, even if no checksum holds."""


def matched(
    turns: Sequence[Line], dictation: Dictation, context: Announced | None, recent: Set[Announced]
) -> tuple[Told, bool]:
    """Return what the tokens are a part of, and whether an identifier of a valid form is among them."""
    tokens = dictation.tokens
    speakers = dict.fromkeys(token.speaker for token in tokens)
    own_lines = [[token for token in tokens if token.speaker == own] for own in speakers]
    lines = [tokens, *own_lines] if len(speakers) > 1 else [tokens]
    hits: Told = {}
    number = count()
    wholes = _wholes(own_lines, context, recent)
    for window, kind in (*wholes, *(hit for line in lines for hit in _windows(line, context, recent))):
        if not any(token in hits for token in window):
            hits |= dict.fromkeys(window, Part(kind, next(number)))
    if hits:
        return hits | _around(turns, dictation, hits, context), True
    for line in lines:
        own = free(line, context)
        if kind_taken := _taken_for(own, context):
            return dict.fromkeys((*own, *free(tokens, None)), Part(kind_taken, 0)), False
    return {}, False


def free(line: Line, context: Announced | None) -> list[Token]:
    """Return the tokens that measure nothing, and the last one if a number that was asked for is too short without it.

    A number's end runs into what is said next: ``… on iki saat beşten sonra``.
    """
    full = FULL_DIGITS.get(context, 0) if context else 0
    short = sum(len(token.digits) for token in line) <= full
    ends = short and len(line) > 1 and line[-1].turn == line[-2].turn
    return [token for token in line if not token.measures or (ends and token is line[-1])]


def _taken_for(line: Line, context: Announced | None) -> Kind | None:
    """Return what a line without a valid identifier is taken for."""
    digits = "".join(token.digits for token in line)
    mobile = digits.startswith("05")
    if mobile and len(digits) in _MOBILE_DIGITS and (context is not Announced.OTHER or len(digits) == 11):
        return Kind.PHONE
    if context is None:
        return _taken_unannounced(line, digits)
    if not context.kind:
        return None
    if context is Announced.PHONE:
        priced = digits[:1] != "0" and any(token.words and len(token.digits) > 3 for token in line)
        if priced or (mobile and len(digits) >= _MOBILE_HEAD):
            return None if priced else Kind.PHONE
    return context.kind if len(digits) >= ENOUGH_DIGITS[context] else None


def are_of_business(line: Line) -> bool:
    """Return whether half of some numbers or more are like prices, years or hours: round, 20.., with an ending."""
    counts = sum(
        (token.digits.endswith("0") and len(token.digits) > 1)
        or (len(token.digits) == _YEAR_DIGITS and token.digits.startswith(("19", "20")))
        or bool(token.ending)
        for token in line
    )
    return 2 * counts >= len(line)


def counts_aloud(line: Line) -> bool:
    """Return whether numbers are counted: one, two, three, or the same few again and again."""
    digits = [token.digits for token in line]
    return "1 2 3" in " ".join(digits) or any(
        digits[:times] * (len(digits) // times) == digits for times in (1, 2) if len(digits) >= 3 * times
    )


def like(digits: str) -> Kind:
    """Return what digits are most like that nothing announces."""
    if len(digits) > _LIKE_CARD[-1]:
        return Kind.IBAN
    if len(digits) in _LIKE_CARD:
        return Kind.CARD
    return Kind.NATIONAL_ID if len(digits) in {9, 11} and digits[0] not in "05" else Kind.PHONE


def _taken_unannounced(line: Line, digits: str) -> Kind | None:
    """Return what many digits are that nothing announces: a misheard identifier, or a list of prices or hours."""
    if len(line) < _LEAST_GROUPS or are_of_business(line):
        return None
    kind = next((kind for lengths, kind in _LONG.items() if len(digits) in lengths), None)
    return None if kind is Kind.PHONE and not _LIKE_PHONE.match(digits) else kind


def _wholes(lines: Iterable[Line], context: Announced | None, recent: Set[Announced]) -> Iterator[tuple[Line, Kind]]:
    """Yield the lines that are one identifier from end to end."""
    for line in lines:
        kind = next(filter(None, map(identifier, (*readings(line), *grouped_readings(line)))), None)
        if kind and _believed(line, kind, context, recent, _Place(begins=True, whole=True, apart=True)):
            yield line, kind


def _windows(line: Line, context: Announced | None, recent: Set[Announced]) -> Iterator[tuple[Line, Kind]]:
    """Yield the stretches that are identifiers as a whole, the longest first."""
    found: list[tuple[int, int, int, Kind]] = []
    for first in range(len(line)):
        length = 0
        for last in range(first, len(line)):
            length += len(line[last].digits)
            if length > LONGEST:
                break
            if length not in POSSIBLE_LENGTHS:
                continue
            window = line[first : last + 1]
            kind = next(filter(None, map(identifier, readings(window))), None)
            apart = first == 0 or not _adjoin(line[first - 1], line[first])
            place = _Place(first == 0, apart and last == len(line) - 1, apart)
            if kind and _believed(window, kind, context, recent, place):
                found.append((-length, first, last, kind))
    for _, first, last, kind in sorted(found):
        yield line[first : last + 1], kind


class _Place(NamedTuple):
    begins: bool
    """Whether a stretch is the first of its line."""
    whole: bool
    """Whether it is the whole line, or all of it after something else was said."""
    apart: bool
    """Whether something is said between it and the number before."""


def _believed(window: Line, kind: Kind, context: Announced | None, recent: Set[Announced], place: _Place) -> bool:
    """Return whether digits of a valid form are what they look like: chance has valid forms too."""
    if kind is Kind.PHONE:
        return _believed_phone(window, context, place)
    if kind is Kind.IBAN:
        digits = "".join(token.digits for token in window)
        return context is Announced.IBAN or _OF_A_BANK.match(digits) is not None
    if context is Announced.OTHER:
        return (place.whole or len(window) == 1) and Announced(kind.value) in recent
    if _measures(window):
        return False
    announced = context is not None and context.kind is kind
    unlikely = kind is Kind.CARD and (
        context not in {None, Announced.PHONE} or len({token.speaker for token in window}) > 1
    )
    return announced or ((place.whole or len(window) == 1) and not unlikely)


def _measures(window: Line) -> bool:
    """Return whether a number of a stretch measures something, but for a last one that runs into what is said next."""
    runs_on = len(window) == 1 or window[-1].turn == window[-2].turn
    return any(token.measures for token in (window[:-1] if runs_on else window))


def _believed_phone(window: Line, context: Announced | None, place: _Place) -> bool:
    digits = "".join(token.digits for token in window)
    mobile, from_zero = digits.startswith("05"), digits.startswith("0") and len(digits) == 11
    if len(digits) == _SHORTEST_IDENTIFIER and context is not Announced.OTHER:
        return place.whole or (place.begins and not window[0].words)
    if context not in {None, Announced.PHONE}:
        return from_zero and (place.whole or (mobile and context is Announced.OTHER))
    if _measures(window):
        return False
    headed = place.begins and digits.startswith(("0", "90"))
    return context is Announced.PHONE or place.whole or headed or (mobile and from_zero and place.apart)


def _around(turns: Sequence[Line], dictation: Dictation, hits: Told, context: Announced | None) -> Told:
    """Return what else in the dictation belongs to the numbers found: wrong starts, corrections, repeats."""
    tokens = dictation.tokens
    places = [place for place, token in enumerate(tokens) if token in hits]
    said = [digits for digits, *_ in numbers_told(hits)]
    announced = context is not None and any(context.kind is part.kind for part in hits.values())
    all_belong = announced or _is_corrected(turns, dictation)
    start = "".join(token.digits for token in tokens[: places[0]] if not token.measures)
    begun_again = any(digits.startswith(start[:_MOBILE_HEAD]) for digits in said) and len(start) >= _MOBILE_HEAD
    least = _WRONG_HEAD if context is Announced.IBAN else _WRONG_START
    near = _near(dictation, places[0], places[-1])
    own: Told = {}
    for place, token in enumerate(tokens):
        if token in hits or token.measures:
            continue
        before = tokens[place - 1] if place else token
        continues = (before in hits or before in own) and _adjoin(before, token)
        repeats = any(token.digits in digits for digits in said)
        wrong_start = place < places[0] and (begun_again or (announced and len(start) >= least))
        tight = place in near
        if (all_belong and tight) or places[0] < place < places[-1] or (repeats and tight) or continues or wrong_start:
            own[token] = hits[tokens[min(places, key=lambda hit: abs(hit - place))]]
    return own


def _near(dictation: Dictation, first: int, last: int) -> range:
    """Return the places around those from ``first`` to ``last`` with no other talk in between."""
    tokens, apart = dictation.tokens, dictation.apart
    while first and tokens[first] not in apart:
        first -= 1
    while last + 1 < len(tokens) and tokens[last + 1] not in apart:
        last += 1
    return range(first, last + 1)


def _adjoin(before: Token, token: Token) -> bool:
    return (before.turn, before.place + 1) == (token.turn, token.place) and not token.after_comma


def _is_corrected(turns: Sequence[Line], dictation: Dictation) -> bool:
    """Return whether something is taken back between the numbers of a dictation."""
    for before, token in pairwise(dictation.tokens):
        for turn in range(before.turn, token.turn + 1):
            first = before.place + 1 if turn == before.turn else 0
            last = token.place if turn == token.turn else None
            if any(word.text in grammar.CORRECTS for word in turns[turn][first:last]):
                return True
    return False


def numbers_told(told: Told) -> list[tuple[str, Kind, int]]:
    """Return the digits of each number, all together and as each speaker said them, its kind, and its last turn."""
    parts: dict[Part, list[Token]] = {}
    for token in sorted(told, key=lambda token: (token.turn, token.place)):
        parts.setdefault(told[token], []).append(token)
    return [
        ("".join(token.digits for token in line), part.kind, max(token.turn for token in line))
        for part, own in parts.items()
        for line in (own, *([p for p in own if p.speaker == one] for one in {p.speaker for p in own}))
    ]
