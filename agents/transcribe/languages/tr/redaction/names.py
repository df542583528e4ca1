"""Persons' names: known ones wherever they are said, others where somebody gives or is asked for or called by one."""

import re
from collections.abc import Iterator, Sequence

from agents.transcribe.languages.tr.redaction import naming
from agents.transcribe.languages.tr.redaction.name_parts import (
    Found,
    another_joined,
    answered,
    asked_back,
    corrected,
    introduced_in,
    is_beside_number,
    known_in,
    spelt_in,
    with_letters,
)
from agents.transcribe.languages.tr.redaction.names_again import again_said, resembling
from agents.transcribe.languages.tr.redaction.naming import may_be_name, names
from agents.transcribe.languages.tr.redaction.spelling import letters_at
from agents.transcribe.languages.tr.redaction.tokens import Token
from agents.transcribe.redaction.spans import Kind, Said, Span

_ASKS = re.compile(
    r"\b(?:ad(?:ınız\w*|ını|ın|ı)?|isim\w*|ismi\w*|soya[dt]\w*|soyisim\w*|soyismi\w*)\b[^?]{0,40}"
    r"(?:al(?:sam|ay\w*|al\w*|abil\w*)|öğren\w*|neydi|nedir|lütfen|söyle\w*|rica|yaz\w*|ne\b|kodl\w*|hecele\w*"
    r"|bu mu|nasıl|var|gerek\w*|$)"
    r"|\bkim(?:inle|le|in (?:adına|üzerine|üstüne|ad\w*)|in)\b|\bkimsiniz|\bkim (?:var|olacak|karşıla\w*|açacak"
    r"|arıyor|diye\w*|bekle\w*)"
    r"|\bkim[ei] (?:sor\w*|bul\w*|ara\w*|kes\w*|ver\w*|yaz\w*|teslim\w*|ait)|\bad(?:ınız)? ?soya[dt]"
    r"|\bisim soyisim|\bhitap|zil\w* ne yaz"
    r"|(?:acak|ecek|olan|bulunan) kişi|\byetkili\b|\bsahibi (?:siz|kim)|\bfatura kime|\bkime\b$|\bkim\b$"
)

_SPELLS = re.compile(r"kodl|hecele|harf|yazılı[şr]|nasıl yaz|bitişik|ayrı")

_TURNS_BACK = 3

_SPELT_BACK = 5

_ALIKE_NAMES = 12
_ALIKE_BACK = 4
"""Turns after a name in which a word that is like it is taken for it."""

_LONG_ENOUGH = 4


def name_spans(turns: Sequence[Said], tokens: Sequence[Sequence[Token]]) -> Iterator[Span]:
    """Yield the spans of all names, and where a name that was given is said again."""
    asked = _Asked()
    said: set[str] = set()
    given: list[list[str]] = []
    found: list[list[Found]] = []
    for position, own in enumerate(tokens):
        is_open = asked.is_open(position, own)
        here = [*known_in(own, introduced=is_open), *introduced_in(own)]
        if is_open:
            answers = [*answered(own, surname=asked.surname), *corrected(own)]
            here += answers
            asked.hear_answer(given=bool(answers))
        if asked.may_spell(position) or any(token.text.startswith(naming.ASKED) for token in own):
            here += asked_back(own)
        here += another_joined(own, here)
        here += with_letters(own)
        if asked.may_spell(position) or here:
            here += spelt_in(own, asked=asked.spells)
        given.append([token.text for name in here if name.given for token in own[name.first : name.end]])
        said.update(given[-1])
        found.append(here)
        asked.hear(position, own)
    telling = {text for text in said if len(text) >= _LONG_ENOUGH and not _is_everyday(text)}
    for position, own in enumerate(tokens):
        again = [Found(place, place + 1) for place, token in enumerate(own) if token.text in telling]
        again += again_said(own, said) if said else ()
        near = {name: None for at in range(max(0, position - _ALIKE_BACK), position + 1) for name in given[at]}
        again += resembling(own, list(near)[-_ALIKE_NAMES:])
        yield from _spans(position, own, [*found[position], *again])


def name_places(turns: Sequence[Said], tokens: Sequence[Sequence[Token]]) -> Iterator[int]:
    """Yield the positions of all turns that may hold a name: they introduce one, follow a question, say one again."""
    del turns
    asked = -_SPELT_BACK - 1
    places: set[int] = set()
    told: set[str] = set()
    for position, own in enumerate(tokens):
        if _ASKS.search(" ".join(token.text for token in own)):
            asked = position
        if position - asked <= _SPELT_BACK or any(_tells(own, place) for place in range(len(own))):
            places.add(position)
            told |= {token.text for token in own if may_be_name(token.text, sure=True) or names().is_name(token.text)}
    for position, own in enumerate(tokens):
        if position in places or any(token.text in told for token in own):
            yield position


def _tells(own: Sequence[Token], place: int) -> bool:
    """Return whether a word is a name, or stands beside one as words do that introduce it."""
    known, text = names(), own[place].text
    if known.is_certain(text) or text in naming.OWN or text in naming.AFTER or is_beside_number(own, place):
        return True
    before = own[place - 1].text if place else ""
    if text in naming.TITLES_NEAR and (known.is_name(before) or may_be_name(before)):
        return True
    follows = text in naming.RELATIVES or text in {"ben", "benim", "ile"}
    beside = own[place + 1].text if place + 1 < len(own) else ""
    spelt = bool(letters_at(own, place)[1]) and place + 2 < len(own) and bool(letters_at(own, place + 1)[1])
    return spelt or (follows and (known.is_given(beside) or known.is_name(before)))


class _Asked:
    """Whether somebody was asked for a name, turn by turn."""

    def __init__(self) -> None:
        self._last = self._spelt = -_SPELT_BACK - 1
        self._speaker = ""
        self.surname = False
        """Whether the surname was asked for."""
        self.spells = False
        """Whether the spelling was asked for."""

    def is_open(self, position: int, own: Sequence[Token]) -> bool:
        """Return whether a turn may answer the question."""
        return position - self._last <= _TURNS_BACK and bool(own) and own[0].speaker != self._speaker

    def may_spell(self, position: int) -> bool:
        """Return whether letters that are spelt in a turn may be a name's."""
        return position - self._spelt <= _SPELT_BACK

    def hear_answer(self, *, given: bool) -> None:
        """Close the question, if a name was given."""
        if given:
            self._last = -_SPELT_BACK - 1

    def hear(self, position: int, own: Sequence[Token]) -> None:
        """Go on to the next turn."""
        text = " ".join(token.text for token in own)
        if (match := _ASKS.search(text)) and not _asks_for_thing(text, match):
            self._last = self._spelt = position
            self._speaker = own[0].speaker
            self.surname = any(token.text.startswith(naming.OF_SURNAME) for token in own)
            self.spells = False
        elif re.search(r"\bmail|posta|plaka|model|marka|adres|iban", text):
            self._last = self._spelt = -_SPELT_BACK - 1
        if _SPELLS.search(text):
            self.spells = True


def _asks_for_thing(text: str, match: re.Match[str]) -> bool:
    before = text[: match.start()].split()[-1:]
    return bool(before) and before[0] in naming.OF_THING and match[0].startswith(("ad", "is"))


def _is_everyday(text: str) -> bool:
    known = names()
    common = text in known.also_words or (text in known.surnames and not known.is_certain(text))
    return common or not text.isalpha() or text in naming.NOT or text in naming.SKIPPED


def _spans(position: int, own: Sequence[Token], found: Sequence[Found]) -> Iterator[Span]:
    """Yield one span for each stretch of names with nothing but hesitation between them."""
    start = end = -1
    for name in sorted(found, key=lambda name: (name.first, name.end)):
        between = own[end : name.first] if end >= 0 else ()
        if end >= 0 and all(token.text in naming.HESITATES or len(token.text) == 1 for token in between):
            end = max(end, name.end)
            continue
        if end >= 0:
            yield Span(position, own[start].start, own[end - 1].end, Kind.PERSON)
        start, end = name.first, name.end
    if end >= 0:
        yield Span(position, own[start].start, own[end - 1].end, Kind.PERSON)
