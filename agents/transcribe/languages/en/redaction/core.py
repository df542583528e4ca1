"""What of an English conversation identifies or reaches a person.

A rule that raises costs no call and leaks nothing: the turns in which it might have found something are replaced whole.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from agents.transcribe.languages.en.redaction.addresses import address_spans
from agents.transcribe.languages.en.redaction.codes import code_spans
from agents.transcribe.languages.en.redaction.cues import cues
from agents.transcribe.languages.en.redaction.emails import email_spans
from agents.transcribe.languages.en.redaction.names import name_spans
from agents.transcribe.languages.en.redaction.numbers_told import number_spans
from agents.transcribe.languages.en.redaction.tokens import Token, tokens
from agents.transcribe.languages.other import written_spans
from agents.transcribe.redaction import Kind, Said, Span
from agents.transcribe.redaction.careful import Careful
from agents.transcribe.redaction.core import with_text
from agents.transcribe.redaction.spans import all_outside, by_turn, disjoint, is_placeholder, meets


def personal(turns: Sequence[Said]) -> tuple[tuple[Span, ...], frozenset[int]]:
    """Return where a conversation says something personal, and which turns no rule has cleared."""
    heard = tokens(turns)
    told = cues(turns)
    texts = [turn.text.lower() for turn in turns]
    careful = Careful(turns, heard)
    emails = disjoint(careful.spans(every_place, email_spans, texts, heard, told))
    written = [span for span in careful.spans(number_places, written_spans, turns) if span.kind is not Kind.PHONE]
    left = _without(heard, emails)
    codes = disjoint(careful.spans(number_places, code_spans, left, told))
    settled = disjoint((*emails, *written, *codes))
    numbers = disjoint((*settled, *careful.spans(number_places, number_spans, texts, _without(heard, settled), told)))
    postcodes = by_turn(span for span in numbers if span.kind is Kind.ADDRESS)
    by_address = careful.spans(
        every_place, address_spans, heard, told, [postcodes.get(at, []) for at in range(len(turns))]
    )
    settled = disjoint((*numbers, *all_outside(turns, disjoint(by_address), numbers)))
    by_name = disjoint(careful.spans(every_place, name_spans, turns, heard, told))
    settled = _joined(turns, disjoint((*settled, *all_outside(turns, by_name, settled))))
    withheld = with_text(turns, careful.withheld)
    clear = (span for span in settled if not is_placeholder(turns[span.turn].text, span))
    return tuple(span for span in clear if span.turn not in withheld), withheld


def number_places(turns: Sequence[Said], heard: Sequence[Sequence[Token]]) -> Iterator[int]:
    """Yield the positions of all turns that say a number or a letter."""
    for at, (turn, own) in enumerate(zip(turns, heard, strict=True)):
        if any(token.code for token in own) or any(letter.isdecimal() or letter == "@" for letter in turn.text):
            yield at


def every_place(turns: Sequence[Said], _: Sequence[Sequence[Token]]) -> range:
    """Return the positions of all turns: names, streets and e-mails have no sign that is simpler than the rule."""
    return range(len(turns))


def _joined(turns: Sequence[Said], spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return the spans, parts of one address and of one name with nothing but a space or a comma in between as one."""
    kept: list[Span] = []
    for span in spans:
        before = kept[-1] if kept else None
        same = before and before.turn == span.turn and before.kind is span.kind
        if before and same and not turns[span.turn].text[before.end : span.start].strip(" ,"):
            kept[-1] = replace(before, end=span.end)
        else:
            kept.append(span)
    return tuple(kept)


def _without(heard: Sequence[Sequence[Token]], spans: Iterable[Span]) -> list[list[Token]]:
    """Return the tokens, those inside the spans as words that break every dictation."""
    taken = by_turn(spans)
    return [
        [
            replace(token, digits="", letters="", text="[]") if meets(token, taken.get(at, ())) else token
            for token in turn
        ]
        for at, turn in enumerate(heard)
    ]
