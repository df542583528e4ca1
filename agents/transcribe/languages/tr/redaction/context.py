"""What a number was asked for or announced as: the nearest word before it that says so."""

import re
from collections.abc import Sequence
from enum import Enum
from itertools import pairwise

from agents.transcribe.languages.tr.redaction import grammar
from agents.transcribe.languages.tr.redaction.spelling import letters_at
from agents.transcribe.languages.tr.redaction.tokens import Token
from agents.transcribe.redaction.spans import Kind

_TURNS_BACK = 4
_RECENT = 8
_WORDS_BACK = 4
_WORDS_AHEAD = 5
_GENITIVE = re.compile(r"\w+[ıiuü]n")
"""Somebody's number, where ``X numarası`` is a number of that kind."""
_LOCATIVE = re.compile(r"\w+(?:[ıiuü]nd|t|d)[ae]")
_WORDS_NEXT = 2


class Announced(Enum):
    """What a number is announced as."""

    PHONE = "phone"
    NATIONAL_ID = "national_id"
    IBAN = "iban"
    CARD = "card"
    OTHER = "other"
    """No identifier of a person: an order, a registration, a device, an error, an expiry date, a price."""

    NUMBER = "number"
    """A number: a telephone's, unless something else was asked for."""

    @property
    def kind(self) -> Kind | None:
        """The kind of what is to be redacted."""
        return None if self in {Announced.OTHER, Announced.NUMBER} else Kind(self.value)


class Announcements:
    """What the words of a conversation announce; each word is looked at once."""

    def __init__(self, turns: Sequence[Sequence[Token]]) -> None:
        """Listen to the turns."""
        self._turns = turns
        self._nearest: dict[int, list[Announced | None]] = {}
        self._named: dict[int, frozenset[Announced]] = {}

    def of(self, first: Token, last: Token) -> Announced | None:
        """Return what the number from ``first`` to ``last`` is announced as; None where nothing says so."""
        return self.before(first) or self.after(last)

    def after(self, last: Token) -> Announced | None:
        """Return what the words after a number say that it was."""
        ahead = self._turns[last.turn][last.place + 1 : last.place + 1 + _WORDS_AHEAD]
        if named := next(filter(None, (_named(token.text) for token in ahead)), None):
            return named
        if any(_is_code(code.text) and _is_other(named.text) for code, named in pairwise(ahead)):
            return Announced.OTHER
        return Announced.PHONE if any(_announces_phone(token.text) for token in ahead) else None

    def before(self, first: Token) -> Announced | None:
        """Return what the words before a number announce it as."""
        own = self._turns[first.turn]
        if first.text.startswith("tr"):
            return Announced.IBAN
        if _is_country_code(own, first):
            return Announced.PHONE
        near = own[max(0, first.place - _WORDS_NEXT) : first.place]
        if any(token.text.startswith(grammar.OTHER_ALONE) for token in near) or _is_serial(near):
            return Announced.OTHER
        if found := self._before(first.turn)[first.place]:
            asked = self._before(first.turn - 1)[-1] if first.turn else None
            return found if found is not Announced.NUMBER else _by_question(asked)
        for turn in range(first.turn - 1, max(-1, first.turn - 1 - _TURNS_BACK), -1):
            if found := self._before(turn)[-1]:
                return Announced.PHONE if found is Announced.NUMBER else found
        return None

    def by(self, word: Token) -> Announced | None:
        """Return what a word itself announces, with those before it; None for a bare ``numara``, which may be any."""
        found = _announces(self._turns[word.turn], word.place)
        return None if found is Announced.NUMBER else found

    def is_head(self, word: Token) -> bool:
        """Return whether a word is the TR with which an account number begins."""
        return _is_country(self._turns[word.turn], word.place)

    def recent(self, first: Token) -> frozenset[Announced]:
        """Return all that was announced before a number, in its turn and those shortly before."""
        return frozenset().union(*(self._all(turn) for turn in range(max(0, first.turn - _RECENT), first.turn + 1)))

    def _all(self, turn: int) -> frozenset[Announced]:
        if turn not in self._named:
            self._before(turn)
            self._named[turn] = frozenset(filter(None, self._nearest[turn]))
        return self._named[turn]

    def _before(self, turn: int) -> list[Announced | None]:
        """Return for each place of a turn, and its end, what the nearest word before it that does so announces."""
        if turn not in self._nearest:
            tokens = self._turns[turn]
            nearest: list[Announced | None] = [None]
            for place in range(len(tokens)):
                own = None if _names_before(tokens, place) else _announces(tokens, place)
                if nearest[-1] is Announced.OTHER and _says_where(tokens, place):
                    own = None  # where it is written: "tesisat numaranız kombi kartında yazar"
                nearest.append(own or nearest[-1])
            nearest[-1] = _left_open(tokens, nearest)
            self._nearest[turn] = nearest
        return self._nearest[turn]


def _says_where(tokens: Sequence[Token], place: int) -> bool:
    """Return whether a word says where something stands: ``kartta``, ``kartın üstünde``."""
    following = tokens[place + 1].text if place + 1 < len(tokens) else ""
    own = tokens[place].text
    return bool(_LOCATIVE.fullmatch(own) or (_GENITIVE.fullmatch(own) and _LOCATIVE.fullmatch(following)))


def _left_open(tokens: Sequence[Token], nearest: Sequence[Announced | None]) -> Announced | None:
    """Return what a turn leaves to be answered: what it asked for before a price that it names itself."""
    asked = None
    for place, token in enumerate(tokens):
        now = nearest[place + 1]
        if token.digits:
            asked = asked if now is Announced.OTHER else None
        elif now and (now.kind or now is Announced.NUMBER):
            asked = now
        elif not token.text.startswith(grammar.OTHER_MONEY) and now is not nearest[place]:
            asked = None
    named = nearest[-1] is Announced.OTHER and any(token.digits for token in tokens)
    return asked if named and asked else nearest[-1]


def _announces(tokens: Sequence[Token], place: int) -> Announced | None:
    """Return what the word at a place announces."""
    text, before = tokens[place].text, tokens[place - 1].text if place else ""
    if tokens[place].digits:
        return None
    if _is_country(tokens, place):
        return Announced.IBAN
    if own := _named(f"te{text}" if before == "te" else text, before):
        return _card_of(before) if own is Announced.CARD else own
    if text.startswith(grammar.OTHER_TOPIC) or (before, text) in grammar.OTHER_PAIRS:
        return Announced.OTHER
    if text.startswith(grammar.OF_NUMBER):
        following = tokens[place + 1].text if place + 1 < len(tokens) else ""
        return Announced.OTHER if _is_other(following) else None
    return _announced_by_code(tokens, place) if _is_code(text) else None


def _card_of(before: str) -> Announced:
    """Return what a card is by the word before it: an identity card, a part of a device, or one to pay with."""
    if before in grammar.NATIONAL_ID_WHOLE:
        return Announced.NATIONAL_ID
    return Announced.OTHER if before in grammar.OF_BOARD else Announced.CARD


def _names_before(tokens: Sequence[Token], place: int) -> bool:
    """Return whether a word says what the number before it was: ``… kırk dört bu da telefon``."""
    shows = place - 1
    while shows > 0 and tokens[shows].text in {"da", "de"}:
        shows -= 1
    return shows > 0 and tokens[shows].text == "bu" and bool(tokens[shows - 1].digits)


def _announced_by_code(tokens: Sequence[Token], place: int) -> Announced | None:
    """Return what ``numara``, ``no`` or ``kod`` announces, by what stands before it."""
    text = tokens[place].text
    near = (token for token in reversed(tokens[max(0, place - _WORDS_BACK) : place]) if not token.digits)
    word = next((token.text for token in near if token.text not in grammar.BETWEEN_CODE), "")
    if own := _named(word):
        return Announced.OTHER if own is Announced.CARD and text.startswith("kod") else own
    if word.startswith(grammar.OF_ADDRESS):
        return None
    if word in grammar.OF_PHONE:
        return Announced.PHONE
    compound = text.startswith("numarası") and bool(word) and not _GENITIVE.fullmatch(word)
    if compound or _is_other(word) or text.startswith(grammar.OTHER_CODE):
        return Announced.OTHER
    named = next(filter(None, (_named(token.text) for token in tokens[max(0, place - _WORDS_BACK) : place])), None)
    return named or (Announced.NUMBER if text.startswith("numara") else None)


def _by_question(asked: Announced | None) -> Announced:
    """Return what a bare ``numara`` in an answer is: what was asked for, else a telephone's."""
    return asked if asked and asked.kind else Announced.PHONE


def _is_country(tokens: Sequence[Token], place: int) -> bool:
    """Return whether a word is the TR before an account number's digits."""
    text, before = tokens[place].text, tokens[place - 1].text if place else ""
    following = tokens[place + 1 : place + 3]
    numbered = any(token.digits for token in following)
    named = bool(following) and following[0].text in grammar.COUNTRY_ENDS
    first, letter = letters_at(tokens, place)
    second, other = letters_at(tokens, first) if letter == "t" and first < len(tokens) else (first, "")
    if other == "r" and second < len(tokens) and tokens[second].digits:
        return True
    return (numbered or named) and (text in grammar.COUNTRY or (before, text) in grammar.COUNTRY_SPELT)


def _is_country_code(own: Sequence[Token], first: Token) -> bool:
    """Return whether a number begins with the country's code after a plus that is said: ``artı doksan``."""
    return first.place > 0 and own[first.place - 1].text in grammar.PHONE_HEAD and first.digits.startswith("9")


def _named(word: str, before: str = "") -> Announced | None:
    """Return what a word names."""
    if word.startswith(grammar.IBAN) and not word.startswith(grammar.NO_IBAN):
        return Announced.IBAN
    if word in grammar.NATIONAL_ID_WHOLE:
        return Announced.NATIONAL_ID
    if word.startswith(grammar.CARD) and not word.startswith(grammar.NO_CARD):
        return Announced.CARD
    return Announced.PHONE if _says_phone(word) or (before, word) in grammar.PHONE_PAIRS else None


def _is_other(word: str) -> bool:
    return word.startswith(grammar.OTHER) and not word.startswith("kayıtlı")


def _is_serial(tokens: Sequence[Token]) -> bool:
    return [token.text for token in tokens] == ["s", "n"]


def _says_phone(text: str) -> bool:
    return text in grammar.PHONE_WHOLE or (text.startswith(grammar.PHONE) and text not in grammar.NO_PHONE)


def _announces_phone(text: str) -> bool:
    return _says_phone(text) or _is_code(text) or text in grammar.CALLS


def _is_code(text: str) -> bool:
    return text in grammar.CODE_WHOLE or text.startswith(grammar.CODE)
