"""What a model has learnt from marked conversations: a second opinion beside the rules, word by word over the call.

A conditional random field of python-crfsuite. ``python -m tests.agents.transcribe.redaction.learn`` makes its file.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

import pycrfsuite

from agents.transcribe.languages.tr.redaction.clues import clues
from agents.transcribe.languages.tr.redaction.context import Announcements
from agents.transcribe.languages.tr.redaction.plausible import plausible
from agents.transcribe.languages.tr.redaction.tokens import Token
from agents.transcribe.redaction.spans import Kind, Said, Span, by_turn, outside

MODEL = "learnt.crfsuite"
OUTSIDE, BEGINS, INSIDE = "O", "B-", "I-"
"""Labels of words: nothing personal, the first word of a kind, a further one."""


_SURELY_NOTHING = 0.65
"""Probability, 0 to 1, from which a word that is likeliest nothing personal stays."""


def learnt_spans(turns: Sequence[Said], heard: Sequence[Sequence[Token]], by_rules: Sequence[Span]) -> Iterator[Span]:
    """Yield what the model finds besides the rules; what they find as another kind stays what they say."""
    announcements = Announcements(heard)
    seen = list(clues(heard, announcements))
    labels = _labels(_tagger(), [own for _, own in seen])
    others = {kind: by_turn(span for span in by_rules if span.kind is not kind) for kind in Kind}
    found = list(_labelled([token for token, _ in seen], labels))
    for span in plausible(found, by_rules, turns, heard, announcements):
        yield from outside(turns[span.turn].text, span, others[span.kind].get(span.turn, ()))


def _labels(tagger: pycrfsuite.Tagger, seen: Sequence[Sequence[str]]) -> list[str]:
    """Return the likeliest labels, with those of words that are rather likely personal: what leaks is worse."""
    likeliest = tagger.tag(seen)
    kinds = [label.removeprefix(BEGINS) for label in tagger.labels() if label.startswith(BEGINS)]
    labels: list[str] = []
    for place, best in enumerate(likeliest):
        label = best
        if best == OUTSIDE and tagger.marginal(OUTSIDE, place) < _SURELY_NOTHING:
            kind = max(
                kinds, key=lambda own: tagger.marginal(INSIDE + own, place) + tagger.marginal(BEGINS + own, place)
            )
            goes_on = bool(labels) and labels[-1].endswith(f"-{kind}")
            label = (INSIDE if goes_on else BEGINS) + kind
        labels.append(label)
    return labels


def _labelled(tokens: Sequence[Token | None], labels: Sequence[str]) -> Iterator[Span]:
    """Yield one span for each stretch of words with labels of one kind."""
    run: list[Token] = []
    kind = ""
    for token, label in (*zip(tokens, labels, strict=True), (None, OUTSIDE)):
        if run and (token is None or label != INSIDE + kind):
            yield Span(run[0].turn, run[0].start, run[-1].end, Kind(kind))
            run = []
        if token and label != OUTSIDE:
            kind = label.removeprefix(BEGINS).removeprefix(INSIDE)
            run.append(token)


def _tagger() -> pycrfsuite.Tagger:
    """Return a tagger of one's own: it keeps what it is asked, so that threads cannot share it."""
    tagger = pycrfsuite.Tagger()
    tagger.open_inmemory(_model())
    return tagger


@cache
def _model() -> bytes:
    return (files("agents.transcribe.languages.tr.redaction") / MODEL).read_bytes()
