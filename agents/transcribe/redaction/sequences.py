"""Identifiers in a whole conversation: each dictation's own, parts far apart, and every part that is said again."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, partial
from itertools import groupby

from agents.transcribe.redaction import grammar
from agents.transcribe.redaction.context import Announced, Announcements
from agents.transcribe.redaction.dictation import (
    FULL_DIGITS,
    Dictation,
    Talk,
    dictations,
    fills,
    short_forms,
)
from agents.transcribe.redaction.identifiers import LONGEST, identifier
from agents.transcribe.redaction.matching import (
    ENOUGH_DIGITS,
    Line,
    Part,
    Told,
    are_of_business,
    counts_aloud,
    free,
    like,
    matched,
    numbers_told,
)
from agents.transcribe.redaction.spans import Kind, Span
from agents.transcribe.redaction.tokens import Token, breaks_dictation

_LINKED_TURNS = 8
_LINKED_PARTS = 6
_REPEATED_TURNS = 8
_ASKED_TURNS = 3
_HANDED_TURNS = 3
_BARE_DIGITS, _BARE_GROUPS = 8, 4
_WRONG_START = 3
_MANY_DIGITS = 6
_WORDS_INSIDE = 2
"""So many other words may stand inside a stretch that is replaced as one."""
_TELLING_DIGITS = 4
"""So many digits of a number are more than chance however far away it was said."""
_HEADS = {Kind.PHONE: grammar.PHONE_HEAD, Kind.IBAN: grammar.IBAN_HEAD}

Announcing = tuple[Dictation, Announced | None]
"""A dictation, and what it is announced as."""
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
    for rule in (_assembled, _linked, _bare):
        for linked, kind in rule(talk, unfinished, told):
            own = dict.fromkeys((token for token in linked if token not in told), Part(kind, 0))
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
    near = [own for own in before if dictation.tokens[0].turn - own[0].tokens[-1].turn <= _HANDED_TURNS]
    for other, context in near[::-1]:
        again = len(start) == _TELLING_DIGITS and any(own.startswith(start) for own in other.said.values())
        if context and context.kind and again:
            return context
    return Announced.OTHER if near and before[-1][1] is Announced.OTHER else None


def _bare(talk: Talk, parts: Sequence[Announcing], told: Told) -> Iterator[tuple[Sequence[Token], Kind]]:
    """Yield many digits that are all that is said for some turns, whatever they are: nobody speaks of prices so."""
    chain: list[Token] = []
    for dictation, context in (*parts, (Dictation(None), Announced.OTHER)):
        own = free(dictation.tokens, None) if context is None else []
        own = [token for token in own if talk.mostly_fills[token.turn] and token not in told]
        if chain and (not own or own[0].turn - chain[-1].turn > _HANDED_TURNS):
            digits = "".join(token.digits for token in chain)
            of_business = are_of_business(chain) or counts_aloud(chain) or talk.measures(chain[0].turn, chain[-1].turn)
            if len(digits) >= _BARE_DIGITS and len(chain) >= _BARE_GROUPS and not of_business:
                yield chain, like("".join(token.digits for token in chain if token.speaker == chain[0].speaker))
            chain = []
        chain = [*chain, *own]


def _linked(talk: Talk, parts: Sequence[Announcing], _told: Told) -> Iterator[tuple[Sequence[Token], Kind]]:
    """Yield the numbers whose parts stand apart, with other talk in between."""
    for position, (dictation, announced) in enumerate(parts):
        linked = free(dictation.tokens, None)
        digits = _continued("", linked)
        mobile = digits.startswith("05") and announced is not Announced.OTHER
        context = Announced.PHONE if mobile else announced
        if not linked or not context or not context.kind:
            continue
        for other, other_context in parts[position + 1 : position + 1 + _LINKED_PARTS]:
            own = free(other.tokens, None)
            if other_context not in {None, context} or other.tokens[0].turn - linked[-1].turn > _LINKED_TURNS:
                break
            if not own or not talk.stands_for_itself(own[0], own[-1]):
                continue
            linked = [*linked, *own]
            digits = _continued(digits, own)
            if len(digits) > FULL_DIGITS[context] + 2:
                break
            whole = identifier(digits) is context.kind
            if whole or (context is not Announced.PHONE and len(digits) >= ENOUGH_DIGITS[context]):
                yield linked, context.kind


def _continued(digits: str, tokens: Line) -> str:
    """Return the digits with what is said next: in each turn all again from the start, the last part again, or more."""
    for _, turn in groupby(tokens, key=lambda token: token.turn):
        further = "".join(token.digits for token in turn)
        if further.startswith(digits):
            digits = further
        elif not digits.endswith(further):
            digits += further
    return digits


def _assembled(talk: Talk, parts: Sequence[Announcing], told: Told) -> Iterator[tuple[Sequence[Token], Kind]]:
    """Yield the cards that nobody announced and that one speaker said in parts, which alone say nothing.

    One part may be said a second time, as an explanation.
    """
    by_speaker: dict[str, list[list[Token]]] = {}
    for dictation, context in parts:
        if context in {None, Announced.PHONE, Announced.CARD}:
            for run in _stretches(talk, [token for token in free(dictation.tokens, None) if token not in told]):
                by_speaker.setdefault(run[0].speaker, []).append(run)
    for every in by_speaker.values():
        for first in range(len(every)):
            for last in range(first + 1, min(len(every), first + _LINKED_PARTS) + 1):
                own = every[first:last]
                if own[-1][0].turn - own[0][0].turn > _LINKED_TURNS:
                    break
                if any(_is_card([*own[:out], *own[out + 1 :]]) for out in range(1, len(own) + 1)):
                    yield [token for stretch in own for token in stretch], Kind.CARD


def _is_card(stretches: Sequence[Line]) -> bool:
    digits = "".join(token.digits for stretch in stretches for token in stretch)
    return len(digits) == FULL_DIGITS[Announced.CARD] and identifier(digits) is Kind.CARD


def _stretches(talk: Talk, tokens: Line) -> Iterator[list[Token]]:
    """Yield the numbers of each turn, those after a correction apart."""
    run: list[Token] = []
    for token in tokens:
        between = talk.turns[token.turn][run[-1].place + 1 : token.place] if run else ()
        if run and (run[-1].turn != token.turn or any(word.text in grammar.CORRECTS for word in between)):
            yield run
            run = []
        run.append(token)
    if run:
        yield run


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
