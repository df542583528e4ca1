"""Turkish licence plates: written in capitals, or dictated where a vehicle is talked of, in one turn or over several."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agents.transcribe.redaction import grammar
from agents.transcribe.redaction.dictation import fills
from agents.transcribe.redaction.spans import Kind, Said, Span
from agents.transcribe.redaction.spelling import letters_at
from agents.transcribe.redaction.tokens import Token

_PROVINCE = r"(?:0[1-9]|[1-7]\d|8[01])"
_REST = r"(?:[A-Z][ -]?\d{4,5}|[A-Z]{2}[ -]?\d{3,4}|[A-Z]{3}[ -]?\d{2,3})"
_WRITTEN = re.compile(rf"(?<![\w-]){_PROVINCE}(?:[ -]{_REST}|[A-Z]{{3}}\d{{2,3}}|[A-Z]{{2}}\d{{3}})(?![\w-])")
"""Run together with four digits it may as well be a device (43NU7100)."""
_WRITTEN_OF_VEHICLE = re.compile(rf"(?<![\w-]){_PROVINCE}[ -]?{_REST}(?![\w-])", re.IGNORECASE)
_DEVICES = re.compile(
    r"model|televizyon|ekran|seri|ürün|kod|cihaz|makine|buzdolab|klima|kombi|samsung|lg\b|vestel|arçelik|beko|bosch|philips|sony"
)
_TURNS_BACK = 3
_ASKED_BACK = 6
_PROVINCES = range(1, 82)
_FORM = re.compile(r"C+L{1,4}[CD]+")
"""City, letters, digits, each of one part or more."""
_FORM_ASKED = re.compile(r"C*L{1,4}[CD]+")
_SHORTEST = 5
"""Letters and digits of the shortest plate, without its city: ``a be 123``."""
_MOST_DIGITS = 5
_LETTERS = 3
_LONGEST = 60
_WORDS_BETWEEN = 6
_REPEATED_TURNS = 8


@dataclass(frozen=True)
class _Piece:
    """A number or a letter that may be a plate's."""

    sign: str
    """C: a number that may be a city's, D: any other number, L: a letter or several."""
    text: str
    first: Token
    last: Token


def plate_spans(turns: Sequence[Said], tokens: Sequence[Sequence[Token]]) -> Iterator[Span]:
    """Yield the spans of all licence plates."""
    talked = asked = -_ASKED_BACK - 1
    pieces: list[tuple[_Piece | None, bool]] = []  # None: something else was said; whether a plate was asked for
    for position, (turn, own) in enumerate(zip(turns, tokens, strict=True)):
        if any(_is_vehicle(token.text) for token in own):
            talked = position
        if any(token.text.startswith(grammar.PLATE) for token in own):
            asked = talked = position
        about_cars = position - talked <= _TURNS_BACK or position - asked <= _ASKED_BACK
        pattern = _WRITTEN_OF_VEHICLE if about_cars else _WRITTEN
        if about_cars or not _DEVICES.search(turn.text.lower()):
            yield from (Span(position, match.start(), match.end(), Kind.PLATE) for match in pattern.finditer(turn.text))
        if about_cars:
            pieces += [(piece, position - asked <= _ASKED_BACK) for piece in _pieces(own)]
        else:
            pieces.append((None, False))
    yield from _dictated(pieces, tokens)


def _is_vehicle(text: str) -> bool:
    return text.startswith(grammar.VEHICLE) and not text.startswith(grammar.NO_VEHICLE)


def _pieces(own: Sequence[Token]) -> Iterator[_Piece | None]:
    """Yield the numbers and letters of a turn, and None for each word that is neither and says nothing about them."""
    place = 0
    while place < len(own):
        token = own[place]
        taken, text = letters_at(own, place)
        if token.digits and not token.measures:
            taken, text = place + 1, token.digits
            if text == "0" and taken < len(own) and len(own[taken].digits) == 1:
                text, taken = text + own[taken].digits, taken + 1
            city = len(text) <= 2 and int(text) in _PROVINCES
            yield _Piece("C" if city else "D", text, token, own[taken - 1])
        elif text:
            yield _Piece("L", text, token, own[taken - 1])
        elif _is_letter_group(own, place):
            yield _Piece("L", token.text, token, token)
        elif not fills(token):
            yield None
        place = max(taken, place + 1)


def _is_letter_group(own: Sequence[Token], place: int) -> bool:
    """Return whether a short word between two numbers is letters run together: ``otuz dört abc yüz``."""
    inside = 0 < place < len(own) - 1
    return (
        inside
        and len(own[place].text) <= _LETTERS
        and bool(own[place - 1].digits and own[place + 1].digits)
        and own[place].text not in grammar.FILLS
    )


def _dictated(pieces: Sequence[tuple[_Piece | None, bool]], tokens: Sequence[Sequence[Token]]) -> Iterator[Span]:
    """Yield the plates that the pieces of a conversation say, and where their parts are said again."""
    said: dict[str, int] = {}  # the digits and the letters of a plate, and the turn in which it was said
    rest: list[_Piece] = []
    for run, asked in _runs(pieces):
        done = 0
        for match in (_FORM_ASKED if asked else _FORM).finditer("".join(piece.sign for piece in run)):
            own = _one_plate(run[match.start() : match.end()])
            parts = ["".join(piece.text for piece in own if (piece.sign == "L") is letters) for letters in (False, True)]
            if sum(map(len, parts)) < _SHORTEST:
                continue
            yield from _spans(own, tokens)
            said |= dict.fromkeys(parts, own[-1].last.turn)
            rest += run[done : match.start()]
            done = match.start() + len(own)
        rest += run[done:]
    yield from _spans([piece for piece in rest if _is_said_again(piece, said)], tokens)


def _one_plate(run: Sequence[_Piece]) -> Sequence[_Piece]:
    """Return the pieces up to where there are more digits after the letters than a plate has."""
    letters = max(place for place, piece in enumerate(run) if piece.sign == "L")
    length, end = 0, letters + 1
    while end < len(run) and (length := length + len(run[end].text)) <= _MOST_DIGITS:
        end += 1
    return run[:end]


def _is_said_again(piece: _Piece, said: Mapping[str, int]) -> bool:
    """Return whether a piece is a part of a plate that was said near it: two digits, or letters."""
    return any(
        abs(piece.first.turn - turn) <= _REPEATED_TURNS and (len(piece.text) > 1 or piece.sign == "L") and piece.text in own
        for own, turn in said.items()
    )


def _runs(pieces: Sequence[tuple[_Piece | None, bool]]) -> Iterator[tuple[list[_Piece], bool]]:
    """Yield the pieces with little said in between, and whether a plate was asked for."""
    run: list[_Piece] = []
    other, awaited = 0, False
    for piece, asked in pieces:
        if piece is None:
            other += 1
            continue
        if run and (other > (_WORDS_BETWEEN if asked else 0) or len(run) == _LONGEST):
            yield run, awaited
            run = []
        run.append(piece)
        other, awaited = 0, asked
    if run:
        yield run, awaited


def _spans(run: Sequence[_Piece], tokens: Sequence[Sequence[Token]]) -> Iterator[Span]:
    """Yield one span for each stretch of a turn with nothing but fillings between the pieces."""
    for own in _stretches(run, tokens):
        yield Span(own[0].first.turn, own[0].first.start, own[-1].last.end, Kind.PLATE)


def _stretches(run: Sequence[_Piece], tokens: Sequence[Sequence[Token]]) -> Iterator[list[_Piece]]:
    own: list[_Piece] = []
    for piece in run:
        turn = piece.first.turn
        if own and (
            own[-1].last.turn != turn
            or any(token.text not in grammar.FILLS for token in tokens[turn][own[-1].last.place + 1 : piece.first.place])
        ):
            yield own
            own = []
        own.append(piece)
    if own:
        yield own
