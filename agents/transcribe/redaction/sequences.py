"""Identifiers in a whole conversation: each dictation's own, parts far apart, and every part that is said again."""

from collections.abc import Iterable, Iterator, Sequence

from agents.transcribe.redaction.context import Announced, announced
from agents.transcribe.redaction.dictation import Dictation, dictations, only_filling
from agents.transcribe.redaction.identifiers import identifier
from agents.transcribe.redaction.pieces import Piece
from agents.transcribe.redaction.recognition import Part, Told, numbers_told, recognised
from agents.transcribe.redaction.spans import Kind, Span

_LINKED_TURNS = 8
_LINKED_PARTS = 3
_REPEATED_TURNS = 8


def number_spans(turns: Sequence[Sequence[Piece]]) -> Iterator[Span]:
    """Yield the spans of all telephone, ID, account and card numbers, as far as they are numbers."""
    found = dictations(turns)
    told: Told = {}
    known: list[tuple[str, Kind, int]] = []  # digits, kind, turn of the last piece
    unfinished: list[tuple[Dictation, Announced | None]] = []
    for dictation in found:
        context = announced(turns, dictation[0], dictation[-1])
        own, is_valid = recognised(turns, dictation, context)
        told |= own
        known += numbers_told(own)
        if not is_valid:
            unfinished.append((dictation, context))
    for linked in _linked(unfinished):
        own = dict.fromkeys(linked, Part(Kind.PHONE, 0))
        told |= own
        known += numbers_told(own)
    for dictation in found:
        told |= _repeated(turns, [piece for piece in dictation if piece not in told], known)
    for dictation in found:
        yield from _joined(turns, dictation, told)


def _linked(parts: Sequence[tuple[Dictation, Announced | None]]) -> Iterator[Dictation]:
    """Yield telephone numbers whose parts stand apart, with other talk in between."""
    for position, (dictation, context) in enumerate(parts):
        linked = [piece for piece in dictation if not piece.measures]
        digits = "".join(piece.digits for piece in linked)
        begins = digits.startswith("05") or (context is Announced.PHONE and digits[:1] in {"0", "2", "3", "5"})
        if not begins or context is Announced.COMPANY:
            continue
        for other, _ in parts[position + 1 : position + 1 + _LINKED_PARTS]:
            if other[0].turn - linked[-1].turn > _LINKED_TURNS:
                break
            linked = linked + [piece for piece in other if not piece.measures]
            if identifier("".join(piece.digits for piece in linked)) is Kind.PHONE:
                yield linked
                break


def _repeated(turns: Sequence[Sequence[Piece]], parts: Iterable[Piece], known: Sequence[tuple[str, Kind, int]]) -> Told:
    """Return the pieces that say a part of a known number again."""
    free = [piece for piece in parts if not piece.measures]
    own: Told = {}
    longest = max((len(number) for number, *_ in known), default=0)
    for first, piece in enumerate(free):
        digits = ""
        for last in range(first, len(free)):
            digits += free[last].digits
            if free[last].turn != piece.turn or len(digits) > longest:
                break
            own |= {
                part: Part(kind, 0)
                for number, kind, turn in known
                if digits in number and len(digits) >= _shortest_repeat(turns, piece, abs(piece.turn - turn))
                for part in free[first : last + 1]
            }
    return own


def _shortest_repeat(turns: Sequence[Sequence[Piece]], piece: Piece, turns_away: int) -> int:
    """Return how many digits of a number must be said again to be more than chance."""
    if turns_away > _REPEATED_TURNS:
        return 4
    if not only_filling(turns[piece.turn]):
        return 3
    asked = piece.turn and any(other.text.startswith(("rakam", "hane", "sonu")) for other in turns[piece.turn - 1])
    return 1 if asked and turns_away <= 3 else 2


def _joined(turns: Sequence[Sequence[Piece]], dictation: Dictation, told: Told) -> Iterator[Span]:
    """Yield one span for each stretch of a turn that says one number, with the few words that are said in between."""
    run: Dictation = []
    for piece in (*dictation, None):
        part = told.get(piece) if piece else None
        if run and (piece is None or part != told[run[0]] or not _follows(turns, run[-1], piece)):
            yield Span(run[0].turn, run[0].start, run[-1].end, told[run[0]].kind)
            run = []
        if piece and part:
            run.append(piece)


def _follows(turns: Sequence[Sequence[Piece]], before: Piece, piece: Piece) -> bool:
    """Return whether a piece goes on with a number: after a filling, or after one word that may be a misheard part."""
    between = turns[piece.turn][before.place + 1 : piece.place]
    return before.turn == piece.turn and (len(between) < 2 or only_filling(between))
