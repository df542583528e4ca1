"""``callsift redact``: removes personal data from transcripts, as the transcribe stage does."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer
from pydantic import BaseModel, JsonValue, ValidationError

from callsift.commands.output import harmless, print_json, print_table
from streams.errors import CallsiftError

if TYPE_CHECKING:
    from agents.transcribe.redaction import Redacted


class UnreadableLine(CallsiftError):
    """A line of the file is not a transcript."""


class _Turn(BaseModel, strict=True):
    speaker: str
    text: str


class _Transcript(BaseModel, strict=True):
    id: JsonValue
    turns: list[_Turn]


def redact(
    file: Annotated[
        Path, typer.Argument(help="Transcripts, one JSON object a line; - for standard input.", allow_dash=True)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a line, with the spans.")] = False,
) -> None:
    """Replace telephone numbers, IDs, accounts, cards, e-mails, plates, addresses and names by placeholders.

    A line is {"id": ..., "turns": [{"speaker": ..., "text": ...}]}. Spans are positions in the text that was given.
    """
    from agents.transcribe.redaction import Said  # noqa: PLC0415
    from agents.transcribe.redaction import redact as redacted  # noqa: PLC0415

    rows: list[list[str]] = []
    for own in _transcripts(file):
        found = redacted([Said(turn.speaker, turn.text) for turn in own.turns])
        if as_json:
            print_json(_as_json(own.id, found), indent=None)
        else:
            rows += [
                [harmless(str(own.id)), str(number), harmless(turn.speaker), harmless(turn.text)]
                for number, turn in enumerate(found.turns)
            ]
    if not as_json:
        print_table("Redacted", ["id", "turn", "who", "said"], rows)


def _as_json(identity: JsonValue, found: "Redacted") -> dict[str, Any]:
    spans = [{"turn": s.turn, "start": s.start, "end": s.end, "type": s.kind.value} for s in found.spans]
    turns = [{"speaker": turn.speaker, "text": turn.text} for turn in found.turns]
    return {"id": identity, "turns": turns, "spans": spans, "withheld": sorted(found.withheld)}


def _transcripts(file: Path) -> Iterator[_Transcript]:
    if str(file) == "-":
        yield from _parsed(sys.stdin, "standard input")
        return
    try:
        with file.open(encoding="utf-8") as lines:
            yield from _parsed(lines, str(file))
    except OSError as error:
        raise UnreadableLine(f"cannot read {file}: {error.strerror}", "Name a file of transcripts, or -") from error


def _parsed(lines: TextIO, name: str) -> Iterator[_Transcript]:
    number = 0
    try:
        for number, line in enumerate(lines, start=1):  # noqa: B007
            if line.strip():
                yield _Transcript.model_validate_json(line)
    except (ValidationError, UnicodeDecodeError) as error:
        where, why = (number, _problem(error)) if isinstance(error, ValidationError) else (number + 1, "not UTF-8")
        cure = 'A line is {"id": ..., "turns": [{"speaker": ..., "text": ...}]}'
        raise UnreadableLine(f"{name}, line {where}: {why}", cure) from None


def _problem(error: ValidationError) -> str:
    """Return what is wrong, without quoting the line: it is a transcript."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}" if first["loc"] else "not a JSON object"
