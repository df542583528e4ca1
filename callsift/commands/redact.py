"""``callsift redact``: removes personal data from transcripts, as the transcribe stage does."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import JsonValue

from callsift.commands.output import harmless, print_json, print_table

if TYPE_CHECKING:
    from agents.transcribe.redaction import Redacted


def redact(
    file: Annotated[
        Path, typer.Argument(help="Transcripts, one JSON object a line; - for standard input.", allow_dash=True)
    ],
    language: Annotated[
        str,
        typer.Option(help="What the transcripts are in, as a BCP 47 tag."),
    ] = "tr",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a line, with the spans.")] = False,
) -> None:
    """Replace telephone numbers, IDs, accounts, cards, e-mails, plates, addresses and names by placeholders.

    A line is {"id": ..., "turns": [{"speaker": ..., "text": ...}]}. Spans are positions in the text in Unicode's NFC.
    """
    from agents.classify.dialogues import AnyDialogue, read_dialogues
    from agents.transcribe.languages import language_of
    from agents.transcribe.redaction import Said

    own_language = language_of(language)
    rows: list[list[str]] = []
    for own in read_dialogues(file, AnyDialogue):
        found = own_language.redact([Said(turn.speaker, turn.text) for turn in own.turns])
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
