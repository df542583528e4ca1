"""Full addresses as far as rules can: a street-level part together with another part, over neighbouring turns."""

import re
from collections.abc import Iterator, Sequence

from agents.transcribe.redaction.spans import Kind, Said, Span
from agents.transcribe.redaction.tokens import Token
from agents.transcribe.turkish import words

_STREET = re.compile(
    r"(?:mahalle(?:si|sinde|m|miz)?|mah|mh|cadde(?:si|sinde)?|cad|cd|soka(?:k|ğı|kta|ğında)|sok|sk|bulvar(?:ı|ında)?|blv"
    r"|apartman(?:ı|ında)?|apartuman(?:ı)?|apt|site(?:si|sinde)|çıkmazı|konutları|rezidans|evleri|köyü)"
)
_NUMBERED = words("blok d daire dış iç k kapı kat no nosu numara numarası")
_NUMBERED_AFTER = words("blok daire kapı kat numara")
_FILLING = words("adres adresim da de efendim evet hı orası sonra tam tamam ve şey")
_STOPS = _FILLING | words("""
    adresi adresimiz adresiniz alayım alo ama aynı açık bekliyorum ben benim bir bizim bu burası buyrun buyurun
    doğru evim evimiz gelin geliyor hangi hayır hemen için iş karşı kayıtlı konum merhaba mesela mi mu mı
    mısınız o olarak oturuyorum peki söylüyorum tabi tabii teslimat usta ustanız var veriyorum yan yazar yazın
    yok ıı şimdi şu şöyle
""")
_BARE_STREET = words("sokak sokağı sok sk cadde caddesi cad cd bulvarı blv apartmanı apt sitesi")
_NAME_WORDS = 4
_GAP_WORDS = 4
_PLACE_WORDS = 3
_TURNS_NEAR = 3
_PROVINCES = words("""
    adana adapazarı adıyaman afyon afyonkarahisar aksaray amasya ankara antalya antep ardahan artvin aydın ağrı
    balıkesir bartın batman bayburt bilecik bingöl bitlis bolu burdur bursa denizli diyarbakır düzce edirne
    elazığ erzincan erzurum eskişehir gaziantep giresun gümüşhane hakkari hatay isparta istanbul izmir izmit
    kahramanmaraş karabük karaman kars kastamonu kayseri kilis kocaeli konya kütahya kırklareli kırıkkale
    kırşehir malatya manisa maraş mardin mersin muğla muş nevşehir niğde ordu osmaniye rize sakarya samsun siirt
    sinop sivas tekirdağ tokat trabzon tunceli urfa uşak van yalova yozgat zonguldak çanakkale çankırı çorum
    ığdır şanlıurfa şırnak
""")


def address_spans(turns: Sequence[Said], tokens: Sequence[Sequence[Token]]) -> Iterator[Span]:
    """Yield the spans of all addresses; a district, a floor or a door number alone is none."""
    last_turn = -_TURNS_NEAR - 1
    for position, own in enumerate(tokens):
        parts = _parts(own)
        clusters = [
            cluster for cluster in _clusters(parts) if len(cluster) > 1 and any(street for *_, street in cluster)
        ]
        for cluster in clusters:
            start, end = _name_start(own, cluster[0]), _with_place(own, cluster[-1][1])
            yield Span(position, own[start].start, own[end - 1].end, Kind.ADDRESS)
        if not clusters and parts and position - last_turn <= _TURNS_NEAR:
            first, last = _name_start(own, parts[0]), parts[-1][1]
            rest = [token for token in (*own[:first], *own[last:]) if token.text not in _FILLING]
            if len(parts) > 1 or not rest:
                yield Span(position, own[first].start, own[_with_place(own, last) - 1].end, Kind.ADDRESS)
                last_turn = position
        if clusters:
            last_turn = position


def address_places(turns: Sequence[Said], tokens: Sequence[Sequence[Token]]) -> Iterator[int]:
    """Yield the positions of all turns that may hold an address or a part of it."""
    for position, _ in enumerate(turns):
        texts = [token.text for token in tokens[position]]
        if any(_STREET.fullmatch(text) or text in _NUMBERED | _NUMBERED_AFTER for text in texts):
            yield position


_Part = tuple[int, int, bool]
"""First place, place after the last, whether it is of street level."""


def _parts(own: Sequence[Token]) -> list[_Part]:
    found: list[_Part] = []
    for place, token in enumerate(own):
        following = own[place + 1] if place + 1 < len(own) else None
        before = own[place - 1] if place else None
        if _STREET.fullmatch(token.text) and before and before.text not in _STOPS:
            found.append((place, place + 1, True))
            if following and following.digits and not following.measures and token.text in _BARE_STREET:
                door = place + 2 < len(own) and own[place + 2].text in {"numara", "no"}
                found.append((place + 1, place + 2 + door, False))
        elif (
            token.text in _NUMBERED
            and following
            and (following.digits or (token.text == "blok" and len(following.text) == 1))
        ):
            found.append((place, place + 2, False))
        elif (
            token.text in _NUMBERED_AFTER
            and before
            and (before.digits or len(before.text) == 1)
            and not (found and found[-1][1] > place - 1)
        ):
            found.append((place - 1, place + 1, False))
    return found


def _clusters(parts: Sequence[_Part]) -> list[list[_Part]]:
    clusters: list[list[_Part]] = []
    for part in parts:
        if clusters and part[0] - clusters[-1][-1][1] <= _GAP_WORDS:
            clusters[-1].append(part)
        else:
            clusters.append([part])
    return clusters


def _name_start(own: Sequence[Token], part: _Part) -> int:
    start, _, street = part
    if not street:
        return start
    first = start
    while (
        first > 0
        and start - first < _NAME_WORDS
        and own[first - 1].text not in _STOPS
        and not _is_verb(own[first - 1].text)
    ):
        first -= 1
    return first


def _is_verb(text: str) -> bool:
    return text.endswith(("yorum", "yoruz", "dım", "dim", "dık", "dik", "ınız", "iniz", "ında", "inde"))


def _with_place(own: Sequence[Token], end: int) -> int:
    """Return the end moved over the district and the province, where the province is named within three words."""
    for length in range(_PLACE_WORDS, 0, -1):
        named = own[end : end + length]
        if len(named) == length and named[-1].text in _PROVINCES and not any(token.text in _STOPS for token in named):
            return end + length
    return end
