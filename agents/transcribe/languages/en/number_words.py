"""English number words: where in a text each number stands, and which it is.

``oh`` and ``o`` are a zero, and ``one`` and ``a hundred`` a number, only beside other numbers: alone they are mostly
something else.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from agents.transcribe.languages.text import lowered

_ZEROS = dict.fromkeys(("zero", "nought", "naught", "nil", "oh", "o"), 0)
_DIGITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ONES = {word: value for value, word in enumerate(_DIGITS, start=1)}
_TEENS = dict(
    zip(
        ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"],
        range(10, 20),
        strict=True,
    )
)
_TENS = dict(
    zip(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], range(20, 100, 10), strict=True)
)
_SCALES = {"thousand": 1000, "million": 10**6, "billion": 10**9}
_TIMES = {"double": 2, "triple": 3, "treble": 3}
_ORDINAL = re.compile(r"first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|[a-z]+teenth|[a-z]+tieth|tenth")
_UNCERTAIN = {"oh", "o", "one", "nil"}
_TOKEN = re.compile(r"\d+|[^\W\d_]+(?:'[^\W\d_]+)*")


@dataclass(frozen=True)
class Number:
    """One number in a text, in words or in digits."""

    start: int
    """Position of its first character in the text."""
    end: int
    """Position after its last character."""
    digits: str
    """Its digits; ``44`` for ``double four``."""
    certain: bool = True
    """False for a word that is mostly no number, see above."""
    spoken: bool = True
    """False for digits that stood in the text."""
    repeats: bool = False
    """Whether it was said as ``double`` or ``triple``: a part of a number that is dictated."""


Words = Sequence[tuple[str, int, int]]
"""The words of a text in lower case, with their start and end."""


def numbers(text: str) -> list[Number]:
    """Return all numbers of a text in order, the uncertain ones and those in digits too; no ordinals."""
    low = lowered(text)
    words = [(match[0], match.start(), match.end()) for match in _TOKEN.finditer(low)]
    found: list[Number] = []
    at = 0
    while at < len(words):
        number, taken = _number_at(low, words, at)
        if number:
            found.append(number)
        at += taken
    return list(_settled(low, found))


def _number_at(low: str, words: Words, at: int) -> tuple[Number | None, int]:
    """Return the number that starts at a word, if one does, and how many words it or else the word takes."""
    word, start, end = words[at]
    if word.isdecimal():
        return Number(start, end, word, spoken=False), 1
    following = words[at + 1][0] if at + 1 < len(words) else ""
    if word in _TIMES and (digit := _digit(following)):
        return Number(start, words[at + 1][2], digit * _TIMES[word], repeats=True), 2
    if word in _ZEROS:
        return Number(start, end, "0", certain=word not in _UNCERTAIN), 1
    value, taken = _cardinal(low, words, at)
    if not taken:
        return None, 1
    after = words[at + taken][0] if at + taken < len(words) else ""
    if words[at + taken - 1][0] in _TENS and _ORDINAL.fullmatch(after):
        return None, taken + 1  # twenty first
    return Number(start, words[at + taken - 1][2], str(value), certain=taken > 1 or word not in _UNCERTAIN), taken


def _digit(word: str) -> str:
    """Return the one digit that a word says; empty if it says none."""
    value = _ZEROS.get(word, _ONES.get(word))
    return word if len(word) == 1 and word.isdecimal() else "" if value is None else str(value)


def _cardinal(low: str, words: Words, at: int) -> tuple[int, int]:
    """Return the cardinal that starts at a word, and how many words it takes; 0 of them if there is none."""
    total, taken, scale = 0, 0, 10**12
    while True:
        group, used = _below_thousand(low, words, at + taken)
        if not used:
            return total, taken
        following = at + taken + used
        own = _SCALES.get(words[following][0], 0) if following < len(words) else 0
        if taken and own >= scale:
            return total, taken
        if not own:
            # "two thousand four hundred" is one number, "two thousand four" too; "twenty thirty" are two
            return (total + group, taken + used) if not taken or group < scale else (total, taken)
        total, taken, scale = total + group * own, taken + used + 1, own
        bridge = at + taken
        if bridge + 1 < len(words) and words[bridge][0] == "and" and _below_thousand(low, words, bridge + 1)[1]:
            rest, more = _below_thousand(low, words, bridge + 1)
            return total + rest, taken + 1 + more


def _below_thousand(low: str, words: Words, at: int) -> tuple[int, int]:
    value, used = _below_hundred(low, words, at)
    is_article = not used and at < len(words) and words[at][0] == "a"
    hundred = at + (1 if is_article else used)
    if hundred < len(words) and words[hundred][0] == "hundred" and (is_article or 0 < value < 100):
        value, used = (1 if is_article else value) * 100, hundred + 1 - at
        ahead = at + used + (at + used < len(words) and words[at + used][0] == "and")
        rest, more = _below_hundred(low, words, ahead)
        if more and (ahead > at + used or not _is_digit(words, ahead) or not _is_digit(words, ahead + more)):
            return value + rest, ahead + more - at
    elif is_article:
        return (1, 1) if hundred < len(words) and words[hundred][0] in _SCALES else (0, 0)
    return value, used


def _is_digit(words: Words, at: int) -> bool:
    """Return whether a word is one digit of a number that is dictated: nine hundred, one, two."""
    return at < len(words) and words[at][0] in _ONES.keys() | _ZEROS.keys() | _TIMES.keys()


def _below_hundred(low: str, words: Words, at: int) -> tuple[int, int]:
    if at >= len(words):
        return 0, 0
    word = words[at][0]
    if word in _TENS:
        joined = at + 1 < len(words) and not low[words[at][2] : words[at + 1][1]].strip(" -")
        if joined and words[at + 1][0] in _ONES:
            return _TENS[word] + _ONES[words[at + 1][0]], 2
        return _TENS[word], 1
    value = _TEENS.get(word, _ONES.get(word, 0))
    return value, int(value > 0)


def _settled(low: str, found: Sequence[Number]) -> Iterator[Number]:
    """Yield the numbers, those beside others as certain."""
    for run in runs(low, found):
        for number in run:
            zeros_alone = all(not own.certain for own in run)
            yield replace(number, certain=number.certain or (len(run) > 1 and not zeros_alone) or len(run) > 3)


def runs(text: str, found: Sequence[Number]) -> Iterator[list[Number]]:
    """Yield the numbers in runs between which nothing is said."""
    run: list[Number] = []
    for number in found:
        if run and text[run[-1].end : number.start].strip(" -,"):
            yield run
            run = []
        run.append(number)
    if run:
        yield run
