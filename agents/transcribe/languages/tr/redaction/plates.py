"""Turkish licence plates: written in capitals, or dictated where a vehicle is talked of, also over several turns."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile

from agents.transcribe.languages.tr.redaction import grammar
from agents.transcribe.languages.tr.redaction.spelling import letters_at
from agents.transcribe.languages.tr.redaction.tokens import Token, breaks_dictation, number_places
from agents.transcribe.redaction.spans import Kind, Said, Span

_PROVINCE = r"(?:0[1-9]|[1-7]\d|8[01])"
_REST = r"(?:[A-Z][ -]?\d{4,5}|[A-Z]{2}[ -]?\d{3,4}|[A-Z]{3}[ -]?\d{2,3})"
_WRITTEN = re.compile(rf"(?<![\w-]){_PROVINCE}(?:[ -]{_REST}|[A-Z]{{3}}\d{{2,3}}|[A-Z]{{2}}\d{{3}})(?![\w-])")
"""Run together with four digits it may as well be a device (43NU7100)."""
_WRITTEN_OF_VEHICLE = re.compile(rf"(?<![\w-]){_PROVINCE}[ -]?{_REST}(?![\w-])", re.IGNORECASE)
_DEVICES = re.compile(
    r"model|etiket|televizyon|ekran|seri|ürün|kod|cihaz|makine|buzdolab|klima|kombi|samsung|lg\b|vestel|arçelik|beko|bosch|philips|sony"
)
_TURNS_BACK = 3
_ASKED_BACK = 6
_PROVINCES = range(1, 82)
_AGAIN_TURNS = 4
_MOST_LETTERS, _MOST_DIGITS = 3, 5
_SHORT_TURN = 4
_SOON_TURNS = 2

# A call as signs: C a number that may be a city's, D any other, L letters, W a letter that is mostly another word,
# x any other word, # what announces something. Fillings have none. Each line is a way to say a plate.
_ASKED = re.compile(
    r"C+x{0,4}(?:[LW]x{0,2}){1,6}x{0,3}[CD]{1,5}"  # otuz dört … a be ce … yüz yirmi üç
    r"|Cx{1,3}[CD]{1,3}"  # otuz dört pamukova kemer yüz yirmi üç
    r"|C+(?:L[LW]{0,3}|WL[LW]{0,2})|(?:L[LW]{0,3}|W{1,2}L[LW]{0,2})[CD]{1,5}"  # a part of it
)
_OF_VEHICLE = re.compile(r"CL?[LW]{1,4}[CD]{1,5}")
_ANYWHERE = re.compile(r"C(?:L[LW]{0,2}|WL[LW]?)[CD]{1,5}")
_VOWELS = frozenset("aeıioöuü")
_FORMS = {1: range(4, 6), 2: range(3, 5), 3: range(2, 4)}
"""Digits that follow so many letters."""


@dataclass(frozen=True)
class _Piece:
    sign: str
    text: str
    first: Token
    last: Token


def plate_spans(turns: Sequence[Said], tokens: Sequence[Sequence[Token]]) -> Iterator[Span]:
    """Yield the spans of all licence plates."""
    talked = asked = devices = -_ASKED_BACK - 1
    known: list[_Plate] = []
    run: list[_Piece] = []  # of the turns since a plate was asked for
    every: list[list[_Piece]] = []
    for position, (turn, own) in enumerate(zip(turns, tokens, strict=True)):
        if any(_is_vehicle(token.text) for token in own):
            talked = position
        if any(token.text.startswith(grammar.PLATE) for token in own):
            asked = talked = position
        about_cars = position - talked <= _TURNS_BACK or position - asked <= _ASKED_BACK
        if _DEVICES.search(turn.text.lower()):
            devices = position
        about_devices = not about_cars and position - devices <= _TURNS_BACK
        pattern = _WRITTEN_OF_VEHICLE if about_cars else _WRITTEN
        if about_cars or position != devices:
            yield from (Span(position, match.start(), match.end(), Kind.PLATE) for match in pattern.finditer(turn.text))
        pieces = list(_pieces(own))
        every.append(pieces)
        if position - asked <= _ASKED_BACK:
            run += pieces
            continue
        known += _found(_ASKED, run)
        run = []
        if about_cars:
            known += _found(_OF_VEHICLE, pieces)
        elif not about_devices:
            known += (plate for plate in _found(_ANYWHERE, pieces) if plate.is_well_formed)
    known += _found(_ASKED, run)
    for plate in known:
        yield from _spans(plate.pieces)
    yield from _said_again(tokens, every, known)


def plate_places(turns: Sequence[Said], tokens: Sequence[Sequence[Token]]) -> Iterator[int]:
    """Yield the positions of all turns that may say a plate: those with a number, and those near one with letters."""
    near = set(number_places(turns, tokens))
    for position, own in enumerate(tokens):
        beside = any(token.digits and letters_at(own, place + 1)[1] for place, token in enumerate(own[:-1]))
        if beside or any(_is_vehicle(token.text) or token.text.startswith(grammar.PLATE) for token in own):
            first, last = position - _AGAIN_TURNS, position + _ASKED_BACK + _AGAIN_TURNS
            near |= set(range(max(0, first), min(len(tokens), last + 1)))
    yield from sorted(near)


def _is_vehicle(text: str) -> bool:
    return text.startswith(grammar.VEHICLE) and not text.startswith(grammar.NO_VEHICLE)


@dataclass(frozen=True)
class _Plate:
    pieces: Sequence[_Piece]

    @property
    def numbers(self) -> tuple[str, str]:
        """Its city's, and the one after its letters."""
        letters = [place for place, piece in enumerate(self.pieces) if piece.sign in "LW"] or [0]
        parts = self.pieces[: letters[0] + (not self.letters)], self.pieces[letters[-1] :]
        city, number = ("".join(piece.text for piece in part if piece.sign in "CD") for part in parts)
        return city, number

    @property
    def digits(self) -> str:
        return "".join(piece.text for piece in self.pieces if piece.sign in "CD")

    @property
    def letters(self) -> str:
        return "".join(piece.text for piece in self.pieces if piece.sign in "LW")

    @property
    def is_well_formed(self) -> bool:
        """Whether there are as many digits as its letters ask for, and no letters that may be a spoken word."""
        city, *rest = self.pieces
        words = (piece for piece in rest if piece.sign == "L" and len(piece.text) > 1 and city.first.words)
        sure = all(_VOWELS.isdisjoint(piece.text) for piece in words)
        return sure and len(self.digits) - len(city.text) in _FORMS.get(len(self.letters), ())


def _pieces(own: Sequence[Token]) -> Iterator[_Piece]:
    """Yield the numbers, the letters and the words of a turn that do not only fill."""
    place = 0
    while place < len(own):
        token = own[place]
        taken, text = letters_at(own, place)
        sign = ""
        if token.digits and not token.measures and taken < place + 2:
            taken, text = place + 1, token.digits
            if text == "0" and taken < len(own) and len(own[taken].digits) == 1:
                text, taken = text + own[taken].digits, taken + 1
            sign = "C" if len(text) <= 2 and int(text) in _PROVINCES else "D"
        elif announced := _announced(own, place):
            sign, taken = "#", announced
        elif text:
            sign = "W" if taken == place + 1 and token.text in grammar.FILLS else "L"
        elif _is_letter_group(own, place):
            sign, text = "L", token.text
        elif token.text not in grammar.FILLS:
            sign = "x"
        taken = max(taken, place + 1)
        if sign:
            yield _Piece(sign, text, token, own[taken - 1])
        place = taken


def _announced(own: Sequence[Token], place: int) -> int:
    """Return the place after what announces a plate or anything else; 0 for any other word."""
    text = own[place].text
    if text.startswith((*grammar.PHONE, *grammar.IBAN, *grammar.OTHER_ALONE, *grammar.PLATE, "kart", "mail", "adres")):
        return place + 1
    if text in grammar.NATIONAL_ID_WHOLE | grammar.PHONE_WHOLE:
        return place + 1
    if place and (own[place - 1].digits or letters_at(own, place - 1)[1]):
        return 0  # letters of a plate: "ka te re yüz kırk"
    spelt = tuple(token.text for token in own[place : place + 2]) in grammar.COUNTRY_SPELT
    return place + 2 if spelt else place + 1 if text in grammar.COUNTRY else 0


def _is_letter_group(own: Sequence[Token], place: int) -> bool:
    """Return whether a short word beside a number is letters run together: ``otuz dört abc``, ``nk yetmiş yedi``."""
    text = own[place].text
    beside = (place > 0 and own[place - 1].digits) or (place + 1 < len(own) and own[place + 1].digits)
    usual = text in grammar.FILLS or text in grammar.NO_LETTERS or breaks_dictation(text)
    return bool(beside) and not own[place].digits and len(text) <= _MOST_LETTERS and text.isalpha() and not usual


def _found(form: re.Pattern[str], pieces: Sequence[_Piece]) -> Iterator[_Plate]:
    """Yield the plates among the pieces of some turns."""
    before = False
    for match in form.finditer("".join(piece.sign for piece in pieces)):
        plate = _Plate(_one(pieces[match.start() : match.end()]))
        one_turn = plate.pieces[0].first.turn == plate.pieces[-1].last.turn
        sure = any(piece.sign == "L" for piece in plate.pieces)
        likely = one_turn and not (before and not plate.letters)
        if len(plate.digits) + len(plate.letters) >= 3 and len(plate.pieces) > 1 and (sure or likely):
            before = True
            yield plate


def _one(pieces: Sequence[_Piece]) -> Sequence[_Piece]:
    """Return the pieces up to where there are more digits after the letters than a plate has."""
    last = max((place for place, piece in enumerate(pieces) if piece.sign not in "CD"), default=0)
    end, length = last + 1, 0
    while end < len(pieces) and (length := length + len(pieces[end].text)) <= _MOST_DIGITS:
        end += 1
    return pieces[:end]


def _said_again(
    tokens: Sequence[Sequence[Token]], every: Sequence[Sequence[_Piece]], known: Sequence[_Plate]
) -> Iterator[Span]:
    """Yield where parts of a plate are said again near it."""
    near: dict[int, list[_Plate]] = {}
    for plate in known:
        first, last = plate.pieces[0].first.turn, plate.pieces[-1].last.turn
        for turn in range(max(0, first - _AGAIN_TURNS), min(len(tokens), last + _AGAIN_TURNS + 1)):
            near.setdefault(turn, []).append(plate)
    for turn, plates in near.items():
        for plate in plates[-_MOST_LETTERS:]:
            yield from _again(tokens[turn], every[turn], plate)


def _again(own: Sequence[Token], pieces: Sequence[_Piece], plate: _Plate) -> Iterator[Span]:
    """Yield where a turn says parts of a plate: its digits, its letters, letters soon after it."""
    numbers, letters = plate.numbers, plate.letters
    told: list[_Piece] = []
    soon = 0 < own[0].turn - plate.pieces[0].first.turn <= _SOON_TURNS if own else False
    for run in _letter_runs(pieces):
        known = set("".join(piece.text for piece in run)) <= set(letters)
        clear = len(run) > 1 or len(own) <= _SHORT_TURN or run[0].first is not run[0].last
        if any(piece.sign == "L" for piece in run) and clear and (known or (soon and len(run) > 1)):
            told += run
    alone = bool(told) or len(own) <= _SHORT_TURN
    for piece in takewhile(lambda piece: piece.sign != "#" or piece.first.text.startswith(grammar.PLATE), pieces):
        begins = piece.last is own[-1] and any(map(_is_vehicle, (token.text for token in own[-_SHORT_TURN:])))
        least = 1 if alone or begins else 2
        if piece.sign in "CD" and any(piece.text in number for number in numbers) and len(piece.text) > least:
            told.append(piece)
    told.sort(key=lambda piece: piece.first.place)
    for run in _joined(own, told):
        yield Span(run[0].first.turn, run[0].first.start, run[-1].last.end, Kind.PLATE)
    for token in own:
        if len(token.text) > 1 and token.text not in grammar.FILLS and letters.endswith(token.text):
            yield Span(token.turn, token.start, token.end, Kind.PLATE)


def _joined(own: Sequence[Token], pieces: Sequence[_Piece]) -> Iterator[list[_Piece]]:
    """Yield the pieces of a turn with nothing but fillings in between."""
    run: list[_Piece] = []
    for piece in pieces:
        if run and any(token.text not in grammar.FILLS for token in own[run[-1].last.place + 1 : piece.first.place]):
            yield run
            run = []
        run.append(piece)
    if run:
        yield run


def _letter_runs(pieces: Sequence[_Piece]) -> Iterator[list[_Piece]]:
    """Yield the letters that are said one after another."""
    for letters, run in groupby(pieces, key=lambda piece: piece.sign in "LW"):
        if letters:
            yield list(run)


def _spans(pieces: Sequence[_Piece]) -> Iterator[Span]:
    """Yield one span for each turn."""
    for turn, run in groupby((piece for piece in pieces if piece.sign != "x"), key=lambda piece: piece.first.turn):
        own = list(run)
        yield Span(turn, own[0].first.start, own[-1].last.end, Kind.PLATE)
