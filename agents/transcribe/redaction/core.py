"""Redaction of a conversation: what was said stays, who can be reached or recognised by it does not."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from agents.transcribe.redaction.addresses import address_spans
from agents.transcribe.redaction.emails import email_spans
from agents.transcribe.redaction.identifiers import iban_spans, international_phone_spans
from agents.transcribe.redaction.names import name_spans
from agents.transcribe.redaction.pieces import Piece, pieces
from agents.transcribe.redaction.plates import plate_spans
from agents.transcribe.redaction.sequences import number_spans
from agents.transcribe.redaction.spans import Kind, Said, Span, by_turn, disjoint, meets
from agents.transcribe.turkish import plain_digits

_PLUS = re.compile(r"[+(]{1,2}\Z")
_IBAN_HEAD = re.compile(r"\b(?:tr|te re|t r)[\s:]{0,3}\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Redacted:
    """A conversation after redaction."""

    turns: tuple[Said, ...]
    """The turns, with placeholders."""
    spans: tuple[Span, ...]
    """What was replaced, in characters of the turns that were given; in order and disjoint."""


def redact(turns: Sequence[Said]) -> Redacted:
    """Replace everything personal in a conversation by placeholders; a second time changes nothing."""
    spans = personal_spans(turns)
    own = by_turn(spans)
    redacted = (replace(turn, text=_replaced(turn.text, own.get(at, ()))) for at, turn in enumerate(turns))
    return Redacted(tuple(redacted), spans)


def personal_spans(turns: Sequence[Said]) -> tuple[Span, ...]:
    """Return where a conversation says something personal."""
    turns = [replace(turn, text=plain_digits(turn.text)) for turn in turns]
    heard = pieces(turns)
    coded = disjoint(
        (*email_spans(turns, heard), *plate_spans(turns, heard), *iban_spans(turns), *international_phone_spans(turns))
    )
    counted = (_with_head(turns[span.turn].text, span) for span in number_spans(_without(heard, coded)))
    numbers = disjoint((*coded, *counted))
    taken = by_turn(numbers)
    found = (*address_spans(turns, heard), *name_spans(turns, heard))
    persons = [span for span in found if not meets(span, taken.get(span.turn, ()))]
    return disjoint((*numbers, *persons))


def _with_head(text: str, span: Span) -> Span:
    """Return the span of a number with the sign or the letters before it: ``+90``, ``(0212)``, ``te re``."""
    head = (_IBAN_HEAD if span.kind is Kind.IBAN else _PLUS).search(text, max(0, span.start - 6), span.start)
    return replace(span, start=head.start()) if head else span


def _without(heard: Sequence[Sequence[Piece]], spans: Iterable[Span]) -> list[list[Piece]]:
    """Return the pieces, those inside the spans as words that break every dictation."""
    taken = by_turn(spans)
    return [
        [replace(piece, digits="", text="[]") if meets(piece, taken.get(position, ())) else piece for piece in turn]
        for position, turn in enumerate(heard)
    ]


def _replaced(text: str, spans: Iterable[Span]) -> str:
    parts: list[str] = []
    done = 0
    for span in spans:
        parts += [text[done : span.start], span.kind.placeholder]
        done = span.end
    return "".join([*parts, text[done:]])
