"""A turn's text as tokens: words, numbers and letters that are spelt, with their place."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from agents.transcribe.languages.en.number_words import Number, numbers
from agents.transcribe.languages.text import lowered, words
from agents.transcribe.redaction import Said

_TOKEN = re.compile(r"\[[a-z_]+\]|[^\W_]+(?:'[^\W\d_]+)*")
"""A placeholder is one token, and says nothing."""
NATO = words(
    "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike november oscar papa "
    "quebec romeo sierra tango uniform victor whiskey whisky xray yankee zulu"
)
"""Words for letters, which count as letters beside others."""
_FOR_EXAMPLE = {"for", "as", "like"}
_UNITS = words(
    "pounds pound quid pence dollars dollar bucks cents euros percent pm am o'clock oclock minutes minute hours "
    "hour days day weeks week months month years year times miles mg ml mm degrees people visits teeth fillings "
    "sessions appointments january february march april june july august september october november december st nd "
    "rd th"
)
_BEFORE_MEASURE = words("january february march april june july august september october november december")
_WRITTEN_MEASURE = re.compile(
    r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?:\.\d\d)?(?![\d,])"  # 12,500.00
    r"|(?<![\d./-])(?:0?[1-9]|[12]\d|3[01])([./-])(?:0?[1-9]|[12]\d|3[01])\1(?:19|20)?\d\d(?!\d)"  # 12/05/2024
    r"|(?<![\d:])\d{1,2}:\d\d(?![\d:])"  # 14:30
    r"|(?<![\d.])\d+\.\d{1,2}(?![\d.])"  # 2.5
)
_MIXED = re.compile(r"(?=[a-z]*\d)[a-z\d]+")
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)")
_MONEY = frozenset("£$€")
_BESIDE = 8
"""Characters between a doubtful number and one that is none: room for a hesitation."""


@dataclass(frozen=True, eq=False)
class Token:
    """A word, a number or a letter of a turn; equal to itself alone."""

    turn: int
    """Position of the turn."""
    place: int
    """Position among the turn's tokens."""
    start: int
    """Position of the first character in the turn's text."""
    end: int
    """Position after the last character."""
    text: str
    """What was said in lower case."""
    digits: str = ""
    """The number's digits; empty for anything else."""
    letters: str = ""
    """Letters that are spelt, with digits where both are written as one (``ab12``); empty for anything else."""
    measures: bool = False
    """Whether the number tells a price, a date, an hour: what is not dictated."""

    @property
    def code(self) -> str:
        """What it adds to a code of letters and digits."""
        return self.digits or self.letters


def tokens(turns: Sequence[Said]) -> list[list[Token]]:
    """Return the tokens of each turn."""
    return [_of_turn(at, turn.text) for at, turn in enumerate(turns)]


def _of_turn(turn: int, text: str) -> list[Token]:
    low = lowered(text)
    said = numbers(text)
    sure = [number for number in said if number.certain]
    by_start = {number.start: number for number in said if number.certain or _is_beside(number, sure)}
    measured = {place for match in _WRITTEN_MEASURE.finditer(low) for place in range(*match.span())}
    matches = list(_TOKEN.finditer(low))
    found: list[Token] = []
    at = 0
    while at < len(matches):
        match = matches[at]
        number = by_start.get(match.start())
        start, end, text_ = match.start(), match.end(), match[0]
        digits = letters = ""
        measures = False
        if number and (number.spoken or number.end == match.end()):
            end, digits = number.end, number.digits
            ahead = at
            while ahead < len(matches) and matches[ahead].start() < end:
                ahead += 1
            following = matches[ahead][0] if ahead < len(matches) else ""
            before = found[-1].text if found else ""
            money = not _MONEY.isdisjoint(low[max(0, start - 2) : start] + low[end : end + 1])
            measures = (
                money or start in measured or following in _UNITS or (before in _BEFORE_MEASURE and not _spells(found))
            )
        elif spelt := _spelt(matches, at):
            letters, end = spelt[0], matches[at + spelt[1] - 1].end()
        found.append(
            Token(turn, len(found), start, end, low[start:end] if digits else text_, digits, letters, measures)
        )
        while at < len(matches) and matches[at].start() < end:
            at += 1
    return _with_nato(found)


def _spells(found: Sequence[Token]) -> bool:
    """Return whether a word for a letter goes on with a code: ``lima november``."""
    return len(found) > 1 and found[-1].text in NATO and (bool(found[-2].letters) or found[-2].text in NATO)


def _is_beside(number: Number, others: Sequence[Number]) -> bool:
    """Return whether a word that is mostly no number stands so near others that it is one."""
    at = bisect_left(others, number.start, key=lambda other: other.start)
    before, following = others[max(0, at - 1) : at], others[at : at + 1]
    return any(number.start - other.end <= _BESIDE for other in before) or any(
        other.start - number.end <= _BESIDE for other in following
    )


def _spelt(matches: Sequence[re.Match[str]], at: int) -> tuple[str, int] | None:
    """Return the letters that a token spells, and how many tokens that takes: ``m``, ``m for mother``, ``double s``."""
    word = matches[at][0]
    following = matches[at + 1][0] if at + 1 < len(matches) else ""
    if word in {"double", "triple"} and len(following) == 1 and following.isalpha():
        return ("w" if following == "u" and word == "double" else following * (2 if word == "double" else 3)), 2
    if _MIXED.fullmatch(word) and not _ORDINAL.fullmatch(word):
        return word, 1
    if len(word) != 1 or not word.isalpha():
        return None
    taken = 2 if following == "as" and at + 2 < len(matches) and matches[at + 2][0] in {"in", "for"} else 1
    example = matches[at + 1 + taken][0] if at + 1 + taken < len(matches) else ""
    if following in _FOR_EXAMPLE and len(example) > 2 and example[0] == word:
        return word, 2 + taken
    return word, 1


def _with_nato(own: list[Token]) -> list[Token]:
    """Return the tokens, words for letters as letters where two of them, or a letter or number beside one, say so."""
    spells = [token.text in NATO or bool(token.code) for token in own]
    return [
        Token(token.turn, token.place, token.start, token.end, token.text, letters=token.text[0])
        if token.text in NATO and (any(spells[max(0, at - 1) : at]) or any(spells[at + 1 : at + 2]))
        else token
        for at, token in enumerate(own)
    ]
