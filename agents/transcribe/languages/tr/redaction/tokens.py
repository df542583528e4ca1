"""A turn's text as tokens: words and numbers with their place, and whether a number counts or measures something."""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace

from agents.transcribe.languages.text import words
from agents.transcribe.languages.tr.letters import lowered
from agents.transcribe.languages.tr.number_words import Number, numbers
from agents.transcribe.languages.tr.redaction import grammar
from agents.transcribe.languages.tr.redaction.mishearing import with_number_words
from agents.transcribe.redaction.spans import Said

_TOKEN = re.compile(r"\[[a-z_]+\]|[^\W_]+")
"""A placeholder is one token, and says nothing."""
_WITH_ENDING = re.compile(r"(\d{7,}|\d\d(?:\d\d)?(?=[dt][ea]n))[a-zçğıöşü]{1,5}")
_IBAN_HEAD = re.compile(r"tr(\d{2,24})")
_WRITTEN_MEASURE = re.compile(
    r"(?<![\d.])\d{1,3}(?:\.\d{3})+(?:,\d\d)?(?![.\d])"  # 12.500,00
    r"|(?<![\d./-])\d{1,2}([./-])\d{1,2}\1(?:19|20)\d\d(?!\d)"  # 12.05.2024
    r"|(?<![\d:])\d{1,2}:\d\d(?![\d:])"  # 14:30
    r"|(?<![\d.,])\d+,\d{1,2}(?![\d,])"  # 2,5
    r"|(?<![\d/])\d{1,2}/\d\d(?![\d/])"  # 07/29
)
_UNIT = re.compile(
    r"(?:lira|kuruş|dolar|euro|avro|yıl|sene|hafta|dakika|saniye|kilo|litre|metre|santim|derece|kişi|adet|tane|taksit"
    r"|program|devir|yaşında|ampul|çekim|katlı|kapılı|numaralı daire|puan|parça|kere|sefer)[a-zçğıöşü]*"
    r"|(?:tl|ay|ayda|aylık|aydır|ayın|gün|günü|günde|günlük|gündür|saat|saatte|saatlik|saate|kg|cm|mm|inç|ekran|watt|vat|volt|bar"
    r"|btu|gb|hertz|hz|kw|kva|beygir|desibel|db|gram|gr|mega|mb|mbit|megapiksel|psi|pa|rpm|watlık|wattlık|milim|ohm"
    r"|kez|defa|kat|katta|katı|daire|daireli|oda|model|modeli|sokak|sokağı|cadde|caddesi|yaş|kdv|amper|hane|haneli"
    r"|bölü|arası|arasında|aralığı|aralığında|sularında|gibi|civarı"
    r"|ocak|şubat|mart|nisan|mayıs|haziran|temmuz|ağustos|eylül|ekim|kasım|aralık)"
)
_BEFORE_MEASURE = words("bölü ayın blok daire hata kapı kat model saat saati sokak taksit yüzde")
_COMMA = frozenset(",;:!?")
_NEXT_WORD = re.compile(r"[\s'’]*([^\W\d_]+)?")
_LOOK_AHEAD = 8
_SHORT_TURN = 4
_KIND_ENDINGS = ("l", "si", "sı", "su", "sü")
_OFTEN_PRONOUN = ("on", "bir", "yüz")
_MOMENT = {"dakika", "saniye", "sn", "dk"}
_WHOSE = words("da de ise benim bizim onun eşimin oğlumun kızımın babamın annemin abimin kardeşimin")
"""After ``biri``: one of two."""
_NOT_ONE = _MOMENT | words("da daha dakika de dk saniye sn")
"""After ``bir``: a moment, once more, also."""


@dataclass(frozen=True, eq=False)
class Token:
    """A word or a number of a turn; equal to itself alone, which is quick to tell."""

    turn: int
    """Position of the turn."""
    place: int
    """Position among the turn's tokens."""
    speaker: str
    """Who said it."""
    start: int
    """Position of the first character in the turn's text."""
    end: int
    """Position after the last character."""
    text: str
    """The word in lower case."""
    digits: str = ""
    """The number's digits; empty for a word."""
    words: int = 0
    """Of how many words the number is; 0 for digits."""
    ending: str = ""
    """The inflection of a number in words."""
    after_comma: bool = False
    """Whether a comma or the like stands before it."""
    measures: bool = False
    """Whether the number tells a price, a date, an hour, a floor: what is not dictated."""


def tokens(turns: Sequence[Said]) -> list[list[Token]]:
    """Return the tokens of each turn."""
    found = [_of_turn(position, turn) for position, turn in enumerate(turns)]
    for position in range(len(found)):
        found[position] = _without_counts(found, position)
    return found


def _without_counts(heard: Sequence[Sequence[Token]], position: int) -> list[Token]:
    """Return a turn's tokens, those that say how many digits a number has as measures: ``tamam yirmi altı oldu``."""
    own = list(heard[position])
    near = (*heard[max(0, position - 2) : position], *heard[position + 1 : position + 2])
    said = "".join(token.digits for turn in near for token in turn if not token.measures)
    for place, token in enumerate(own):
        beside = {other.text for other in own[max(0, place - 2) : place + 3]}
        alone = not any(other.digits for other in (*own[max(0, place - 1) : place], *own[place + 1 : place + 2]))
        counts = token.digits in grammar.WHOLE and token.digits not in said and not grammar.COUNTS_UP.isdisjoint(beside)
        lacks = len(own) < _SHORT_TURN and len(token.digits) == 1 and own[-1].text == "daha"
        if alone and (counts or lacks):
            own[place] = replace(token, measures=True)
    return own


def number_places(turns: Sequence[Said], heard: Sequence[Sequence[Token]]) -> Iterator[int]:
    """Yield the positions of all turns that say a number, whatever for; nothing else has digits to hide."""
    for position, (turn, own) in enumerate(zip(turns, heard, strict=True)):
        if any(token.digits for token in own) or any(letter.isdecimal() for letter in turn.text):
            yield position


def _of_turn(position: int, turn: Said) -> list[Token]:
    heard = with_number_words(turn.text)
    low = lowered(turn.text)
    by_start = {number.start: number for number in numbers(heard)}
    measured = {place for match in _WRITTEN_MEASURE.finditer(low) for place in range(*match.span())}
    matches = list(_TOKEN.finditer(low))
    found: list[Token] = []
    done = 0
    for place, match in enumerate(matches):
        if match.start() < done:
            continue
        number, following = by_start.get(match.start()), matches[place + 1][0] if place + 1 < len(matches) else ""
        if number and (match[0] == "bir" and following in _NOT_ONE):
            number = None
        if written := _WITH_ENDING.fullmatch(match[0]):  # 05321234567den
            number = Number(match.start(), match.end(), written[1], spoken=False)
        number = number and _dictated(low, number)
        if number and not number.spoken and number.end != match.end():
            number = None  # a code, as e10 or 5kg
        if head := _IBAN_HEAD.fullmatch(match[0]):
            number = Number(match.start(), match.end(), head[1], spoken=False)
        done = number.end if number else match.end()
        if found and found[-1].digits and not found[-1].words and low[found[-1].end : match.start()] in {"'", "’"}:
            continue  # the ending of a written number
        before, gap = (found[-1].text, low[found[-1].end : match.start()]) if found else ("", "")
        found.append(
            Token(
                turn=position,
                place=len(found),
                speaker=turn.speaker,
                start=match.start(),
                end=done,
                text=low[match.start() : done],
                digits=number.digits if number else "",
                words=len(low[number.start : number.end].split()) if number and number.spoken else 0,
                ending=number.ending if number else "",
                after_comma=not _COMMA.isdisjoint(gap),
                measures=bool(number) and _measures(low, number, before, measured),
            )
        )
    return found


def breaks_dictation(word: str) -> bool:
    """Return whether a word says that a number before or after it counts or measures."""
    return word != "ay" and (word in _BEFORE_MEASURE or _UNIT.fullmatch(word) is not None)


def _dictated(low: str, number: Number) -> Number | None:
    """Return a number that may be dictated: no ordinal, no pronoun (``ona``), and without ``bir`` of "one moment"."""
    said = low[number.start : number.end]
    if "nc" in number.ending:
        return None  # an ordinal
    if len(number.digits) == 1 and number.ending.startswith(_KIND_ENDINGS):
        return None  # üçlü, ikisinin
    if number.ending and not number.certain and said.startswith(_OFTEN_PRONOUN):
        return None
    following = _NEXT_WORD.match(low, number.end)
    after = following[1] if following else ""
    for one in (" bir",) if after in _MOMENT else (" biri",) if after in _WHOSE else ():
        if said.endswith(one) and len(number.digits) > 2:
            return replace(number, end=number.end - len(one), digits=f"{number.digits[:-1]}0", ending="")
    return number


def _measures(low: str, number: Number | None, before: str, measured: Set[int]) -> bool:
    if number is None:
        return False
    unit = _NEXT_WORD.match(low, number.end)
    if unit and unit[1] == "saat" and numbers(low[unit.end() : unit.end() + _LOOK_AHEAD]):
        unit = None  # the next number's: "… on iki saat beşten sonra"
    if unit and unit[1] == "ay" and len(number.digits) > 2:
        unit = None  # no months, an interjection
    return (
        bool(number.fraction)
        or number.start in measured
        or before in _BEFORE_MEASURE
        or bool(unit and unit[1] and _UNIT.fullmatch(unit[1]))
        or low[number.end : number.end + 2].strip()[:1] in {"%", "₺", "€", "$"}
        or low[max(0, number.start - 2) : number.start].strip()[-1:] in {"%", "₺", "€", "$"}
    )
