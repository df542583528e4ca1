"""Persons' names where someone gives a name, asks for one, or addresses somebody by it."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import takewhile
from typing import NamedTuple

from agents.transcribe.redaction.spans import Kind, Said, Span
from agents.transcribe.redaction.tokens import Token
from agents.transcribe.turkish import words

_INTRODUCES = words("adım adımız ismim ismimiz soyadım soyismim")
_NAMES_ANOTHER = words("ad adı adına adıyla isim ismi ismiyle soyad soyadı soyisim")
_ASKS = re.compile(
    r"\b(?:ad(?:ınız\w*|ını|ın|ı)?|isim|ismi(?:niz\w*|ni|n)?|soyad\w*|soyisim\w*|soyismin\w*)\b[^?]{0,40}"
    r"(?:alabilir|alayım|alalım|öğren|neydi|nedir|lütfen|söyle|rica|yazd|ne\b|$)"
    r"|kim(?:inle|le|in adına)\b|kimsiniz|isim soyisim|ad soyad"
)
_ADDRESSES = words("bey beyin beye beyle hanım hanımın hanıma hanımla")
_CONNECTS = words("""
    adım alo ben benim buyurun da de efendim evet günler hemen ise ismim iyi merhaba soyadı soyadım soyismim
    tabi tabii tamam ve ı ıı şey
""")
_NO_NAME = words("""
    adres adresim adınız adınızı alabilir alalım alayım aramıştım arıyorum arıza açalım bey bir bu buyrun
    buzdolabı değil diye geçiyor görüşüyorum hangi hanım hayır ile isminiz isminizi istiyorum için kayıt kayıtlı
    kim klima kombi lazım lütfen makine makinesi mi miyim mu mü mı mısınız ne neden nedir neydi niye numara
    numaram o olarak olsun olur oluşturalım peki saniye servis siz sizden sizin soyadınız soyadınızı söyledim
    telefon telefonum teşekkürler usta var vermiştim yazın yazıyor yok önce önemli ücret üzerine şimdi
""")
_CRAFT = words("usta ustaya ustayla ustanın ustanız ustayı ustadan")
_ENDS_NAME = {""} | words("nasıl size hanım bey arıyorum yardımcı buyurun servisten")
_SURNAME_ENDS = ("oğlu", "gil")
_VERB = re.compile(r"\w*(?:yor\w*|m[ae]|s[ıi]n|s[ıi]nlar|d[ıiuü]m|acak|ecek|m[ıi]ş|mayın|meyin|ılı)")
_TURNS_BACK = 2
_NAME_WORDS = 3
_ANSWER_WORDS = 4


class _Names(NamedTuple):
    given: frozenset[str]
    also_words: frozenset[str]
    """Given names that are everyday words too."""
    surnames: frozenset[str]


@cache
def _names() -> _Names:
    folder = files("agents.transcribe.redaction")
    given, surnames = ((folder / name).read_text(encoding="utf-8") for name in ("given_names.txt", "surnames.txt"))
    certain, also_words = (words(_without_comments(part)) for part in given.split("# also words"))
    return _Names(certain | also_words, also_words, words(_without_comments(surnames)))


def _without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("#"))


def name_spans(turns: Sequence[Said], tokens: Sequence[Sequence[Token]]) -> Iterator[Span]:
    """Yield the spans of all names, and where a name that was given is said again."""
    names = _names()
    asked = -_TURNS_BACK - 1
    known: set[str] = set()
    for position, own in enumerate(tokens):
        answer = position - asked <= _TURNS_BACK
        for first, last in (*_introduced(turns[position], own), *(_answered(turns[position], own) if answer else ())):
            known |= {token.text for token in own[first:last]}
            yield Span(position, own[first].start, own[last - 1].end, Kind.PERSON)
        if _ASKS.search(" ".join(token.text for token in own)):
            asked = position
    again = (known & names.given) - names.also_words
    for own in tokens:
        yield from (Span(token.turn, token.start, token.end, Kind.PERSON) for token in own if token.text in again)


def name_places(turns: Sequence[Said], tokens: Sequence[Sequence[Token]]) -> Iterator[int]:
    """Yield the positions of all turns that may hold a name: they introduce one, know one, or follow a question."""
    tells = _INTRODUCES | _NAMES_ANOTHER | _ADDRESSES | _names().given
    asked = -_TURNS_BACK - 1
    for position, _ in enumerate(turns):
        texts = [token.text for token in tokens[position]]
        if position - asked <= _TURNS_BACK or not tells.isdisjoint(texts):
            yield position
        if _ASKS.search(" ".join(texts)):
            asked = position


def _introduced(turn: Said, own: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Yield the names that someone gives, or is spoken to by."""
    given = _names().given
    unconnected = _unconnected(own)
    for place, token in enumerate(own):
        before = own[place - 1] if place else None
        if token.text in _INTRODUCES or token.text in _NAMES_ANOTHER:
            first = unconnected[place + 1]
            last = _name_end(turn, own, first)
            if last > first and (
                (token.text in _INTRODUCES and not _VERB.fullmatch(own[first].text))
                or own[first].text in given
                or _is_capital(turn, own[first])
            ):
                yield first, last
        elif token.text in given:
            last = _with_surname(own, place)
            if _is_name(own, place, last):
                yield place, last
        elif token.text in _ADDRESSES and before and before.text not in _NO_NAME and _is_capital(turn, before):
            yield place - 1, place


def _unconnected(own: Sequence[Token]) -> list[int]:
    """Return for each place, and the end, the first place from there on of a word that does not only connect."""
    found = [len(own)] * (len(own) + 1)
    for place in range(len(own) - 1, -1, -1):
        found[place] = found[place + 1] if own[place].text in _CONNECTS else place
    return found


def _is_name(own: Sequence[Token], first: int, last: int) -> bool:
    """Return whether what begins with a given name is said as a name."""
    text, before = own[first].text, own[first - 1].text if first else ""
    after, following = (own[place].text if place < len(own) else "" for place in (last, last + 1))
    certain = text not in _names().also_words
    return (
        after in _ADDRESSES
        or (last > first + 1 and (certain or before == "ben"))
        or (before in {"ben", "benim", "adım"} and (certain or after in _ENDS_NAME))
        or (after == "ben" and (certain or following in _ENDS_NAME))
        or (after == "ile" and following in {"mi", "görüşüyorsunuz", "görüşüyorum"})
        or (certain and (after in _CRAFT or after == "adına"))
    )


def _answered(turn: Said, own: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Yield the name in an answer to a question for it: from a given name on, or the whole of a short answer."""
    names = _names()
    first = len(list(takewhile(lambda token: token.text in _CONNECTS, own)))
    last = _name_end(turn, own, first)
    if last == first:
        return
    text, is_all = own[first].text, last == len(own)
    named = text in names.given and (text not in names.also_words or is_all)
    if named or (is_all and (last - first in range(2, _ANSWER_WORDS) or text in names.surnames)):
        yield first, last


def _with_surname(own: Sequence[Token], place: int) -> int:
    names = _names()
    last = place + 1
    while last < len(own) and last < place + _NAME_WORDS:
        text = own[last].text
        if not (text in names.surnames or text in names.given - names.also_words or text.endswith(_SURNAME_ENDS)):
            break
        last += 1
    return last


def _name_end(turn: Said, own: Sequence[Token], first: int) -> int:
    """Return the place after at most three words that can be a name."""
    names = _names()
    last = first
    while last < len(own) and last - first < _NAME_WORDS:
        token = own[last]
        if token.digits or token.text in _NO_NAME or len(token.text) < 2 or not token.text.isalpha():
            break
        if last > first:
            listed = token.text in names.surnames | names.given or token.text.endswith(_SURNAME_ENDS)
            likely = listed or last == len(own) - 1 or _is_capital(turn, token)
            apart = turn.text[own[last - 1].end : token.start].strip()
            if apart or not likely or token.text in _CONNECTS:
                break
        last += 1
    return last


def _is_capital(turn: Said, token: Token) -> bool:
    return turn.text[token.start].isupper() and not turn.text[token.start : token.end].isupper()
