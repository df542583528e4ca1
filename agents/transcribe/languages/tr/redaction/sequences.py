"""Identifiers in a whole conversation: each dictation's own, parts far apart, and every part that is said again."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, partial

from agents.transcribe.languages.tr.redaction import grammar
from agents.transcribe.languages.tr.redaction.context import Announced, Announcements
from agents.transcribe.languages.tr.redaction.dictation import (
    Dictation,
    Talk,
    dictations,
    fills,
    short_forms,
)
from agents.transcribe.languages.tr.redaction.identifiers import LONGEST
from agents.transcribe.languages.tr.redaction.matching import (
    Line,
    Part,
    Told,
    free,
    matched,
    numbers_told,
)
from agents.transcribe.languages.tr.redaction.scattered import HANDED_TURNS, Announcing, assembled, bare, linked
from agents.transcribe.languages.tr.redaction.tokens import Token, breaks_dictation
from agents.transcribe.redaction.spans import Kind, Span

_REPEATED_TURNS = 8
_ASKED_TURNS = 3
_WRONG_START = 3
_MANY_DIGITS = 6
_HANDED_ON = 4
"""Dictations before one that may begin as it does."""
_WORDS_INSIDE = 2
"""So many other words may stand inside a stretch that is replaced as one."""
_TELLING_DIGITS = 4
"""So many digits of a number are more than chance however far away it was said."""
_HEADS = {Kind.PHONE: grammar.PHONE_HEAD, Kind.IBAN: grammar.IBAN_HEAD}

Known = tuple[str, Kind, int]
"""The digits of a number, its kind, the turn in which it was said last."""


def number_spans(said: Sequence[Line]) -> Iterator[Span]:
    """Yield the spans of all telephone, ID, account and card numbers, as far as they are numbers."""
    turns = [short_forms(turn) for turn in said]
    talk = Talk(turns)
    announcements = Announcements(turns)
    told: Told = {}
    known: list[Known] = []
    contexts: list[Announcing] = []
    unfinished: list[Announcing] = []
    for dictation in dictations(turns, announcements):
        after = next(filter(None, map(announcements.after, dictation.ends())), None)
        context = dictation.context or after or _handed_on(contexts, dictation)
        own, is_valid = matched(turns, dictation, context, announcements.recent(dictation.tokens[0]))
        told |= own
        known += numbers_told(own)
        contexts.append((dictation, context))
        if not is_valid:
            unfinished.append((dictation, context))
    for rule in (assembled, linked, bare):
        for tokens, kind in rule(talk, unfinished, told):
            own = dict.fromkeys((token for token in tokens if token not in told), Part(kind, 0))
            told |= own
            known += numbers_told(own)
    told |= _repeated(talk, _rest(contexts, told), known)
    parts = _parts_named(talk, contexts, told, known)
    told |= parts
    told |= _repeated(talk, _rest(contexts, told), numbers_told(parts))
    for own_turn in turns:
        told |= _beside(own_turn, told)
        told |= _beside(own_turn[::-1], told)
    for own_turn in turns:
        yield from _joined(turns, [token for token in own_turn if token.digits], told)


def _handed_on(before: Sequence[Announcing], dictation: Dictation) -> Announced | None:
    """Return that a number goes on with the one just before that is no person's, or says one all again."""
    start = "".join(token.digits for token in dictation.tokens)[:_TELLING_DIGITS]
    last = before[-_HANDED_ON:]
    near = [own for own in last if dictation.tokens[0].turn - own[0].tokens[-1].turn <= HANDED_TURNS]
    for other, context in near[::-1]:
        again = len(start) == _TELLING_DIGITS and any(own.startswith(start) for own in other.said.values())
        if context and context.kind and again:
            return context
    return Announced.OTHER if near and before[-1][1] is Announced.OTHER else None


def _parts_named(talk: Talk, found: Iterable[Announcing], told: Told, known: Sequence[Known]) -> Told:
    """Return what is called a part of a number, or was said for one that was said soon before or after.

    ``sonu on iki değil on üç``; a start that was broken off.
    """
    found_parts: Told = {}
    said: dict[int, list[Kind]] = {}
    for _, own_kind, turn in known:
        said.setdefault(turn, []).append(own_kind)
    for dictation, context in found:
        rest = [token for token in free(dictation.tokens, None) if token not in told]
        digits = "".join(token.digits for token in rest)
        if len(digits) < 2 or context is Announced.OTHER:
            continue
        turn = rest[0].turn
        kinds = [own for at in range(turn - _ASKED_TURNS, turn + _ASKED_TURNS + 1) for own in said.get(at, ())[-2:]]
        kind: Kind | None = context.kind if context else next(reversed(kinds), None)
        is_part, itself = talk.names_a_part(rest[0], rest[-1]), talk.stands_for_itself(rest[0], rest[-1])
        enough = _TELLING_DIGITS if not context else 2 if talk.only_fills[turn] else _WRONG_START
        begun = kind in kinds and (len(digits) >= enough or rest[0].text.startswith("tr"))
        if kind and ((is_part and (context or itself)) or (begun and (itself or len(digits) >= _MANY_DIGITS))):
            found_parts |= dict.fromkeys(rest, Part(kind, 0))
    return found_parts


def _rest(found: Iterable[Announcing], told: Told) -> Iterator[Line]:
    """Yield what is left of each dictation; a few digits of another kind are no repetition."""
    for dictation, context in found:
        rest = [token for token in dictation.tokens if token not in told and not token.measures]
        if context is not Announced.OTHER or sum(len(token.digits) for token in rest) > _TELLING_DIGITS:
            yield rest


def _repeated(talk: Talk, rest: Iterable[Line], known: Iterable[Known]) -> Told:
    """Return the tokens of what is left of each dictation that say a part of a known number again."""
    windows = [window for own in rest for window in _windows(own)]
    parts = {digits for digits, _ in windows}
    said: dict[str, list[tuple[int, Kind]]] = {}  # the turns in which a number with this part was said, in order
    for number, kind, turn in sorted(set(known), key=lambda one: one[2]):
        for part in parts.intersection(_parts(number)):
            said.setdefault(part, []).append((turn, kind))
    reaches = cache(partial(_repeat_reaches, talk))
    own: Told = {}
    for digits, window in windows:
        turn = window[0].turn
        reach = reaches(turn)[min(len(digits), _TELLING_DIGITS) - 1]
        numbers = said.get(digits, [])
        last = bisect_right(numbers, turn + reach, key=lambda one: one[0]) - 1
        if last >= 0 and numbers[last][0] >= turn - reach:
            own |= dict.fromkeys(window, Part(numbers[last][1], 0))
    return own


def _windows(own: Line) -> Iterator[tuple[str, Line]]:
    """Yield every stretch of a dictation inside one turn that is short enough for an identifier, with its digits."""
    for first, token in enumerate(own):
        digits = ""
        for last in range(first, len(own)):
            digits += own[last].digits
            if own[last].turn != token.turn or len(digits) > LONGEST:
                break
            yield digits, own[first : last + 1]


def _parts(number: str) -> set[str]:
    """Return every part of a number that is short enough for an identifier, the whole included."""
    return {
        number[start:end]
        for start in range(len(number))
        for end in range(start + 1, min(len(number), start + LONGEST) + 1)
    }


def _repeat_reaches(talk: Talk, turn: int) -> tuple[int, ...]:
    """Return how many turns away a number may be for one, two, three, more of its digits not to be chance; -1: none."""
    turns = len(talk.turns)
    if not talk.only_fills[turn]:
        return -1, -1, _REPEATED_TURNS, turns
    asked = turn > 0 and talk.asks_for_a_part[turn - 1]
    return (_ASKED_TURNS if asked else -1), _REPEATED_TURNS, _REPEATED_TURNS, turns


def _beside(turn: Line, told: Told) -> Told:
    """Return the numbers that follow on those of an identifier with at most one other word in between."""
    own: Told = {}
    last, between = None, 0  # the last number that belongs, and the words since
    for token in turn:
        if not token.digits:
            between += 1
            last = (
                None
                if breaks_dictation(token.text) or token.text.startswith((*grammar.OTHER_TOPIC, *grammar.OTHER_ALONE))
                else last
            )
        elif part := told.get(token):
            last, between = part, 0
        elif last and between <= 1 and not token.measures and not token.after_comma:
            own[token], between = last, 0
        else:
            last = None
    return own


def _joined(turns: Sequence[Line], dictation: Line, told: Told) -> Iterator[Span]:
    """Yield one span for each stretch of a turn that says one number, with the few words that are said in between."""
    run: list[Token] = []
    for token in (*dictation, None):
        part = told.get(token) if token else None
        if run and (token is None or part != told[run[0]] or not _follows(turns, run[-1], token)):
            yield Span(run[0].turn, _head(turns, run[0], told[run[0]].kind), run[-1].end, told[run[0]].kind)
            run = []
        if token and part:
            run.append(token)


def _head(turns: Sequence[Line], first: Token, kind: Kind) -> int:
    """Return where a number starts with the word before it that belongs to it: ``artı``, ``te re``."""
    start, place = first.start, first.place - 1
    heads = _HEADS.get(kind, frozenset())
    while place >= 0 and turns[first.turn][place].text in heads:
        start, place = turns[first.turn][place].start, place - 1
    return start


def _follows(turns: Sequence[Line], before: Token, token: Token) -> bool:
    """Return whether a token goes on with a number: after a filling, or after one word that may be a misheard part."""
    between = turns[token.turn][before.place + 1 : token.place]
    return before.turn == token.turn and sum(not fills(word) for word in between) <= _WORDS_INSIDE
