"""Persons' names: known ones wherever they are said, others where somebody gives one, or is asked for it or called by it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from agents.transcribe.redaction import naming
from agents.transcribe.redaction.naming import may_be_name, names
from agents.transcribe.redaction.spans import Kind, Said, Span
from agents.transcribe.redaction.spelling import letter_runs, letters_at
from agents.transcribe.redaction.tokens import Token

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
_NAME_WORDS = 6
_ANSWER_WORDS = 5
_SHORT_TURN = 7
_LONG_ENOUGH = 4
_SHORTEST_SPELT = 3
_PLACES = re.compile(
    r"(?:mahalle|cadde|soka|bulvar|apart|site|sanayi|okul|hastane|üniversite|avm|plaza|köy|ilçe|marka|park"
    r"|servis|ticaret|kolej|lise|cami|konut)\w*"
)


@dataclass(frozen=True)
class _Found:
    """A name in one turn."""

    first: int
    end: int
    given: bool = True
    """Whether somebody gave it as a name, so that its words are names when they are said again."""


def name_spans(turns: Sequence[Said], tokens: Sequence[Sequence[Token]]) -> Iterator[Span]:
    """Yield the spans of all names, and where a name that was given is said again."""
    asked = _Asked()
    said: set[str] = set()
    found: list[list[_Found]] = []
    for position, own in enumerate(tokens):
        is_open = asked.is_open(position, own)
        here = [*_known(own, introduced=is_open), *_introduced(own)]
        if is_open:
            answers = list(_answered(own, surname=asked.surname))
            here += answers
            asked.hear_answer(given=bool(answers))
        here += _and_another(own, here)
        here += _with_letters(own)
        if asked.may_spell(position) or here:
            here += _spelt(own, asked=asked.spells)
        said |= {token.text for name in here if name.given for token in own[name.first : name.end]}
        found.append(here)
        asked.hear(position, own)
    known = names()
    telling = {text for text in said if len(text) >= _LONG_ENOUGH and not _is_everyday(text)}
    for position, own in enumerate(tokens):
        again = [_Found(place, place + 1) for place, token in enumerate(own) if token.text in telling]
        again += _again(own, said) if said else ()
        yield from _spans(position, own, [*found[position], *again])
    del known


def name_places(turns: Sequence[Said], tokens: Sequence[Sequence[Token]]) -> Iterator[int]:
    """Yield the positions of all turns that may hold a name: they introduce or know one, follow a question, say one again."""
    del turns
    asked = -_SPELT_BACK - 1
    places: set[int] = set()
    told: set[str] = set()
    for position, own in enumerate(tokens):
        if position - asked <= _SPELT_BACK or any(_tells(own, place) for place in range(len(own))):
            places.add(position)
            told |= {token.text for token in own if may_be_name(token.text, sure=True) or names().is_name(token.text)}
        if _ASKS.search(" ".join(token.text for token in own)):
            asked = position
    for position, own in enumerate(tokens):
        if position in places or any(token.text in told for token in own):
            yield position


def _tells(own: Sequence[Token], place: int) -> bool:
    """Return whether a word is a name, or stands beside one as words do that introduce it."""
    known, text = names(), own[place].text
    if known.is_certain(text) or text in naming.OWN or text in naming.AFTER or _is_beside_number(own, place):
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


def _known(own: Sequence[Token], *, introduced: bool) -> Iterator[_Found]:
    """Yield the names that can be nothing else, with the surnames after them."""
    known = names()
    place = 0
    while place < len(own):
        if not (known.is_certain(own[place].text) or _is_beside_number(own, place)):
            place += 1
            continue
        end = _name_end(own, place, introduced=introduced)
        after = own[end].text if end < len(own) else ""
        if not _PLACES.fullmatch(after):
            yield _Found(place, end)
        place = end


def _is_beside_number(own: Sequence[Token], place: int) -> bool:
    """Return whether a given name that is a word too, and a surname, are said right before a number, or last after one."""
    known = names()
    if place + 1 >= len(own) or own[place].text not in known.given or not known.is_surname(own[place + 1].text):
        return False
    if place + 2 == len(own):
        return bool(place and own[place - 1].digits)
    return len(own[place + 2].digits) > 1 or own[place + 2].text == "sıfır"


def _introduced(own: Sequence[Token]) -> Iterator[_Found]:
    """Yield the names that someone gives, or is spoken to by."""
    unskipped = _unskipped(own)
    on_file = bool(naming.ON_FILE.search(" ".join(token.text for token in own)))
    for place, token in enumerate(own):
        text = token.text
        before = own[place - 1].text if place else ""
        if text in naming.OWN and before not in naming.OF_THING:
            yield from _after(own, unskipped[place + 1], sure=text in naming.SURE)
        elif text in naming.RELATIVES:
            yield from _after(own, unskipped[place + 1], sure=False)
        elif text in {"ben", "benim"}:
            yield from _after_me(own, place + 1)
            yield from _before(own, place, sure=False, alone=False)
        elif text in naming.TITLES_NEAR:
            yield from _before(own, place, sure=text in naming.TITLES, alone=True)
        elif text in naming.AFTER and on_file:
            yield from _before(own, place, sure=False, alone=True)
        elif text == "ile" and any(
            other.text.startswith(("görüş", "konuş", "mi")) for other in own[place + 1 : place + 4]
        ):
            yield from _before(own, place, sure=False, alone=True)


def _after(own: Sequence[Token], first: int, *, sure: bool) -> Iterator[_Found]:
    """Yield the name that begins at a place after a word that introduces it."""
    if first == len(own) or own[first].digits:
        return
    text = own[first].text
    if names().is_given(text) or (sure and names().is_surname(text)):
        yield _Found(first, _name_end(own, first, introduced=True))
    elif sure and may_be_name(text, sure=True):
        yield _Found(first, _name_end(own, first, introduced=True))


def _and_another(own: Sequence[Token], found: Sequence[_Found]) -> Iterator[_Found]:
    """Yield the name that is joined to another by a word: ``ayşe ya da umut``."""
    for name in found:
        place = name.end
        while place < len(own) and own[place].text in naming.JOINS:
            place += 1
        if name.end < place < len(own) and names().is_given(own[place].text):
            yield _Found(place, _name_end(own, place))


def _after_me(own: Sequence[Token], place: int) -> Iterator[_Found]:
    """Yield the name after ``ben``: one that is a word too only where nothing or a surname or an end follows."""
    if place >= len(own) or not names().is_given(own[place].text):
        return
    end = _name_end(own, place, introduced=True)
    after = own[end].text if end < len(own) else ""
    if names().is_certain(own[place].text) or end > place + 1 or not after or after in naming.ENDS:
        yield _Found(place, end)


def _before(own: Sequence[Token], place: int, *, sure: bool, alone: bool) -> Iterator[_Found]:
    """Yield the name that ends before a word that is said after one."""
    known = names()
    first = place
    while first and place - first < _NAME_WORDS:
        text = own[first - 1].text
        if not (known.is_name(text) or (first < place and text in naming.HESITATES)):
            break
        first -= 1
    while first < place and not known.is_given(own[first].text) and not (sure and place - first == 1):
        first += 1
    if first < place:
        certain = known.is_certain(own[first].text)
        after = own[place + 1].text if place + 1 < len(own) else ""
        if alone or certain or (place - first > 1) or after in naming.ENDS or (place - first == place and place + 1 == len(own)):
            yield _Found(first, place)
    elif sure and place and may_be_name(own[place - 1].text) and not own[place - 1].digits:
        yield _Found(place - 1, place)


def _answered(own: Sequence[Token], *, surname: bool) -> Iterator[_Found]:
    """Yield the name in an answer to a question for it: a known one, or the words of a short answer."""
    known = names()
    first = 0 if surname and len(own) == 1 and known.is_surname(own[0].text) else _unskipped(own)[0]
    if first == len(own) or own[first].digits:
        return
    text = own[first].text
    rest = [token for token in own[first:] if token.text not in naming.SKIPPED]
    whole = len(rest) <= _ANSWER_WORDS - 1 and all(
        may_be_name(token.text) or known.is_name(token.text) for token in rest
    )
    if known.is_name(text):
        end = _name_end(own, first, introduced=True, whole=whole)
        if known.is_certain(text) or end == len(own) or end > first + 1 or surname or own[end].text in naming.ENDS:
            yield _Found(first, end)
    elif may_be_name(text, sure=surname) and (len(rest) <= _ANSWER_WORDS or surname):
        end = _name_end(own, first, introduced=True, whole=whole)
        after = own[end].text if end < len(own) else ""
        if not after or after in naming.ENDS or after in naming.SKIPPED or known.is_name(own[end - 1].text):
            yield _Found(first, end)


def _spelt(own: Sequence[Token], *, asked: bool) -> Iterator[_Found]:
    """Yield the letters that are spelt, and those that are shorter where the spelling was asked for."""
    for run in letter_runs(own, naming.HESITATES):
        if run.certain or (asked and len(run.text) > 1):
            yield _Found(run.first, run.end, given=False)


def _with_letters(own: Sequence[Token]) -> Iterator[_Found]:
    """Yield the words whose letters are spelt right before or after them, with the letters: ``çağlı ç a ğ l ı``."""
    for run in letter_runs(own, naming.HESITATES):
        before, after = run.first - 1, run.end
        while before >= 0 and own[before].text in naming.HESITATES:
            before -= 1
        while after < len(own) and own[after].text in naming.HESITATES:
            after += 1
        if len(run.text) < _SHORTEST_SPELT:
            continue
        if before >= 0 and _sounds_like(own[before].text, run.text):
            yield _Found(before, run.end)
        elif after < len(own) and _sounds_like(own[after].text, run.text):
            yield _Found(run.first, after + 1)


def _sounds_like(word: str, letters: str) -> bool:
    """Return whether a word is what the letters spell, but for a letter at their start that belongs to what was said before."""
    return len(word) >= _SHORTEST_SPELT and (word == letters or (letters.endswith(word) and len(letters) - len(word) < len(word)))


def _again(own: Sequence[Token], said: set[str]) -> Iterator[_Found]:
    """Yield the words of a name, everyday words too, that are said again: side by side, or as a turn that is not much else."""
    texts = [token.text for token in own]
    for place, (text, following) in enumerate(pairwise(texts)):
        if text in said and following in said and not (text in naming.SKIPPED or following in naming.SKIPPED):
            yield _Found(place, place + 2)
    if len(texts) > 1 and texts[-1] in said and texts[-1] in names().given:
        yield _Found(len(texts) - 1, len(texts))
    rest = [place for place, text in enumerate(texts) if text not in naming.SKIPPED and text not in naming.NOT]
    if len(texts) <= _SHORT_TURN and len(rest) == 1 and texts[rest[0]] in said:
        yield _Found(rest[0], rest[0] + 1)


def _unskipped(own: Sequence[Token]) -> list[int]:
    """Return for each place, and the end, the first place from there on of a word that does not only connect."""
    found = [len(own)] * (len(own) + 1)
    for place in range(len(own) - 1, -1, -1):
        found[place] = found[place + 1] if own[place].text in naming.SKIPPED else place
    return found


def _name_end(own: Sequence[Token], first: int, *, introduced: bool = False, whole: bool = False) -> int:
    """Return the place after at most four words that can be one name; those that no list knows only where it is introduced."""
    known = names()
    end = last = first + 1
    while end < len(own) and end - first < _NAME_WORDS + 2:
        text = own[end].text
        if text in naming.HESITATES:
            end += 1
            continue
        if (
            own[end].digits
            or text in naming.TITLES_NEAR
            or text in naming.ENDS
            or text in naming.SKIPPED - known.surnames
        ):
            break
        listed = known.is_certain(text) or known.is_surname(text) or (introduced and known.is_given(text))
        ends = end + 1 == len(own) or own[end + 1].text in naming.ENDS or own[end + 1].digits
        after_given = end == last and known.is_certain(own[end - 1].text) and ends and end + 1 < len(own)
        after_given = known.is_certain(own[last - 1].text)
        unlisted = whole or (after_given and (introduced or (ends and end + 1 < len(own)))) or (introduced and ends and last == first + 1)
        unlisted = unlisted and may_be_name(text, sure=introduced) and text not in naming.RELATIVES
        if not (listed or unlisted) or last - first >= _NAME_WORDS:
            break
        end += 1
        last = end
    return last


def _is_everyday(text: str) -> bool:
    known = names()
    common = text in known.also_words or (text in known.surnames and not known.is_certain(text))
    return common or not text.isalpha() or text in naming.NOT or text in naming.SKIPPED


def _spans(position: int, own: Sequence[Token], found: Sequence[_Found]) -> Iterator[Span]:
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
