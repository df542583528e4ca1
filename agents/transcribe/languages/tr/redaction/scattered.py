"""Numbers whose parts stand apart, and those that nothing announces: found once the dictations are known."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from agents.transcribe.languages.tr.redaction import grammar
from agents.transcribe.languages.tr.redaction.context import Announced
from agents.transcribe.languages.tr.redaction.dictation import FULL_DIGITS, Dictation, Talk
from agents.transcribe.languages.tr.redaction.identifiers import identifier
from agents.transcribe.languages.tr.redaction.matching import (
    ENOUGH_DIGITS,
    Line,
    Told,
    are_of_business,
    counts_aloud,
    free,
    like,
)
from agents.transcribe.languages.tr.redaction.tokens import Token
from agents.transcribe.redaction.spans import Kind

_LINKED_TURNS = 8
_LINKED_PARTS = 6
_BARE_DIGITS, _BARE_GROUPS = 8, 4
HANDED_TURNS = 3

Announcing = tuple[Dictation, Announced | None]
"""A dictation, and what it is announced as."""


def bare(talk: Talk, parts: Sequence[Announcing], told: Told) -> Iterator[tuple[Sequence[Token], Kind]]:
    """Yield many digits that are all that is said for some turns, whatever they are: nobody speaks of prices so."""
    chain: list[Token] = []
    for dictation, context in (*parts, (Dictation(None), Announced.OTHER)):
        own = free(dictation.tokens, None) if context is None else []
        own = [token for token in own if talk.mostly_fills[token.turn] and token not in told]
        if chain and (not own or own[0].turn - chain[-1].turn > HANDED_TURNS):
            digits = "".join(token.digits for token in chain)
            of_business = are_of_business(chain) or counts_aloud(chain) or talk.measures(chain[0].turn, chain[-1].turn)
            if len(digits) >= _BARE_DIGITS and len(chain) >= _BARE_GROUPS and not of_business:
                yield chain, like("".join(token.digits for token in chain if token.speaker == chain[0].speaker))
            chain = []
        chain = [*chain, *own]


def linked(talk: Talk, parts: Sequence[Announcing], _told: Told) -> Iterator[tuple[Sequence[Token], Kind]]:
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


def assembled(talk: Talk, parts: Sequence[Announcing], told: Told) -> Iterator[tuple[Sequence[Token], Kind]]:
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
