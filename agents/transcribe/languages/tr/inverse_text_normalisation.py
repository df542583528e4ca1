"""Turkish number words as digits: a text's normalised form."""

import re
from collections.abc import Sequence
from itertools import pairwise, starmap

from agents.transcribe.languages.tr.letters import lowered
from agents.transcribe.languages.tr.number_words import Number, numbers, runs

_PERCENT = re.compile(r"\byüzde\s+$")
_TELEPHONE = re.compile(r"(0?[2-58]\d\d)(\d{3})(\d\d)(\d\d)")
_SHORTEST_SPELLED = 4
"""So many single digits in a row are one number said digit by digit; fewer are a guess ("iki üç gün")."""
_SCALES = (10**9, 10**6, 1000, 100)


def normalised(text: str) -> str:
    """Return the text with its number words as digits; everything else, digits too, stays as it is.

    Numbers in a row that can be read in two ways stay words, unless they are a telephone number: ``yüz elli iki yüz``
    is 150 or 200 to whoever says it, and 152 100 to whoever only counts words.
    """
    pieces: list[str] = []
    done = 0
    for run in runs(text, [number for number in numbers(text) if number.certain and number.spoken]):
        start, written = run[0].start, _written(run)
        if written is None:
            continue
        if percent := _PERCENT.search(lowered(text[max(done, start - 20) : start])):
            start, written = start - len(percent[0]), f"%{written}"
        pieces += [text[done:start], written]
        done = run[-1].end
    return "".join([*pieces, text[done:]])


def _written(run: Sequence[Number]) -> str | None:
    """Return a run in digits: grouped if it is a telephone number, else as said, zeros with what follows them.

    None if it can be read in two ways.
    """
    digits = "".join(number.digits for number in run)
    ending = f"'{run[-1].ending}" if run[-1].ending else ""
    if not run[-1].fraction:
        if len(run) > 2 and (telephone := _TELEPHONE.fullmatch(digits)):
            return " ".join(telephone.groups()) + ending
        if len(run) >= _SHORTEST_SPELLED and len(digits) == len(run):
            return digits + ending
    if any(starmap(_is_ambiguous, pairwise(run))):
        return None
    joined = run[0].written
    for before, number in pairwise(run):
        joined += ("" if before.digits == "0" else " ") + number.written
    return joined


def _is_ambiguous(before: Number, number: Number) -> bool:
    """Tell whether the last words of one number may belong to the next, or its hundreds or thousands to both."""
    if before.fraction or number.fraction:
        return False
    first, second = int(before.digits), int(number.digits)
    if 100 <= second < 200:
        return first % 10 > 1  # yüz elli iki | yüz: yüz elli | iki yüz
    if 1000 <= second < 2000:
        return first % 1000 > 1  # bin beş yüz iki | bin: bin beş yüz | iki bin
    scale = next((scale for scale in _SCALES if second % scale == 0), 0)
    return bool(scale) and 0 < first < second // scale  # beş altı yüz: 500 or 600
