"""A language that nobody has written rules for: what has the same form in all of them is still redacted."""

import re
from collections.abc import Iterator, Sequence

import phonenumbers
from stdnum import iban, luhn

from agents.transcribe.languages.language import Language
from agents.transcribe.languages.text import lowered
from agents.transcribe.redaction import Kind, Said, Span
from agents.transcribe.redaction.careful import Careful
from agents.transcribe.redaction.core import with_text
from agents.transcribe.redaction.spans import disjoint

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,4}[^\W\d_]{2,24}(?![\w-])")
_IBAN = re.compile(
    r"(?<![^\W_])[a-z]{2}\d\d(?:[ -]?[a-z0-9]{4}){2,7}(?:[ -]?[a-z0-9]{1,3})?(?![^\W_])", re.ASCII | re.IGNORECASE
)
_DIGITS = re.compile(r"(?<![^\W_])(?:\+ ?)?\(?\d(?:[ ()./-]{0,2}\d){6,}(?![^\W_])")
_GROUP = re.compile(r"\d+")
_CARD_LENGTHS = range(13, 20)
_SHORTEST_PHONE = 9
"""Digits from which a number without a country code is taken for a telephone number: dates and prices have fewer. What
has more than any telephone number is several in a row."""


def written_spans(turns: Sequence[Said]) -> Iterator[Span]:
    """Yield e-mail addresses, account and card numbers with their check digits, and what may be telephone numbers.

    As they are written, in digits and signs; no number that is said in words.
    """
    for position, turn in enumerate(turns):
        for kind, start, end in _written(turn.text):
            yield Span(position, start, end, kind)


def _written(text: str) -> Iterator[tuple[Kind, int, int]]:
    yield from ((Kind.EMAIL, *match.span()) for match in _EMAIL.finditer(text))
    for match in _IBAN.finditer(text):
        for end in _ends(text, match.start(), match.end()):
            if iban.is_valid(text[match.start() : end]):
                yield Kind.IBAN, match.start(), end
                break
    for match in _DIGITS.finditer(text):
        groups = _GROUP.findall(match[0])
        digits = "".join(groups)
        if _has_card(groups):
            yield Kind.CARD, *match.span()
        elif len(digits) >= _SHORTEST_PHONE or is_international(match[0], digits):
            yield Kind.PHONE, *match.span()


def _has_card(groups: Sequence[str]) -> bool:
    """Tell whether neighbours in a row of groups of digits are a card: what stands beside one is hidden with it."""
    for first in range(len(groups)):
        digits = ""
        for group in groups[first:]:
            digits += group
            if len(digits) > _CARD_LENGTHS[-1]:
                break
            if len(digits) in _CARD_LENGTHS and luhn.is_valid(digits):
                return True
    return False


def _ends(text: str, start: int, end: int) -> Iterator[int]:
    """Yield the ends of the words in a stretch, the last first: a word that follows may look like a part of it."""
    yield end
    yield from (start + space.start() for space in reversed(list(re.finditer(r"[ -]", text[start:end]))))


def is_international(written: str, digits: str) -> bool:
    """Return whether what is written with a plus is a valid telephone number of any country."""
    if not written.startswith("+"):
        return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(f"+{digits}"))
    except phonenumbers.NumberParseException:
        return False


def _personal(turns: Sequence[Said]) -> tuple[tuple[Span, ...], frozenset[int]]:
    careful = Careful(turns, [[] for _ in turns])
    spans = disjoint(careful.spans(lambda said, _: range(len(said)), written_spans, turns))
    withheld = with_text(turns, careful.withheld)
    return tuple(span for span in spans if span.turn not in withheld), withheld


OTHER = Language(code="", lowered=lowered, writes_apostrophes=True, personal=_personal, redacts=frozenset())
