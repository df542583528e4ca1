"""Numbers said piece by piece: in one turn, over several, corrected on the way, repeated by the other speaker."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from agents.transcribe.languages.tr.redaction import grammar
from agents.transcribe.languages.tr.redaction.context import Announced, Announcements
from agents.transcribe.languages.tr.redaction.tokens import Token, breaks_dictation

FULL_DIGITS = {Announced.PHONE: 11, Announced.NATIONAL_ID: 11, Announced.IBAN: 24, Announced.CARD: 16}
"""Digits of a whole identifier."""
_UNFINISHED_PHONE = re.compile(r"(?:0|90)?5\d\d\d{0,6}")
_WORDS_BETWEEN = 9
_TURNS_BETWEEN = 4
_LONGEST = 150
"""Numbers after which a dictation is taken for two, so that a long count is not compared with itself for ever."""
_AWAITED_WORDS = 25
_AWAITED_UNKNOWN = 12
"""So many other words may stand inside a number that was asked for and is not yet whole."""
_UNKNOWN_BETWEEN = 2
"""So many inside what begins like a mobile number, and with a correction."""
_BEGUN_DIGITS = 4
"""After so many digits one word may be a misheard part of the number."""
_LONGEST_COUNT = 12
_NEAR = 3


@dataclass(eq=False)
class Dictation:
    """Numbers with little but assent, hesitation and correction between them."""

    context: Announced | None
    """What the words before it announce it as."""
    tokens: list[Token] = field(default_factory=list)
    """The numbers, in order."""
    apart: set[Token] = field(default_factory=set)
    """Those of them before which something else was said."""
    said: dict[str, str] = field(default_factory=dict)
    """The digits of each speaker."""

    def add(self, token: Token, *, apart: bool) -> None:
        """Go on with a number."""
        if apart and self.tokens:
            self.apart.add(token)
        self.tokens.append(token)
        if not token.measures:
            self.said[token.speaker] = self.said.get(token.speaker, "") + token.digits

    def ends(self) -> list[Token]:
        """Return the last number of each turn."""
        return [*(token for token, other in pairwise(self.tokens) if other.turn != token.turn), *self.tokens[-1:]]

    @property
    def is_awaited(self) -> bool:
        """Whether it is announced as an identifier that is not yet whole."""
        full = FULL_DIGITS.get(self.context, 0) if self.context else 0
        first = self.said.get(self.tokens[0].speaker, "") if self.tokens else ""
        if self.context is Announced.PHONE and not first.startswith("0"):
            full -= 1
        return len(first) < full

    @property
    def is_begun(self) -> bool:
        """Whether it is an account number of which no more than the head was said: the head may be said again."""
        return self.context is Announced.IBAN and sum(len(token.digits) for token in self.tokens) < _BEGUN_DIGITS

    @property
    def is_unfinished_phone(self) -> bool:
        """Whether the last speaker began a mobile number."""
        return _UNFINISHED_PHONE.fullmatch(self.said.get(self.tokens[-1].speaker, "")) is not None


def short_forms(turn: Sequence[Token]) -> list[Token]:
    """Return a turn's tokens with what is said in short as one number: ``çift sıfır`` (00), ``üç tane yedi`` (777)."""
    found: list[Token] = []
    place = 0
    while place < len(turn):
        taken, digits = _short_form(turn, place)
        own = turn[place]
        if taken > 1:
            last = turn[place + taken - 1]
            own = replace(last, start=own.start, text=" ".join(t.text for t in turn[place : place + taken]))
            own = replace(own, digits=digits, words=0, measures=False)
        elif own.digits:
            measures = own.measures and not _is_interjection(turn, place)
            own = replace(own, measures=measures or _is_count(turn, place))
        found.append(replace(own, place=len(found)))
        place += taken
    return found


def _short_form(turn: Sequence[Token], place: int) -> tuple[int, str]:
    """Return of how many tokens the short form at a place is (1: there is none), and its digits."""
    own, *rest = turn[place : place + 3]
    if own.text in grammar.TWICE and rest and rest[0].digits and not rest[0].measures and rest[0].words < 2:
        return 2, rest[0].digits * 2
    if not own.digits or len(rest) < 2 or rest[0].text not in grammar.TIMES:
        return 1, ""
    before, times = "", int(own.digits[:3])
    if times > _LONGEST_COUNT and own.words:  # yetmiş üç tane sıfır: 70 and 000
        before, times = f"{own.digits[:-1]}0", int(own.digits[-1])
    more = rest[1].text == "daha"
    inner = place + 2 + more
    if inner >= len(turn) or not (1 if more else 2) <= times <= _LONGEST_COUNT:
        return 1, ""
    taken, digits = _short_form(turn, inner)
    digits = digits or turn[inner].digits
    if not digits or len(digits) > 2 or turn[inner].measures:
        return 1, ""
    return 2 + more + taken, before + digits * times


def _is_count(turn: Sequence[Token], place: int) -> bool:
    """Return whether a number counts digits (``ilk dört``, ``on altı hane``) or is an article (``bir numara``)."""
    own, before = turn[place], turn[place - 1] if place else None
    if not own.digits:
        return False
    following = turn[place + 1] if place + 1 < len(turn) else None
    if following and following.text.startswith(grammar.DIGITS):
        return len(own.digits) < 3
    if own.text == "bir" and not (before and before.digits):
        return bool(following and not following.digits and following.text not in grammar.FILLS)
    if _is_about(turn, place):
        return True
    small = len(own.digits) == 1 and own.digits in "23456789"
    lacks = following is not None and following.text in grammar.LACKS
    return small and (lacks or (before is not None and before.text in grammar.COUNTED))


def _is_interjection(turn: Sequence[Token], place: int) -> bool:
    """Return whether ``ay`` after the numbers of a dictation is no month."""
    after = [token.text for token in turn[place + 1 : place + 3]]
    goes_on = place > 0 and bool(turn[place - 1].digits)
    return after[:1] == ["ay"] and (goes_on or not grammar.CORRECTS.isdisjoint(after[1:]))


def _is_about(turn: Sequence[Token], place: int) -> bool:
    """Return whether a number and the next say together how many or when: ``iki üç gün``, ``on ile on iki arası``."""
    own = turn[place]
    joined = place + 1 < len(turn) and turn[place + 1].text in grammar.RANGE
    second = turn[place + 1 + joined] if place + 1 + joined < len(turn) else own
    alone = not (place and turn[place - 1].digits)
    after = [token.text for token in turn[place + 2 + joined : place + 4 + joined]]
    short = second is not own and _short_form(turn, place + 1 + joined)[0] > 1
    counts = (second.measures and not short and not _is_interjection(turn, place + 1 + joined)) or (
        after[:1] == ["iş"] and after[1:] != [] and breaks_dictation(after[1])
    )
    return second is not own and alone and counts and max(len(own.digits), len(second.digits)) < 3 and own.words > 0


def dictations(turns: Sequence[Sequence[Token]], announcements: Announcements) -> list[Dictation]:
    """Return the dictated numbers of a conversation, in order."""
    found: list[Dictation] = []
    current: Dictation | None = None
    words, unknown, corrected, announced = 0, 0, False, False  # since the last number
    for token in (token for turn in turns for token in turn):
        if token.digits:
            if current and (_is_over(current, token, words) or (token.text.startswith("tr") and not current.is_begun)):
                current = None
            if current is None:
                found.append(current := Dictation(announcements.before(token)))
            other_turn = bool(current.tokens) and current.tokens[-1].turn != token.turn
            current.add(token, apart=announced or unknown > 1 - other_turn)
            words, unknown, corrected, announced = 0, 0, False, False
        elif current:
            words += 1
            unknown += token.text not in grammar.FILLS
            corrected = corrected or token.text in grammar.CORRECTS
            own = announcements.by(token)
            announced = announced or own is not None
            again = own and not current.is_awaited
            head = announcements.is_head(token) and not current.is_begun
            other = again or (own and own is not current.context) or head
            breaks = unknown and not current.is_awaited and breaks_dictation(token.text)
            if other or breaks or unknown > _patience(current, corrected=corrected):
                current = None
    return found


def _is_over(current: Dictation, token: Token, words: int) -> bool:
    last = current.tokens[-1]
    if token.turn - last.turn > _TURNS_BETWEEN or len(current.tokens) == _LONGEST:
        return True
    if current.is_awaited:
        return words > _AWAITED_WORDS
    return words > _WORDS_BETWEEN or last.measures or (bool(last.ending and words) and last.turn == token.turn)


def _patience(current: Dictation, *, corrected: bool) -> int:
    """Return how many words that say nothing about a number may stand inside it."""
    if current.is_awaited:
        return _AWAITED_UNKNOWN
    if corrected or current.is_unfinished_phone:
        return _UNKNOWN_BETWEEN
    return len(current.said.get(current.tokens[-1].speaker, "")) >= _BEGUN_DIGITS


def fills(token: Token) -> bool:
    """Return whether a token is a number, or said around numbers."""
    return bool(token.digits) or token.text in grammar.FILLS or token.text.startswith(("son", "biten"))


class Talk:
    """The turns of a call, and how each of them speaks of numbers; each word is looked at once."""

    def __init__(self, turns: Sequence[Sequence[Token]]) -> None:
        """Listen to the turns."""
        self.turns = turns
        filling = [sum(map(fills, turn)) for turn in turns]
        self.only_fills = [count == len(turn) for count, turn in zip(filling, turns, strict=True)]
        """Whether a turn is numbers and what is said around them, and nothing else."""
        self.mostly_fills = [2 * count >= len(turn) for count, turn in zip(filling, turns, strict=True)]
        """Whether at least half of a turn is."""
        self.asks_for_a_part = [any(token.text in grammar.PART for token in turn) for turn in turns]
        """Whether a turn speaks of a part of a number: ``ilk dört hane``."""

    def measures(self, first: int, last: int) -> bool:
        """Return whether something is measured in the turns from one to another: a price, a size, an hour."""
        return any(token.measures for turn in self.turns[first : last + 1] for token in turn)

    def names_a_part(self, first: Token, last: Token) -> bool:
        """Return whether the numbers from ``first`` to ``last`` are called the end or another part of a number."""
        around = (
            *self.turns[first.turn][max(0, first.place - _NEAR) : first.place],
            *self.turns[last.turn][last.place + 1 : last.place + 1 + _NEAR],
        )
        if any(token.text in grammar.PART for token in around):
            return True
        return first.turn > 0 and self.asks_for_a_part[first.turn - 1] and self.only_fills[first.turn]

    def stands_for_itself(self, first: Token, last: Token) -> bool:
        """Return whether numbers are most of what is said in their turn, or are called a part of a number."""
        return self.mostly_fills[first.turn] or self.names_a_part(first, last)
