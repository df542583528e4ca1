"""What of a Turkish conversation identifies or reaches a person.

A rule that raises costs no call and leaks nothing: the turns in which it might have found something are replaced whole.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from agents.transcribe.languages.text import words
from agents.transcribe.languages.tr.redaction.addresses import address_places, address_spans
from agents.transcribe.languages.tr.redaction.emails import email_places, email_spans
from agents.transcribe.languages.tr.redaction.identifiers import iban_spans, international_phone_spans
from agents.transcribe.languages.tr.redaction.learnt import learnt_spans
from agents.transcribe.languages.tr.redaction.names import name_places, name_spans
from agents.transcribe.languages.tr.redaction.plates import plate_places, plate_spans
from agents.transcribe.languages.tr.redaction.plausible import learnt_places
from agents.transcribe.languages.tr.redaction.sequences import number_spans
from agents.transcribe.languages.tr.redaction.tokens import Token, number_places, tokens
from agents.transcribe.redaction.careful import Careful
from agents.transcribe.redaction.core import with_text
from agents.transcribe.redaction.spans import Kind, Said, Span, all_outside, by_turn, disjoint, is_placeholder, meets

_DOOR_DIGITS = 4
_BRIDGES = words("değil pardon yok yani ama e ee eee ı ıı ııı hah şey")
"""Between two parts of one thing: said about both."""
_PLUS = re.compile(r"[+(]{1,2}\Z")
_IBAN_HEAD = re.compile(r"\btr[\s:]{0,3}\Z", re.IGNORECASE)


def personal(turns: Sequence[Said]) -> tuple[tuple[Span, ...], frozenset[int]]:
    """Return where a conversation says something personal, and which turns no rule has cleared."""
    heard = tokens(turns)
    careful = Careful(turns, heard)
    coded = disjoint(
        (
            *careful.spans(email_places, email_spans, turns, heard),
            *careful.spans(plate_places, plate_spans, turns, heard),
            *careful.spans(number_places, iban_spans, turns),
            *careful.spans(number_places, international_phone_spans, turns),
        )
    )
    numbers = disjoint((*coded, *careful.spans(number_places, _counted, turns, heard, coded)))
    told = careful.spans(address_places, address_spans, turns, heard)
    numbers = tuple(span for span in numbers if not _is_door(span, told, heard[span.turn]))
    settled = disjoint((*numbers, *all_outside(turns, told, numbers)))
    names = careful.spans(name_places, name_spans, turns, heard)
    by_rules = disjoint((*settled, *all_outside(turns, names, settled)))
    learnt = careful.spans(learnt_places, learnt_spans, turns, heard, by_rules)
    withheld = with_text(turns, careful.withheld)
    learnt = tuple(span for span in learnt if not is_placeholder(turns[span.turn].text, span))
    found = _bridged(turns, disjoint((*by_rules, *learnt)))
    return tuple(span for span in found if span.turn not in withheld), withheld


def _bridged(turns: Sequence[Said], spans: Sequence[Span]) -> Iterator[Span]:
    """Yield the spans, two of one kind with only hesitation or a correction between them as one."""
    before: Span | None = None
    for span in spans:
        if before and before.turn == span.turn and before.kind is span.kind is not Kind.ADDRESS:
            between = turns[span.turn].text[before.end : span.start].lower().split()
            if between and all(word in _BRIDGES for word in between):
                before = replace(before, end=span.end)
                continue
        if before:
            yield before
        before = span
    if before:
        yield before


def _is_door(span: Span, addresses: Sequence[Span], own: Sequence[Token]) -> bool:
    """Return whether a number is so short, and inside an address, that it is a part of it."""
    if span.kind is Kind.PLATE or not any(
        other.turn == span.turn and other.start <= span.start and span.end <= other.end for other in addresses
    ):
        return False
    return sum(len(token.digits) for token in own if span.start <= token.start < span.end) <= _DOOR_DIGITS


def _counted(turns: Sequence[Said], heard: Sequence[Sequence[Token]], coded: Iterable[Span]) -> Iterator[Span]:
    for span in number_spans(_without(heard, coded)):
        yield _with_head(turns[span.turn].text, span)


def _with_head(text: str, span: Span) -> Span:
    """Return the span of a number with the sign or the letters before it: ``+90``, ``(0212)``, ``te re``."""
    head = (_IBAN_HEAD if span.kind is Kind.IBAN else _PLUS).search(text, max(0, span.start - 6), span.start)
    return replace(span, start=head.start()) if head else span


def _without(heard: Sequence[Sequence[Token]], spans: Iterable[Span]) -> list[list[Token]]:
    """Return the tokens, those inside the spans as words that break every dictation."""
    taken = by_turn(spans)
    return [
        [replace(token, digits="", text="[]") if meets(token, taken.get(position, ())) else token for token in turn]
        for position, turn in enumerate(heard)
    ]
