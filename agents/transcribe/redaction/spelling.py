"""Letters that are spelt: by their names (``be``, ``ka``), or by a town (``ankara'nın a'sı``, ``ceyhan``)."""

import re
from collections.abc import Sequence

from agents.transcribe.redaction.tokens import Token
from agents.transcribe.turkish import words

_NAMES = {
    name: letter
    for line in """
    a a|b b be bi|c c ce ci|ç ç çe|d d de di|e e|f f fe ef|g g ge ci|ğ ğ|h h he ha haş|ı ı|i i|j j je|k k ka ke ku
    l l le el|m m me em|n n ne en|o o|ö ö|p p pe|r r re er|s s se es|ş ş şe|t t te ti|u u|ü ü|v v ve|w w dabılyu
    x x iks|y y ye|z z ze zet|q q kü
    """.split("|")
    for letter, *names in [line.split()]
    for name in names
}
_TOWNS = words("""
    adana afyon ağrı aksaray amasya ankara antalya ardahan artvin aydın balıkesir bartın batman bayburt bilecik bingöl
    bitlis bolu burdur bursa ceyhan çanakkale çankırı çorum denizli diyarbakır düzce edirne elazığ erzincan erzurum
    eskişehir fatsa fethiye gaziantep giresun gümüşhane hakkari hatay ığdır ısparta isparta istanbul izmir jandarma
    kars kastamonu kayseri kilis kırıkkale kırklareli kırşehir kocaeli konya kütahya lüleburgaz malatya manisa mardin
    mersin muğla muş nazilli nevşehir niğde ordu osmaniye rize sakarya samsun siirt sinop sivas şanlıurfa şırnak
    tekirdağ tokat trabzon tunceli urfa uşak van yalova yozgat zonguldak ünye
""")
_ENDING = re.compile(r"(\w+?)n?[ıiuü]n")
_OWN = re.compile(r"(\w)s?[ıiuü]")
_ITS = words("i si su sü sı ı")
_ITS_ENDING = words("nın nin nun nün ın in un ün")


def letters_at(own: Sequence[Token], place: int) -> tuple[int, str]:
    """Return the place after the letter that is spelt at a place, and the letter; the place and nothing if none is."""
    texts = [token.text for token in own[place : place + 4]]
    if own[place].digits:
        return place, ""
    town = texts[0]
    if len(town) > 3:
        rest = texts[1:]
        if rest[:1] and rest[0] in _ITS_ENDING:
            rest = rest[1:]
        elif not _ENDING.fullmatch(town):
            rest = []
        if rest and (rest[0] == town[0] or ((match := _OWN.fullmatch(rest[0])) and match[1] == town[0])):
            end = place + len(texts) - len(rest) + 1
            has_its = rest[0] == town[0] and end < len(own) and own[end].text in _ITS
            return end + has_its, town[0]
        return (place + 1, town[0]) if town in _TOWNS else (place, "")
    letter = _NAMES.get(town)
    return (place + 1, letter) if letter else (place, "")
