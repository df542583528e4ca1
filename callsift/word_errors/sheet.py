"""The sheet: drawn turns as a text file in which a person writes what was really said. Pure."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from streams.errors import CallsiftError

_HEAD = """\
# callsift word errors 1
# Listen to each clip, and write what is said in it behind "said:", every word, as it is spoken.
# Write - and nothing else where nobody could understand it. Spelling counts, punctuation does not.
# Do not look at "heard:" first: who reads it hears it.
"""
UNUSABLE = "-"
_FIELDS = ("clip", "recording", "speaker", "codec", "loudness", "said", "heard")


class SheetError(CallsiftError):
    """A sheet cannot be read."""


class DrawnTurn(NamedTuple):
    """One turn of a sheet."""

    clip: str
    """File with its sound, beside the sheet."""
    recording: str
    """Which recording it is from."""
    speaker: str
    codec: str
    loudness: str
    """LUFS of its channel, or ``unknown``."""
    said: str
    """What a person heard; empty: not written yet."""
    heard: str
    """What the recogniser heard."""


def written(turns: Iterable[DrawnTurn]) -> str:
    """Return a sheet's text."""
    blocks = ["\n".join(f"{name}: {value}".rstrip() for name, value in turn._asdict().items()) for turn in turns]
    return _HEAD + "\n" + "\n\n".join(blocks) + "\n"


def read(text: str) -> list[DrawnTurn]:
    """Read a sheet.

    Raises:
        SheetError: A line or a block is not as the sheet was; the message names the line.
    """
    turns: list[DrawnTurn] = []
    block: dict[str, str] = {}
    lines = [*text.removeprefix("\ufeff").splitlines(), ""]
    for number, line in enumerate(lines, start=1):
        if line.startswith("#"):
            continue
        name, colon, value = line.partition(":")
        if line.strip() and (not colon or name.strip() not in _FIELDS or name.strip() in block):
            raise SheetError(f"line {number} is no field of a turn", f"Fields are {', '.join(_FIELDS)}, one a line")
        if line.strip():
            block[name.strip()] = value.strip()
        elif block:
            turns.append(_turn(block, number))
            block = {}
    return turns


def usable(turns: Sequence[DrawnTurn]) -> list[DrawnTurn]:
    """Return the turns that somebody wrote down and understood."""
    return [turn for turn in turns if turn.said and turn.said != UNUSABLE]


def _turn(block: dict[str, str], line: int) -> DrawnTurn:
    if missing := [name for name in _FIELDS if name not in block]:
        raise SheetError(f"the turn before line {line} misses {', '.join(missing)}", "Leave every line of a turn there")
    return DrawnTurn(**block)
