"""Turkish number words: where in a text each number stands, and which it is.

What looks like a number and often is none stays a word: a lone ``bir`` (the article) or ``sıfır`` (brand-new), a lone
inflected ``on``, ``bir`` or ``yüz`` (``ona``, ``biri``, ``o yüzden``), and forms that also mean "of them" (``ikisi``,
``üçü``). They count inside a longer number (``yirmi birde``) and after what asks for one (``saat onda``, ``ayın üçü``).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from agents.transcribe.languages.tr.letters import Ending, inflected, lowered

_ONES = ("sıfır", "bir", "iki", "üç", "dört", "beş", "altı", "yedi", "sekiz", "dokuz")
_TENS = ("on", "yirmi", "otuz", "kırk", "elli", "altmış", "yetmiş", "seksen", "doksan")
_VALUES = (
    {word: value for value, word in enumerate(_ONES)}
    | {word: 10 * tens for tens, word in enumerate(_TENS, start=1)}
    | {"atmış": 60, "yüz": 100, "bin": 1000, "milyon": 10**6, "milyar": 10**9}  # altmış as it is mostly said
)
_HALF = "buçuk"
_COMMA = "virgül"
_SOFT = {"dört": "dörd", _HALF: "buçuğ"}
_BARE = Ending("", own=False)
_FORMS = {form: (stem, ending) for stem in (*_VALUES, _HALF) for form, ending in inflected(stem, _SOFT.get(stem))}
_FORMS |= {stem: (stem, _BARE) for stem in (*_VALUES, _HALF)}
_OFTEN_OTHER = {"sıfır", "on", "bir", "yüz"}
"""Stems whose inflected forms are mostly other words."""
_ASKS_FOR_A_NUMBER = {"saat", "ayın", "yüzde", "numara", "ocağın", "şubatın", "martın", "nisanın", "mayısın"} | {
    *("haziranın", "temmuzun", "ağustosun", "eylülün", "ekimin", "kasımın", "aralığın")
}
_AFTER_ARTICLE = {"de", "da", "daha", "şey", "türlü"}
_FROM_OR_WITH = {"dan", "den", "tan", "ten", "la", "le", "yla", "yle"}
_GENITIVE = ("nın", "nin", "nun", "nün")
_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_LONGEST_WORD = 100
"""Letters of the longest number written as one word."""
_SHORTEST_FUSED = 10
"""Letters from which a word may be several numbers run together."""
_LONGEST_CARDINAL = 20
"""Words of the longest cardinal below a trillion, generously."""


@dataclass(frozen=True)
class Number:
    """One number in a text, in words or in digits."""

    start: int
    """Position of its first character in the text."""
    end: int
    """Position after its last character, its ending included."""
    digits: str
    """The whole part."""
    fraction: str = ""
    """What follows the decimal comma."""
    ending: str = ""
    """The inflection of a number in words: ``te`` of ``beşte``."""
    certain: bool = True
    """False for a word that is mostly no number, see above."""
    spoken: bool = True
    """False for digits that stood in the text."""

    @property
    def written(self) -> str:
        """The number in digits: ``2,5``, ``5'te``."""
        return self.digits + (f",{self.fraction}" if self.fraction else "") + (f"'{self.ending}" if self.ending else "")


@dataclass(frozen=True)
class _Part:
    stem: str
    ending: Ending
    start: int
    end: int


def numbers(text: str) -> list[Number]:
    """Return all numbers of a text in order, the uncertain ones and those in digits too."""
    low = lowered(text)
    tokens = [(match[0], match.start(), match.end()) for match in _TOKEN.finditer(low)]
    found: list[Number] = []
    neighbours: list[tuple[str, str]] = []  # the words before and after each
    position = 0
    while position < len(tokens):
        taken, number = _number_at(low, tokens, position)
        if number and number.spoken:
            taken, number = _with_fraction(low, tokens, position, taken, number)
        if number:
            after_one = bool(found) and found[-1].certain and found[-1].ending in _FROM_OR_WITH
            if after_one and not low[found[-1].end : number.start].strip():
                number = replace(number, certain=True)  # dokuzdan ona
            found.append(number)
            before = tokens[position - 1][0] if position else ""
            following = tokens[position + taken][0] if position + taken < len(tokens) else ""
            neighbours.append((before, following))
        position += taken
    return _less_articles(low, found, neighbours)


def _number_at(low: str, tokens: Sequence[tuple[str, int, int]], position: int) -> tuple[int, Number | None]:
    """Return how many tokens the whole number that starts here takes (1 if there is none), and the number."""
    word, start, end = tokens[position]
    if word.isdecimal():
        return 1, Number(start, end, word, spoken=False)
    if (several := _several(word))[0]:
        return 1, Number(start, end, several[0], ending=several[1])
    parts: list[tuple[int, _Part]] = []  # with the number of tokens read so far
    for ahead in range(position, min(len(tokens), position + _LONGEST_CARDINAL)):
        word, start, end = tokens[ahead]
        following = tokens[ahead + 1][0] if ahead + 1 < len(tokens) else ""
        is_article = word == "bir" and following in _AFTER_ARTICLE
        if (parts and (is_article or low[parts[-1][1].end : start].strip())) or not (own := _split(word)):
            break
        parts += [(ahead + 1 - position, _Part(stem, ending, start, end)) for stem, ending in own]
        if own[-1][1].text:
            break
    after_digits = (
        position > 0
        and tokens[position - 1][0].isdecimal()
        and not low[tokens[position - 1][2] : tokens[position][1]].strip()
    )
    if parts and after_digits and _VALUES[parts[0][1].stem] >= 100:
        parts = parts[:1]  # "2 bin beş yüz" is 2 bin 500
    value, length = _cardinal([part.stem for _, part in parts])
    while length and length < len(parts) and parts[length][0] == parts[length - 1][0]:
        length -= 1  # never ends inside a word
        value, length = _cardinal([part.stem for _, part in parts[:length]])
    if value is None or not length:
        return 1, None
    taken, last = parts[length - 1]
    before = tokens[position - 1][0] if position else ""
    number = Number(parts[0][1].start, last.end, str(value), ending=last.ending.text)
    number = replace(number, certain=_is_certain(parts[0][1], length, before, after_digits=after_digits))
    return taken, number


def _with_fraction(
    low: str, tokens: Sequence[tuple[str, int, int]], position: int, taken: int, number: Number
) -> tuple[int, Number]:
    rest = tokens[position + taken : position + taken + 3]
    if number.ending or not rest or low[number.end : rest[0][1]].strip():
        return taken, number
    stem, ending = _FORMS.get(rest[0][0], ("", _BARE))
    if stem == _HALF:
        scale = _FORMS.get(rest[1][0], ("", _BARE)) if len(rest) > 1 and not ending.text else ("", _BARE)
        if scale[0] in {"bin", "milyon", "milyar"}:
            whole = int(number.digits) * _VALUES[scale[0]] + _VALUES[scale[0]] // 2
            return taken + 2, replace(number, end=rest[1][2], digits=str(whole), ending=scale[1].text, certain=True)
        return taken + 1, replace(number, end=rest[0][2], fraction="5", ending=ending.text, certain=True)
    if rest[0][0] == _COMMA and len(rest) > 1:
        further, fraction = _number_at(low, tokens, position + taken + 1)
        if fraction and fraction.spoken:
            end = fraction.end
            own = replace(number, end=end, fraction=fraction.digits, ending=fraction.ending, certain=True)
            return taken + 1 + further, own
    return taken, number


def _is_certain(first: _Part, length: int, before: str, *, after_digits: bool) -> bool:
    if length > 1:
        return True
    if after_digits and _VALUES[first.stem] >= 100:
        return False  # "2 bin" stays
    if before in _ASKS_FOR_A_NUMBER:
        return True
    if first.stem == "atmış" or (first.stem in {"yüz", "bin"} and before in {"birkaç", "kaç"}):
        return False
    if first.stem == "altı" and not first.ending.text and before.endswith(_GENITIVE):
        return False  # what is under it
    return not (first.ending.own or (first.ending.text and first.stem in _OFTEN_OTHER))


@lru_cache(maxsize=4096)
def _split(word: str) -> tuple[tuple[str, Ending], ...]:
    """Return the number words that a word consists of: one, several that were written as one (``onbeşe``), or none."""
    parts = _pieces(word) if len(word) <= _LONGEST_WORD else ()
    return parts if len(parts) == 1 or _cardinal([stem for stem, _ in parts])[1] == len(parts) else ()


@lru_cache(maxsize=4096)
def _several(word: str) -> tuple[str, str]:
    """Return digits and ending of several numbers that were written as one word: ``sıfırbeşyüzotuziki``."""
    parts = _pieces(word) if _SHORTEST_FUSED <= len(word) <= _LONGEST_WORD else ()
    stems = [stem for stem, _ in parts]
    if len(parts) < 3 or _cardinal(stems)[1] == len(parts):
        return "", ""
    digits = ""
    while stems:
        value, length = _cardinal(stems)
        if value is None or not length:
            return "", ""
        digits, stems = digits + str(value), stems[length:]
    return digits, parts[-1][1].text


def _pieces(word: str) -> tuple[tuple[str, Ending], ...]:
    if own := _FORMS.get(word):
        return () if own[0] == _HALF else (own,)
    for stem in _VALUES:
        if word.startswith(stem) and (rest := _pieces(word[len(stem) :])):
            return ((stem, _BARE), *rest)
    return ()


def _cardinal(stems: Sequence[str]) -> tuple[int | None, int]:
    """Return the longest cardinal that the words begin with, and of how many words it is."""
    total = group = 0
    unit, scale = 1000, 10**12  # what the next word of the group, and the next scale word, must be below
    for length, stem in enumerate(stems):
        value = _VALUES[stem]
        if value == 0:
            return (0, 1) if length == 0 else (total + group, length)
        if value >= 1000:
            if value >= scale or (group == 1 and value == 1000) or (not group and value > 1000):
                return (total + group, length) if length else (None, 0)
            total, group, unit, scale = total + max(group, 1) * value, 0, 1000, value
        elif value == 100 and 1 < group < 10:
            group, unit = group * 100, 100
        elif value >= unit or (value == 100 and group):
            return total + group, length
        else:
            group, unit = group + value, (100 if value == 100 else 10 if value >= 10 else 1)
    return total + group, len(stems)


def _less_articles(low: str, found: Sequence[Number], neighbours: Sequence[tuple[str, str]]) -> list[Number]:
    """Mark each lone ``bir``, ``sıfır`` and ``yüz yüze`` as uncertain, and what stands in a run as certain."""
    marked: list[Number] = []
    for run in runs(low, found):
        for place, number in enumerate(run):
            word, (before, following) = low[number.start : number.end], neighbours[len(marked)]
            certain = number.certain
            if word == "bir" and following in _AFTER_ARTICLE:
                certain = False
            elif word == "bir" and place == 0:
                single_follows = len(run) > 1 and len(run[1].digits) == 1
                certain = single_follows or len(run) > 2 or before in {"saat", "yüzde"}
            elif word == "sıfır":
                certain = len(run) > 1 or before == "yüzde"
            elif word == "atmış":
                certain = len(run) > 1
            elif word in {"yüz", "yüze"}:
                face_to_face = len(run) == 2 and low[run[0].start : run[1].end] == "yüz yüze"
                certain = certain and not face_to_face
            marked.append(replace(number, certain=certain))
    return marked


def runs(text: str, found: Sequence[Number]) -> Iterator[list[Number]]:
    """Yield the numbers that stand next to each other, with nothing but space between them."""
    run: list[Number] = []
    for number in found:
        if run and (run[-1].ending or run[-1].fraction or text[run[-1].end : number.start].strip()):
            yield run
            run = []
        run.append(number)
    if run:
        yield run
