"""What is seen of a word by itself: the lists that know it, its form, what it talks of."""

from collections.abc import Callable, Sequence

from agents.transcribe.languages.tr.redaction import emailing, grammar, naming, places
from agents.transcribe.languages.tr.redaction.naming import names
from agents.transcribe.languages.tr.redaction.spelling import letters_at
from agents.transcribe.languages.tr.redaction.tokens import Token

_PROVINCES = range(1, 82)
_MOST_DIGITS = 12
_LISTS: dict[str, Callable[[str], object]] = {
    "given": lambda word: names().is_certain(word),
    "given_too": lambda word: names().is_given(word),
    "surname": lambda word: names().is_surname(word),
    "town": lambda word: places.places().is_place(word),
    "street": places.STREET.fullmatch,
    "door": (places.NUMBERED | places.NUMBERED_AFTER).__contains__,
    "floor": places.FLOORS.__contains__,
    "side": places.is_side,
    "landmark": places.LANDMARKS.fullmatch,
    "way": places.ROUTE.__contains__,
    "thing": places.THINGS.__contains__,
    "ordinal": places.NUMBER_WORD.fullmatch,
    "fills": grammar.FILLS.__contains__,
    "corrects": grammar.CORRECTS.__contains__,
    "assents": grammar.ASSENTS.__contains__,
    "hesitates": grammar.HESITATES.__contains__,
    "part": grammar.PART.__contains__,
    "connects": naming.SKIPPED.__contains__,
    "own": naming.OWN.__contains__,
    "title": naming.TITLES_NEAR.__contains__,
    "relative": naming.RELATIVES.__contains__,
    "no_name": naming.NOT.__contains__,
    "verb": naming.VERB_OR_NOUN.fullmatch,
    "at": emailing.AT.__contains__,
    "joins": emailing.JOINERS.__contains__,
    "domain": emailing.ENDINGS.__contains__,
    "provider": lambda word: emailing.provider([word]),
    "one": lambda word: len(word) == 1,
}
_TOPICS: dict[str, tuple[str, ...]] = {
    "email": emailing.ANNOUNCES,
    "plate": grammar.PLATE,
    "iban": grammar.IBAN,
    "card": grammar.CARD,
    "phone": grammar.PHONE,
    "person": ("adın", "adım", "isim", "ismi", "soyad", "soyis", "soyi", "kimin", "kime", "hitap"),
    "address": (
        *("adres", "mahalle", "soka", "cadde", "daire", "bina", "kapı", "tarif", "konum", "nere", "ilçe", "apartman"),
        *("blok", "kat"),
    ),
    "vehicle": grammar.VEHICLE,
    "thing": (*grammar.OTHER, *grammar.OTHER_TOPIC),
}
"""Beginnings of words."""
_NAMES = frozenset({"ad", "adı", "kim"})


def of_word(word: str) -> tuple[str, ...]:
    """Return which lists know a word; at least one sign."""
    return tuple(name for name, knows in _LISTS.items() if knows(word)) or ("unknown",)


def of_number(token: Token) -> tuple[str, ...]:
    """Return the form of a number."""
    form = {
        "zero": token.digits.startswith("0"),
        "mobile": token.digits.startswith(("05", "5")),
        "measures": token.measures,
        "inflected": token.ending,
        "city": len(token.digits) <= 2 and int(token.digits) in _PROVINCES,
    }
    length = f"digits{min(len(token.digits), _MOST_DIGITS)}"
    return length, "in_words" if token.words else "written", *(name for name, holds in form.items() if holds)


def of_spelling(own: Sequence[Token], place: int) -> tuple[str, ...]:
    """Return whether a letter is spelt at a place, and in how many words."""
    after, letter = letters_at(own, place)
    return ("letter", f"letter{min(after - place, 3)}") if letter else ()


def topic(token: Token) -> str:
    """Return what a word talks of; empty for most."""
    word = token.text
    if token.digits:
        return ""
    if word in grammar.NATIONAL_ID_WHOLE:
        return "national_id"
    if word in grammar.PHONE_WHOLE:
        return "phone"
    if word in _NAMES:
        return "person"
    if found := next((name for name, begins in _TOPICS.items() if word.startswith(begins)), ""):
        return found
    return "number" if word.startswith(grammar.CODE) or word in grammar.CODE_WHOLE else ""
