"""Turkish licence plates: written in capitals, or spoken where a vehicle is talked of (``otuz dört a be ce yüz``)."""

import re
from collections.abc import Iterator, Sequence

from agents.transcribe.redaction.spans import Kind, Said, Span
from agents.transcribe.redaction.tokens import Token
from agents.transcribe.turkish import words

_PROVINCE = r"(?:0[1-9]|[1-7]\d|8[01])"
_REST = r"(?:[A-Z][ -]?\d{4,5}|[A-Z]{2}[ -]?\d{3,4}|[A-Z]{3}[ -]?\d{2,3})"
_WRITTEN = re.compile(rf"(?<![\w-]){_PROVINCE}(?:[ -]{_REST}|[A-Z]{{3}}\d{{2,3}}|[A-Z]{{2}}\d{{3}})(?![\w-])")
"""Run together with four digits it may as well be a device (43NU7100)."""
_WRITTEN_OF_VEHICLE = re.compile(rf"(?<![\w-]){_PROVINCE}[ -]?{_REST}(?![\w-])", re.IGNORECASE)
_TALK = re.compile(r"plaka|arac|araç|arabam|arabas|otomobil|minib|kamyon")
_DEVICES = re.compile(
    r"model|televizyon|ekran|seri|ürün|kod|cihaz|makine|buzdolab|klima|kombi|samsung|lg\b|vestel|arçelik|beko|bosch|philips|sony"
)
_LETTERS = words("""
    a b be c ce d dabılyu de e ef el em en er es f fe g ge h ha haş he i iks j je k ka ke ku l le m me n ne o p
    pe qu r re s se t te u v ve y ye z ze zet ç ö ü ı ş
""")
_CODE_LETTER = re.compile(r"\w+(?:n[ıiuü]n|[ıiuü]n)")
_ITS = words("i si su sü sı ı")
_SHORT = 3
_TURNS_BACK = 3


def plate_spans(turns: Sequence[Said], tokens: Sequence[Sequence[Token]]) -> Iterator[Span]:
    """Yield the spans of all licence plates."""
    talked = -_TURNS_BACK - 1
    for position, (turn, own) in enumerate(zip(turns, tokens, strict=True)):
        if _TALK.search(" ".join(token.text for token in own)):
            talked = position
        about_cars = position - talked <= _TURNS_BACK
        about_devices = _DEVICES.search(turn.text.lower()) and not about_cars
        pattern = _WRITTEN_OF_VEHICLE if about_cars else _WRITTEN
        if not about_devices:
            yield from (Span(position, match.start(), match.end(), Kind.PLATE) for match in pattern.finditer(turn.text))
        if about_cars:
            yield from _spoken(own)


def _spoken(own: Sequence[Token]) -> Iterator[Span]:
    for place, token in enumerate(own):
        if not token.digits or not 1 <= int(token.digits[:3]) <= 81 or len(token.digits) > 2 or token.measures:
            continue
        start = place - 1 if place and own[place - 1].digits == "0" and len(token.digits) == 1 else place
        after = _after_letters(own, place + 1)
        end = after
        while end < len(own) and own[end].digits and sum(len(p.digits) for p in own[after : end + 1]) <= 5:
            end += 1
        digits = sum(len(p.digits) for p in own[after:end])
        if after > place + 1 and digits >= 2:
            yield Span(token.turn, own[start].start, own[end - 1].end, Kind.PLATE)


def _after_letters(own: Sequence[Token], place: int) -> int:
    """Return the place after one to three letters: their names, code words with ``-nın x-sı``, or one short word."""
    letters, first = 0, place
    while place < len(own) and letters < 3 and not own[place].digits:
        text, following = own[place].text, own[place + 1].text if place + 1 < len(own) else ""
        if text in _LETTERS:
            place += 1
        elif _CODE_LETTER.fullmatch(text) and following[:1] == text[:1] and len(following) <= _SHORT:
            place += 2
            if place < len(own) and own[place].text in _ITS:
                place += 1
        elif place == first and len(text) <= _SHORT and following.isdecimal() is False and len(own) > place + 1:
            place += 1
            return place if own[place].digits else first
        else:
            return first
        letters += 1
    return place if letters else first
