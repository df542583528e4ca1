"""Letters that are spelt: by their names (``be``, ``yumuşak ge``), by a town (``ankara'nın a'sı``, ``c ceyhan``)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agents.transcribe.languages.text import words
from agents.transcribe.languages.tr.redaction.tokens import Token

_NAMES = {
    name: letter
    for line in """
    a a ey|b b be bi|c c ce ci|ç ç çe|d d de di|e e|f f fe ef|g g ge|ğ ğ|h h he ha haş eyç|ı ı|i i|j j je cey
    k k ka ke key|l l le el|m m me em|n n ne en|o o|ö ö|p p pe pi|r r re er ar|s s se es|ş ş şe eş|t t te ti|u u|ü ü
    v v ve vi|w w dabılyu dablyu dabulyu dabıl dablu|x x iks ix eks ks|y y ye vay|z z ze zet zed|q q kü ku kyu kuu
    """.replace("\n", "|").split("|")
    for letter, *names in [line.split() or [""]]
    for name in names
}
_PAIRS = {
    "yumuşak g": "ğ",
    "yumşak g": "ğ",
    "yumşak ge": "ğ",
    "yumuşak ge": "ğ",
    "yumuşak ğ": "ğ",
    "çift ve": "w",
    "duble ve": "w",
    "dabıl yu": "w",
    "dabul yu": "w",
    "dabl yu": "w",
    "double yu": "w",
    "double u": "w",
}
_FORMS = words("büyük küçük noktalı noktasız kalın ince")
"""Before a letter: which of its forms."""
_TWICE = (["çift"], ["çifte"], ["duble"], ["iki", "tane"])
_EVERYDAY = words("a ay ar bi de di e el em en er es eş ha he i key ki ku ne o se si u ve vay ye ı ü ö")
"""Names of letters that are everyday words or hesitation too."""
_TOWNS = words("""
    adana afyon ağrı aksaray almanya amasya ankara antalya ardahan artvin aydın balıkesir bartın batman bayburt bilecik
    bingöl bitlis bolu burdur bursa ceyhan cizre çanakkale çankırı çorlu çorum denizli diyarbakır dörtyol düzce edirne
    edremit elazığ erzincan erzurum eskişehir fatsa fethiye fransa gaziantep giresun gümüşhane hakkari hatay hollanda
    ığdır ısparta isparta istanbul izmir izmit jandarma japonya jilet kars kastamonu kayseri kilis kırıkkale kırklareli
    kırşehir kocaeli konya kütahya lüleburgaz malatya manisa maraş mardin mersin muğla muş nazilli nevşehir niğde norveç
    ordu osmaniye ödemiş özbekistan paris pazar polatlı portakal rize rusya sakarya samsun siirt sinop sivas sürmene
    şanlıurfa şarköy şişli şırnak şırnağın tarsus tekirdağ tokat trabzon tunceli tekir urfa uşak üsküdar ünye ürgüp van
    venedik yalova yozgat zara zonguldak
""")
_GENITIVE = re.compile(r"\w{2,}?n?[ıiuü]n|\w{3,}d[ae]ki|\w{3,}t[ae]ki")
_ITS = words("i si su sü sı ı")
_ITS_ENDING = words("nın nin nun nün ın in un ün daki deki taki teki")
_OF_LETTER = words("harfi harfiyle harf gibi olan")
_UNMISTAKABLE = 3
_LONG = 4


@dataclass(frozen=True)
class Letters:
    """Letters that are spelt one after another in one turn."""

    first: int
    """Place of the first token."""
    end: int
    """Place after the last token."""
    text: str
    """The letters."""
    certain: bool
    """Whether they can hardly be words of everyday speech."""


def letters_at(own: Sequence[Token], place: int) -> tuple[int, str]:
    """Return the place after the letter that is spelt at a place, and the letter; the place and nothing if none is.

    A letter that is doubled (``çift le``) is two letters.
    """
    return _letter(own, place)[:2]


def letter_runs(own: Sequence[Token], fills: frozenset[str] = frozenset()) -> Iterator[Letters]:
    """Yield the longest stretches of a turn that are nothing but spelt letters and, between two of them, fillings."""
    place = 0
    while place < len(own):
        first, end, text, sure = place, place, "", 0
        while place < len(own):
            after, letter, is_sure = _letter(own, place)
            if letter:
                text, end, sure, place = text + letter, after, sure + is_sure, after
            elif text and (own[place].text in _OF_LETTER or own[place].text in fills):
                place += 1
            else:
                break
        if text:
            enough = sure > 0 and len(text) >= _UNMISTAKABLE - (sure > 1)
            yield Letters(first, end, text, enough or len(text) > _LONG)
        place = max(end, first + 1)


def _letter(own: Sequence[Token], place: int) -> tuple[int, str, bool]:
    """Return the place after a letter, the letter, and whether it can be nothing else."""
    texts = [token.text for token in own[place : place + 6]]
    used, letter, sure = _pair(texts)
    if not used and not own[place].digits:
        used, letter, sure = _single(texts)
    return place + used, letter, sure


_NONE = 0, "", False


def _pair(texts: Sequence[str]) -> tuple[int, str, bool]:
    if letter := _PAIRS.get(" ".join(texts[:2])):
        return 2, letter, True
    for twice in _TWICE:
        used = len(twice)
        if texts[:used] == twice and (letter := _NAMES.get("".join(texts[used : used + 1]))):
            return used + 1, letter * 2, texts[used] not in _EVERYDAY
    if len(texts) > 1 and texts[0] in _FORMS and len(texts[1]) == 1 and texts[1] in _NAMES:
        return 2, texts[1], True
    return _NONE


def _single(texts: Sequence[str]) -> tuple[int, str, bool]:
    word = texts[0]
    letter = _NAMES.get(word)
    if letter and texts[1:2] and texts[1] in _TOWNS and texts[1].startswith(letter):  # b bursa
        return 1 + (_by_word(texts[1:]) or 1), letter, True
    if letter:
        return 1, letter, word not in _EVERYDAY
    if used := _by_word(texts):
        return used, word[0], True
    return (1, word[0], False) if word in _TOWNS else _NONE


def _by_word(texts: Sequence[str]) -> int:
    """Return of how many tokens a letter is that a word stands for (``bursa'nın b'si``, ``kemalin kesi``), or 0."""
    word, rest = texts[0], list(texts[1:])
    if rest and rest[0] in _ITS_ENDING:
        rest = rest[1:]
    elif not (_GENITIVE.fullmatch(word) or word in _TOWNS):
        return 0
    if not rest:
        return 0
    used = len(texts) - len(rest) + 1
    if _NAMES.get(rest[0]) == word[0]:
        has_its = len(rest) > 1 and rest[1] in _ITS
        return used + has_its
    stem = re.fullmatch(r"(\w+?)(?:s|n)?[ıiuü]", rest[0])
    return used if stem and _NAMES.get(stem[1]) == word[0] else 0
