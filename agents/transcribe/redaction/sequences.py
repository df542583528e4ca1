"""Identifiers in a whole conversation: each dictation's own, parts far apart, and every part that is said again."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, partial

from agents.transcribe.redaction.context import Announced, Announcements
from agents.transcribe.redaction.dictation import Dictation, dictations, only_filling
from agents.transcribe.redaction.identifiers import LONGEST, identifier
from agents.transcribe.redaction.matching import Part, Told, matched, numbers_told
from agents.transcribe.redaction.spans import Kind, Span
from agents.transcribe.redaction.tokens import Token

_LINKED_TURNS = 8
_LINKED_PARTS = 3
_REPEATED_TURNS = 8
_ASKED_TURNS = 3
_TELLING_DIGITS = 4
"""So many digits of a number are more than chance however far away it was said."""


def number_spans(turns: Sequence[Sequence[Token]]) -> Iterator[Span]:
    """Yield the spans of all telephone, ID, account and card numbers, as far as they are numbers."""
    found = dictations(turns)
    announcements = Announcements(turns)
    told: Told = {}
    known: list[tuple[str, Kind, int]] = []  # digits, kind, turn of the last token
    unfinished: list[tuple[Dictation, Announced | None]] = []
    for dictation in found:
        context = announcements.of(dictation[0], dictation[-1])
        own, is_valid = matched(turns, dictation, context)
        told |= own
        known += numbers_told(own)
        if not is_valid:
            unfinished.append((dictation, context))
    for linked in _linked(unfinished):
        own = dict.fromkeys(linked, Part(Kind.PHONE, 0))
        told |= own
        known += numbers_told(own)
    told |= _repeated(turns, [[token for token in own if token not in told] for own in found], known)
    for dictation in found:
        yield from _joined(turns, dictation, told)


def _linked(parts: Sequence[tuple[Dictation, Announced | None]]) -> Iterator[Dictation]:
    """Yield telephone numbers whose parts stand apart, with other talk in between."""
    for position, (dictation, context) in enumerate(parts):
        linked = [token for token in dictation if not token.measures]
        digits = "".join(token.digits for token in linked)
        begins = digits.startswith("05") or (context is Announced.PHONE and digits[:1] in {"0", "2", "3", "5"})
        if not begins or context is Announced.COMPANY:
            continue
        for other, _ in parts[position + 1 : position + 1 + _LINKED_PARTS]:
            if other[0].turn - linked[-1].turn > _LINKED_TURNS:
                break
            linked = linked + [token for token in other if not token.measures]
            if identifier("".join(token.digits for token in linked)) is Kind.PHONE:
                yield linked
                break


def _repeated(
    turns: Sequence[Sequence[Token]], rest: Iterable[Dictation], known: Iterable[tuple[str, Kind, int]]
) -> Told:
    """Return the tokens of what is left of each dictation that say a part of a known number again."""
    windows = [window for own in rest for window in _windows([token for token in own if not token.measures])]
    parts = {digits for digits, _ in windows}
    said: dict[str, list[tuple[int, Kind]]] = {}  # the turns in which a number with this part was said, in order
    for number, kind, turn in sorted(set(known), key=lambda one: one[2]):
        for part in parts.intersection(_parts(number)):
            said.setdefault(part, []).append((turn, kind))
    reaches = cache(partial(_repeat_reaches, turns))
    own: Told = {}
    for digits, window in windows:
        turn = window[0].turn
        reach = reaches(turn)[min(len(digits), _TELLING_DIGITS) - 1]
        numbers = said.get(digits, [])
        last = bisect_right(numbers, turn + reach, key=lambda one: one[0]) - 1
        if last >= 0 and numbers[last][0] >= turn - reach:
            own |= dict.fromkeys(window, Part(numbers[last][1], 0))
    return own


def _windows(free: Dictation) -> Iterator[tuple[str, Dictation]]:
    """Yield every stretch of a dictation inside one turn that is short enough for an identifier, with its digits."""
    for first, token in enumerate(free):
        digits = ""
        for last in range(first, len(free)):
            digits += free[last].digits
            if free[last].turn != token.turn or len(digits) > LONGEST:
                break
            yield digits, free[first : last + 1]


def _parts(number: str) -> set[str]:
    """Return every part of a number that is short enough for an identifier, the whole included."""
    return {
        number[start:end]
        for start in range(len(number))
        for end in range(start + 1, min(len(number), start + LONGEST) + 1)
    }


def _repeat_reaches(turns: Sequence[Sequence[Token]], turn: int) -> tuple[int, ...]:
    """Return how many turns away a number may be for one, two, three, more of its digits not to be chance; -1: none."""
    if not only_filling(turns[turn]):
        return -1, -1, _REPEATED_TURNS, len(turns)
    asked = turn > 0 and any(other.text.startswith(("rakam", "hane", "sonu")) for other in turns[turn - 1])
    return (_ASKED_TURNS if asked else -1), _REPEATED_TURNS, _REPEATED_TURNS, len(turns)


def _joined(turns: Sequence[Sequence[Token]], dictation: Dictation, told: Told) -> Iterator[Span]:
    """Yield one span for each stretch of a turn that says one number, with the few words that are said in between."""
    run: Dictation = []
    for token in (*dictation, None):
        part = told.get(token) if token else None
        if run and (token is None or part != told[run[0]] or not _follows(turns, run[-1], token)):
            yield Span(run[0].turn, run[0].start, run[-1].end, told[run[0]].kind)
            run = []
        if token and part:
            run.append(token)


def _follows(turns: Sequence[Sequence[Token]], before: Token, token: Token) -> bool:
    """Return whether a token goes on with a number: after a filling, or after one word that may be a misheard part."""
    between = turns[token.turn][before.place + 1 : token.place]
    return before.turn == token.turn and (len(between) < 2 or only_filling(between))
