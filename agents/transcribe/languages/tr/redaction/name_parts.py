"""The names in one turn: known ones, introduced ones, answers to a question, spelt ones, those that are said again."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agents.transcribe.languages.tr.redaction import naming
from agents.transcribe.languages.tr.redaction.naming import may_be_name, names
from agents.transcribe.languages.tr.redaction.places import places
from agents.transcribe.languages.tr.redaction.spelling import letter_runs
from agents.transcribe.languages.tr.redaction.tokens import Token

_NAME_WORDS = 6

_ANSWER_WORDS = 5

_SHORT_TURN = 7

_SHORTEST_SPELT = 3

_SAID_BEFORE = frozenset({"yaz", "söyle", "bak", "gel", "güzel"})
"""Said to somebody, with a title after it: ``yaz usta``."""

_COUNTS = frozenset({"bu", "o", "şu", "her", "kaç", "ne", "bir"})
"""Before a word that is a given name, too: ``bu sefer usta gelmedi``."""

_PLACES = re.compile(
    r"(?:mahalle|cadde|soka|bulvar|apart|site|sanayi|okul|hastane|üniversite|avm|plaza|köy|ilçe|marka|park"
    r"|servis|ticaret|kolej|lise|cami|konut)\w*"
)


@dataclass(frozen=True)
class Found:
    """A name in one turn."""

    first: int
    end: int
    given: bool = True
    """Whether somebody gave it as a name, so that its words are names when they are said again."""


def known_in(own: Sequence[Token], *, introduced: bool) -> Iterator[Found]:
    """Yield the names that can be nothing else, with the surnames after them."""
    known = names()
    place = 0
    while place < len(own):
        if not (known.is_certain(own[place].text) or is_beside_number(own, place)):
            place += 1
            continue
        end = _name_end(own, place, introduced=introduced)
        after = own[end].text if end < len(own) else ""
        if not _PLACES.fullmatch(after):
            yield Found(place, end)
        place = end


def is_beside_number(own: Sequence[Token], place: int) -> bool:
    """Return whether a given name that is a word too, and a surname, are said right before or last after a number."""
    known = names()
    if place + 1 >= len(own) or own[place].text not in known.given:
        return False
    if own[place].text in naming.SKIPPED or not known.is_surname(own[place + 1].text):
        return False
    if place + 2 == len(own):
        return bool(place and own[place - 1].digits)
    return sum(len(token.digits) for token in own[place + 2 : place + 4]) > 1


def introduced_in(own: Sequence[Token]) -> Iterator[Found]:
    """Yield the names that someone gives, or is spoken to by."""
    unskipped = _unskipped(own)
    on_file = bool(naming.ON_FILE.search(" ".join(token.text for token in own)))
    for place, token in enumerate(own):
        text = token.text
        before = own[place - 1].text if place else ""
        if text in naming.OWN and before not in (naming.STEPS if text.startswith("adım") else naming.OF_THING):
            yield from _after(own, unskipped[place + 1], sure=text in naming.SURE)
        if text == "zil" and own[place + 1 : place + 2] and own[place + 1].text in {"de", "da"}:
            yield from _after(own, unskipped[place + 2], sure=True)
        if text in naming.RELATIVES:
            yield from _after(own, unskipped[place + 1], sure=False)
        if text in {"ben", "benim"}:
            yield from _after_me(own, place + 1)
            yield from _before(own, place, sure=False, alone=False)
        elif text in naming.TITLES_NEAR:
            yield from _before(own, place, sure=text in naming.TITLES, alone=True)
        elif text in naming.AFTER and place + 1 < len(own) and own[place + 1].text.startswith(naming.WRITES):
            yield from _before(own, place, sure=True, alone=True)
        elif (text in naming.AFTER and on_file) or (text == "ile" and _speaks_with(own[place + 1 : place + 4])):
            yield from _before(own, place, sure=False, alone=True)


def _speaks_with(following: Sequence[Token]) -> bool:
    return any(token.text.startswith(("görüş", "konuş", "mi")) for token in following)


def _after(own: Sequence[Token], first: int, *, sure: bool) -> Iterator[Found]:
    """Yield the name that begins at a place after a word that introduces it."""
    if first == len(own) or own[first].digits:
        return
    text = own[first].text
    known = names()
    if known.is_given(text) or (sure and (known.is_surname(text) or may_be_name(text, sure=True))):
        yield Found(first, _name_end(own, first, introduced=True))


def another_joined(own: Sequence[Token], found: Sequence[Found]) -> Iterator[Found]:
    """Yield the name that is joined to another by a word: ``ayşe ya da umut``."""
    for name in found:
        place = name.end
        while place < len(own) and own[place].text in naming.JOINS:
            place += 1
        if name.end < place < len(own) and names().is_given(own[place].text):
            yield Found(place, _name_end(own, place))


def _after_me(own: Sequence[Token], place: int) -> Iterator[Found]:
    """Yield the name after ``ben``: one that is a word too only where nothing or a surname or an end follows."""
    if place >= len(own) or not names().is_given(own[place].text):
        return
    end = _name_end(own, place, introduced=True)
    after = own[end].text if end < len(own) else ""
    if names().is_certain(own[place].text) or end > place + 1 or not after or after in naming.ENDS:
        yield Found(place, end)


def _before(own: Sequence[Token], place: int, *, sure: bool, alone: bool) -> Iterator[Found]:
    """Yield the name that ends before a word that is said after one."""
    known = names()
    spoken = [at for at in range(max(0, place - _NAME_WORDS), place) if own[at].text not in naming.HESITATES]
    if not spoken:
        return
    end = spoken[-1] + 1
    last = own[end - 1]
    unlisted = len(spoken) > 1 and known.is_given(own[spoken[-2]].text) and not known.is_name(last.text)
    first = end - (alone and unlisted and may_be_name(last.text))
    while first and place - first < _NAME_WORDS:
        text = own[first - 1].text
        if not (known.is_name(text) or (first < end and text in naming.HESITATES)) or text in _SAID_BEFORE:
            break
        first -= 1
    while first < end and not known.is_given(own[first].text) and not (sure and end - first == 1):
        first += 1
    other = own[place].text in naming.RELATIVES and first + 1 == end and not known.is_certain(last.text)
    if other and (last.text not in known.given or (first and own[first - 1].text in _COUNTS)):
        return
    if first < end:
        certain = known.is_certain(own[first].text)
        after = own[place + 1].text if place + 1 < len(own) else ""
        whole = first == 0 and place + 1 == len(own)
        if alone or certain or whole or end - first > 1 or after in naming.ENDS:
            yield Found(first, end)
    elif sure and may_be_name(last.text) and not last.digits:
        yield Found(end - 1, end)


def corrected(own: Sequence[Token]) -> Iterator[Found]:
    """Yield both names of a correction, listed or not: ``ceyhan değil jeyhun``."""
    for place, token in enumerate(own[1:-1], start=1):
        if token.text == "değil" and all(
            may_be_name(own[at].text) and not own[at].digits for at in (place - 1, place + 1)
        ):
            yield Found(place - 1, place + 2)


def answered(own: Sequence[Token], *, surname: bool) -> Iterator[Found]:
    """Yield the name in an answer to a question for it: a known one, or the words of a short answer."""
    known = names()
    first = 0 if surname and len(own) == 1 and known.is_surname(own[0].text) else _unskipped(own)[0]
    if first == len(own) or own[first].digits:
        return
    text = own[first].text
    rest = [token for token in own[first:] if token.text not in naming.SKIPPED and token.text not in naming.ENDS]
    whole = len(rest) <= _ANSWER_WORDS - 1 and all(
        may_be_name(token.text) or known.is_name(token.text) for token in rest
    )
    if known.is_name(text):
        end = _name_end(own, first, introduced=True, whole=whole)
        if known.is_certain(text) or end == len(own) or end > first + 1 or surname or own[end].text in naming.ENDS:
            yield Found(first, end)
    elif (
        may_be_name(text, sure=surname)
        and not places().is_place(text)
        and (len(rest) <= _ANSWER_WORDS or surname or _is_with_surname(own, first))
    ):
        end = _name_end(own, first, introduced=True, whole=whole)
        after = own[end].text if end < len(own) else ""
        if not after or after in naming.ENDS or after in naming.SKIPPED or _ends_as_name(own[end - 1].text):
            yield Found(first, end)


def _is_with_surname(own: Sequence[Token], first: int) -> bool:
    """Return whether a surname follows on a word that is in no place: ``bedirhan çalışkan``."""
    located = own[first].text.endswith(("da", "de", "ta", "te"))
    return not located and first + 1 < len(own) and names().is_surname(own[first + 1].text)


def _ends_as_name(text: str) -> bool:
    return names().is_name(text) or text in naming.OF_SON


def spelt_in(own: Sequence[Token], *, asked: bool) -> Iterator[Found]:
    """Yield the letters that are spelt, and those that are shorter where the spelling was asked for."""
    for run in letter_runs(own, naming.HESITATES):
        if run.certain or (asked and len(run.text) > 1):
            yield Found(run.first, run.end, given=False)


def with_letters(own: Sequence[Token]) -> Iterator[Found]:
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
            yield Found(before, run.end)
        elif after < len(own) and _sounds_like(own[after].text, run.text):
            yield Found(run.first, after + 1)


def _sounds_like(word: str, letters: str) -> bool:
    """Return whether a word is what the letters spell, or what the most of them spell."""
    return len(word) >= _SHORTEST_SPELT and letters.endswith(word) and len(letters) < 2 * len(word)


def asked_back(own: Sequence[Token]) -> Iterator[Found]:
    """Yield a name that is said as it was understood: ``üründül mü``."""
    asks = len(own) > 1 and own[-1].text in naming.ASKS_BACK
    place = len(own) - 2
    begins = asks and (place == _unskipped(own)[0] or own[place - 1].text.startswith(naming.ASKED))
    if begins and may_be_name(own[place].text, sure=True) and not places().is_place(own[place].text):
        yield Found(place, place + 1)


def _unskipped(own: Sequence[Token]) -> list[int]:
    """Return for each place, and the end, the first place from there on of a word that does not only connect."""
    found = [len(own)] * (len(own) + 1)
    for place in range(len(own) - 1, -1, -1):
        found[place] = found[place + 1] if own[place].text in naming.SKIPPED else place
    return found


def _ends_name(after: Token | None) -> bool:
    """Return whether what follows on a word leaves it a name: the end, a verb, what is said after names."""
    return after is None or after.text in naming.ENDS or bool(naming.VERB_OR_NOUN.fullmatch(after.text))


def _name_end(own: Sequence[Token], first: int, *, introduced: bool = False, whole: bool = False) -> int:
    """Return the place after the words that can be one name; those that no list knows only where it is introduced."""
    known = names()
    end = last = first + 1
    while end < len(own) and end - first < _NAME_WORDS + 2:
        text = own[end].text
        if text in naming.HESITATES:
            end += 1
            continue
        following = own[end + 1].text if end + 1 < len(own) else ""
        if text in naming.OF_SON and last > first + 1 and not known.is_given(following):
            return end + 1
        if (
            own[end].digits
            or text in naming.TITLES_NEAR
            or text in naming.ENDS
            or (text in naming.SKIPPED and text not in known.surnames)
            or own[end].after_comma
        ):
            break
        listed = known.is_certain(text) or known.is_surname(text) or (introduced and known.is_given(text))
        rest = own[end + 1 : end + 1 + _NAME_WORDS]
        after = next((token for token in rest if token.text not in naming.HESITATES), None)
        ends = after is None or after.text in naming.ENDS or bool(after.digits)
        after_given = known.is_certain(own[last - 1].text)
        listed = listed or (after_given and known.is_given(text) and _ends_name(after))
        believed = introduced or (ends and after is not None and after is rest[0])
        unlisted = whole or (after_given and believed) or (introduced and ends and last == first + 1)
        unlisted = unlisted and may_be_name(text, sure=introduced) and text not in naming.RELATIVES
        if not (listed or unlisted) or last - first >= _NAME_WORDS:
            break
        end += 1
        last = end
    return last
