"""Which kind of identifier a string of digits is: telephone numbers by numbering plan, all others by checksum."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice, product

import phonenumbers
from stdnum import iban, luhn
from stdnum.tr import tckimlik

from agents.transcribe.languages.tr.number_words import numbers
from agents.transcribe.languages.tr.redaction.tokens import Token
from agents.transcribe.redaction.spans import Kind, Said, Span

_MOBILE = re.compile(r"(?:0|90|0090)5\d{9}")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d\d(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
_COUNTRY = "TR"
_LENGTHS = {24: Kind.IBAN, 16: Kind.CARD, 15: Kind.CARD}
_CARD_HEAD = re.compile(r"[34569]")
_READINGS = 64
_GROUPS = (
    *((3, 3, 3, 2), (3, 2, 2, 2, 2), (2, 2, 2, 2, 2, 1), (2, 3, 3, 3)),  # 11 digits
    *((4,) * 4, (2,) * 8),  # 16 digits
    *((2, 4, 4, 4, 4, 4, 2), (2,) * 12, (3,) * 8),  # 24 digits
)
"""In groups of so many digits long numbers are said."""
_MISCOUNTED = 6
"""Digits by which a number's length may be wrong where its groups were read wrongly."""
_LONGEST_GROUP = 6
"""Words of a group of four digits, generously: ``dokuz bin dokuz yüz doksan dokuz``."""
POSSIBLE_LENGTHS = frozenset({7, 10, 11, 12, 13, 14, 15, 16, 24})
"""Of so many digits identifiers are."""
LONGEST = 24
"""Digits of the longest identifier."""


def identifier(digits: str) -> Kind | None:
    """Return what the digits are, as a whole; None for a number of no such kind."""
    length = len(digits)
    if length == LONGEST:
        return Kind.IBAN if iban.is_valid(f"{_COUNTRY}{digits}") else None
    if length in _LENGTHS:
        return Kind.CARD if _CARD_HEAD.match(digits) and luhn.is_valid(digits) else None
    if length == 11 and tckimlik.is_valid(digits):
        return Kind.NATIONAL_ID
    service = length == 7 and digits.startswith("444")
    return Kind.PHONE if (10 <= length <= 14 or service) and is_phone(digits) else None


def is_phone(digits: str) -> bool:
    """Return whether the digits are a telephone number of the country, or a full number of another one."""
    if _MOBILE.fullmatch(digits):
        return True  # also of a range that the numbering plan does not know yet
    if digits.startswith(("00", "90")):
        digits = "+" + digits.removeprefix("00")
    elif len(digits) > 11 or (len(digits) == 11 and not digits.startswith("0")):
        return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(digits, _COUNTRY))
    except phonenumbers.NumberParseException:
        return False


def readings(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield the digits that the tokens can stand for, the likeliest first.

    Spoken groups run into each other: ``elli iki yüz on`` is 52 and 110, or 50 and 210.
    """
    options: list[tuple[tuple[str, ...], ...]] = []
    position = 0
    while position < len(tokens):
        first, second = tokens[position], tokens[position + 1] if position + 1 < len(tokens) else None
        tens, ones = first.digits[-2:-1], first.digits[-1]  # no tens in "beş buçuk", one digit of two words
        joint = first.words > 1 and second and second.words and ones not in "01" and tens not in {"", "0"}
        if joint and second and len(second.digits) == 3 and second.digits[0] == "1":
            shifted = (f"{first.digits[:-1]}0", ones + second.digits[1:])
            options.append(((first.digits, second.digits), shifted))
            position += 2
        else:
            options.append(((first.digits,),))
            position += 1
    for chosen in islice(product(*options), _READINGS):
        yield "".join(digits for pair in chosen for digits in pair)


def grouped_readings(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield the digits that spoken tokens stand for if they were said in even groups, as long numbers are.

    Without knowing the groups ``elli altı bin yüz`` may be 50 and 6100, 56 and 1100, or 56100.
    """
    words = [word for token in tokens if token.words for word in token.text.split()]
    length = sum(len(token.digits) for token in tokens)
    if len(words) != sum(token.words for token in tokens) or not all(token.words for token in tokens):
        return
    for groups in _GROUPS:
        if abs(sum(groups) - length) <= _MISCOUNTED:
            yield from islice(_in_groups(words, groups), _READINGS)


def _in_groups(words: Sequence[str], groups: Sequence[int]) -> Iterator[str]:
    if not groups:
        if not words:
            yield ""
        return
    zeros = 0
    while zeros < len(words) and zeros < groups[0] and words[zeros] == "sıfır":
        zeros += 1
    for taken in range(zeros, min(len(words), zeros + _LONGEST_GROUP) + 1):
        digits = "0" * zeros
        if taken > zeros:
            found = numbers(" ".join(words[zeros:taken]))
            digits += found[0].digits if len(found) == 1 else "?" * LONGEST
        if len(digits) == groups[0]:
            yield from (digits + rest for rest in _in_groups(words[taken:], groups[1:]))


def international_phone_spans(turns: Sequence[Said]) -> Iterator[Span]:
    """Yield the telephone numbers of any country that are written with a plus."""
    for position, turn in enumerate(turns):
        if "+" in turn.text:
            for match in phonenumbers.PhoneNumberMatcher(turn.text, None):
                yield Span(position, match.start, match.end, Kind.PHONE)


def iban_spans(turns: Sequence[Said]) -> Iterator[Span]:
    """Yield the account numbers of any country that are written in their usual form."""
    for position, turn in enumerate(turns):
        for match in _IBAN.finditer(turn.text):
            if iban.is_valid(match[0]):
                yield Span(position, match.start(), match.end(), Kind.IBAN)
