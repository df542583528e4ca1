"""``callsift model adapt``: your names and words into the recogniser's corrections."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callsift.commands.extras import needs
from callsift.commands.output import notes, print_json, print_table
from callsift.percent import percent, percents
from streams.errors import CallsiftError

if TYPE_CHECKING:
    from callsift.word_errors.adapting import Proposal


def adapt(
    sheet: Annotated[Path, typer.Argument(help="A written sheet of callsift wer.", exists=True, dir_okay=False)],
    output: Annotated[
        Path | None, typer.Option("--output", "--out", help="File to write the corrections to; not there yet.")
    ] = None,
    words: Annotated[
        Path | None,
        typer.Option(help="Your brands, streets and faults, one a line.", exists=True, dir_okay=False),
    ] = None,
    language: Annotated[str, typer.Option(help="Language of the calls, as a BCP 47 tag.")] = "tr",
    least: Annotated[int, typer.Option(help="Times that a mistake has to be seen, if none of --words.", min=1)] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, words included.")] = False,
) -> None:
    """Propose corrections from a sheet, and measure them on recordings that they were not learnt from.

    They may hold what callers said: read them before you use them. With --words it also says which of these the speech
    model does not have. Exit code 1: nothing is written in the sheet, or all of it is of one recording.
    """
    if output is not None and output.exists():
        raise typer.BadParameter(f"{output} is there already", param_hint="--output")
    with needs("all"):
        from callsift.word_errors.adapting import adapted
        from callsift.word_errors.sheet import read, usable

    written = usable(read(_text(sheet)))
    if not written:
        raise CallsiftError(f"nothing is written in {sheet.name}", "Write what is said behind said: of each turn")
    own = [line for line in _text(words).splitlines() if line.strip() and not line.startswith("#")] if words else []
    found = adapted(written, language, own, least)
    unknown = _unknown(own, language) if own else []
    if output is not None and found.proposals:
        _write(output, found.proposals)
    if as_json:
        print_json({
            "corrections": [one._asdict() for one in found.proposals],
            "before": found.before._asdict(),
            "after": found.after._asdict(),
            "unknown": unknown,
        })  # fmt: skip
        return
    rows = [[" ".join(one.heard), " ".join(one.meant), str(one.times)] for one in found.proposals]
    print_table("Corrections", ["heard", "meant", "times"], rows)
    rates = [("before", found.before), ("after, not learnt from", found.after)]
    figures = [[name, str(rate.words), percent(rate.rate), percents(rate.interval)] for name, rate in rates]
    print_table("Word errors", ["", "words", "wrong", "95 % interval"], figures)
    if unknown:
        notes.print(f"words of yours that the model never writes: {', '.join(unknown)}", markup=False, highlight=False)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CallsiftError(f"cannot read {path}: {type(error).__name__}", "Name a text file in UTF-8") from None


def _unknown(own: list[str], language: str) -> list[str]:
    """Return the user's words that the model for the language does not have."""
    from agents.transcribe.models import SpeechModels
    from agents.transcribe.recognise import unknown_words
    from agents.transcribe.settings import TranscribeSettings
    from callsift.word_errors.figures import plain_text

    model = SpeechModels(TranscribeSettings.read()).chosen(language)
    words = dict.fromkeys(word for entry in own for word in plain_text(entry, language).split())
    return unknown_words(words, model.folder)


def _write(path: Path, proposals: "tuple[Proposal, ...]") -> None:
    lines = [f"{' '.join(one.heard)}\t{' '.join(one.meant)}\n" for one in proposals]
    try:
        path.write_text("# heard\tmeant\n" + "".join(lines), encoding="utf-8")
    except OSError as error:
        raise CallsiftError(f"cannot write {path}: {error.strerror}", "Name another file with --output") from None
    notes.print(f"wrote {path}: read it, then CALLSIFT_TRANSCRIBE_CORRECTIONS={path}", markup=False, highlight=False)
