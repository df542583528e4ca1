"""The transcript as data: what was said can neither leave its block, nor pose as anything else, nor be endless."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas import Turn

_OPEN, _CLOSE = "<transcript>", "</transcript>"
_MARKS = str.maketrans("<>`{}", "     ")
"""What the marks of the block, tags of chat templates and JSON are made of; nobody speaks it."""
_INVISIBLE = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0x180B, 0x1810)}
_INVISIBLE |= {*range(0xFE00, 0xFE10), *range(0xE0000, 0xE1000)}
"""Fillers, variation selectors and tags: letters that show nothing and can carry a hidden text."""
_GAP = " […] "


@dataclass(frozen=True)
class TranscriptBlock:
    """A transcript as the model gets it."""

    text: str
    shown: Mapping[int, str]
    """What it shows of each turn, by position."""


def transcript_block(turns: Sequence[Turn], *, turn_chars: int, transcript_chars: int) -> TranscriptBlock:
    """Write numbered turns between two marks, a line each.

    Of a turn beyond ``turn_chars``, and of a transcript beyond ``transcript_chars``, the first third and the last two
    thirds of what may be sent are kept: what ended the call decides.
    """
    opening: list[str] = []
    shown: dict[int, str] = {}
    left = transcript_chars
    for position in range(len(turns)):
        said = _said(turns[position], turn_chars)
        line = _line(position, turns[position], said)
        if left - len(line) < transcript_chars * 2 // 3:
            break
        opening.append(line)
        shown[position] = said
        left -= len(line) + 1
    closing: list[str] = []
    for position in range(len(turns) - 1, len(opening) - 1, -1):
        said = _said(turns[position], turn_chars)
        line = _line(position, turns[position], said)
        if len(line) > left:
            break
        closing.append(line)
        shown[position] = said
        left -= len(line) + 1
    omitted = len(turns) - len(shown)
    gap = [f"({omitted} turns left out)"] if omitted else []
    return TranscriptBlock("\n".join([_OPEN, *opening, *gap, *reversed(closing), _CLOSE]), shown)


def sanitised(text: str, limit: int) -> str:
    """Return text on one line, without marks and without what cannot be seen, its middle left out beyond ``limit``."""
    visible = "".join(map(_visible, unicodedata.normalize("NFKC", _cut(text, limit * 4))))
    return _cut(" ".join(visible.translate(_MARKS).split()), limit)


def _said(turn: Turn, limit: int) -> str:
    return sanitised(turn.normalised or turn.text, limit)


def _line(position: int, turn: Turn, said: str) -> str:
    return f"{position} {turn.speaker}: {said}"


def _visible(character: str) -> str:
    if character.isspace() or unicodedata.category(character) == "Cc":
        return " "
    return "" if unicodedata.category(character)[0] == "C" or ord(character) in _INVISIBLE else character


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    kept = max(limit - len(_GAP), 3)
    return f"{text[: kept // 3]}{_GAP}{text[-(kept - kept // 3) :]}"
