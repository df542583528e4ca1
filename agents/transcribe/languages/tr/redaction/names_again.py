"""Names that are said again in one turn: as they were given, as they were misunderstood, by halves."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from agents.transcribe.languages.tr.redaction import naming
from agents.transcribe.languages.tr.redaction.name_parts import Found
from agents.transcribe.languages.tr.redaction.naming import may_be_name, names
from agents.transcribe.languages.tr.redaction.tokens import Token

_SHORT_TURN = 7

_LEAST_LETTERS = 4
"""Letters of half a name."""

_TELLING_LETTERS = 5
"""Letters of a word that are more than chance where they begin a name."""

_ALIKE = 0.85
"""Least likeness, 0 to 1, of a name that was misunderstood: one letter of six."""


def resembling(own: Sequence[Token], said: Sequence[str]) -> Iterator[Found]:
    """Yield the words that are a name of the call as it was misunderstood, a half of it, or both halves in one word."""
    halves = {first + second for first, second in pairwise(said)}
    for place, token in enumerate(own):
        if (may_be_name(token.text) and any(_resembles(token.text, name) for name in said)) or token.text in halves:
            yield Found(place, place + 1)


def _resembles(word: str, name: str) -> bool:
    if word == name or not names().is_name(name):
        return False
    if min(len(word), len(name)) < _TELLING_LETTERS:
        half = len(word) >= _LEAST_LETTERS and names().is_surname(word)
        return half and len(name) > len(word) and (name.startswith(word) or name.endswith(word))
    if name.startswith(word):
        return True
    alike = word[0] == name[0] and abs(len(word) - len(name)) < 2
    return alike and SequenceMatcher(a=word, b=name, autojunk=False).ratio() >= _ALIKE


def again_said(own: Sequence[Token], said: set[str]) -> Iterator[Found]:
    """Yield the words of a name, everyday words too, that are said again: side by side, last, or with little else."""
    texts = [token.text for token in own]
    for place, (text, following) in enumerate(pairwise(texts)):
        if text in said and following in said and not (text in naming.SKIPPED or following in naming.SKIPPED):
            yield Found(place, place + 2)
    if len(texts) > 1 and texts[-1] in said and names().is_name(texts[-1]):
        yield Found(len(texts) - 1, len(texts))
    rest = [place for place, text in enumerate(texts) if text not in naming.SKIPPED and text not in naming.NOT]
    if len(texts) <= _SHORT_TURN and len(rest) == 1 and texts[rest[0]] in said:
        yield Found(rest[0], rest[0] + 1)
