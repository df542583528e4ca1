"""English number words as digits: a text's normalised form."""

import re
from collections.abc import Sequence

from agents.transcribe.languages.en.number_words import Number, numbers, runs

_PERCENT = re.compile(r"\s+per\s?cent\b", re.IGNORECASE)
_POINT = re.compile(r"\s+point\s+", re.IGNORECASE)
_HALF = re.compile(r"\s+and a half\b", re.IGNORECASE)
_SHORTEST_SPELLED = 4
"""So many single digits in a row are one number said digit by digit; fewer are a guess ("two three days")."""
_SHORTEST_DICTATED = 7
"""So many digits in a row, in whatever groups they are said, are one number."""
_CENTURIES = ("18", "19", "20")


def normalised(text: str) -> str:
    """Return the text with its number words as digits; everything else, digits too, stays as it is.

    ``double`` and ``triple`` count, and years are joined (``nineteen eighty four``).
    """
    pieces: list[str] = []
    done = 0
    found = [number for number in numbers(text) if number.certain and number.spoken]
    every = {run[0].start: run for run in runs(text, found)}
    for run in every.values():
        if run[0].start < done:
            continue  # a fraction, which is written
        written, end = _written(run), run[-1].end
        if (point := _POINT.match(text, end)) and len(run) == 1:
            fraction = every.get(point.end())
            if fraction and all(len(number.digits) == 1 for number in fraction):
                written, end = f"{written}.{''.join(own.digits for own in fraction)}", fraction[-1].end
        elif half := _HALF.match(text, end):
            written, end = f"{written}.5", half.end()
        if percent := _PERCENT.match(text, end):
            written, end = f"{written}%", percent.end()
        pieces += [text[done : run[0].start], written]
        done = end
    return "".join([*pieces, text[done:]])


def _written(run: Sequence[Number]) -> str:
    digits = "".join(number.digits for number in run)
    spelled = len(run) >= _SHORTEST_SPELLED and all(len(own.digits) == 1 or own.repeats for own in run)
    year = len(run) == 2 and run[0].digits in _CENTURIES and len(run[1].digits) == 2
    if spelled or year or len(digits) >= _SHORTEST_DICTATED or any(own.repeats for own in run):
        return digits
    return " ".join(number.digits for number in run)
