"""``callsift wer``: how many words the recogniser gets wrong on recordings of one's own."""

from pathlib import Path
from typing import Annotated

import typer

from callsift.commands.extras import needs
from callsift.commands.output import notes, print_json, print_table
from callsift.commands.progress import shown
from callsift.percent import percent, percents
from streams.errors import CallsiftError

app = typer.Typer(help="Measure how many words the recogniser gets wrong on your own calls.", no_args_is_help=True)
_SHEET = "sheet.txt"


@app.command()
def sheet(
    recordings: Annotated[list[Path], typer.Argument(help="Recordings to draw turns of.", exists=True, dir_okay=False)],
    to: Annotated[Path, typer.Option(help="Folder for the sheet and its clips; it must not hold a sheet yet.")],
    turns: Annotated[int, typer.Option(help="Turns to draw.", min=1)] = 50,
    seed: Annotated[int, typer.Option(help="The same seed draws the same turns.")] = 7,
    language: Annotated[str | None, typer.Option(help="Language of the calls, where there are several models.")] = None,
) -> None:
    """Draw turns, and write a sheet in which a person writes down what was said (docs/word-errors.md).

    The sheet and its clips hold what callers said, NOT redacted: keep them as you keep recordings.
    """
    if (to / _SHEET).exists():
        raise typer.BadParameter(f"{to / _SHEET} is there already: somebody may have written in it", param_hint="--to")
    with needs("all"):
        from agents.audio.settings import AudioSettings
        from agents.transcribe.settings import TranscribeSettings
        from callsift.word_errors.drawing import draw
        from callsift.word_errors.sheet import written

        audio, transcribe = AudioSettings.read(), TranscribeSettings.read()
        to.mkdir(parents=True, exist_ok=True)
        with shown(len(recordings)) as steps:
            drawn = draw(recordings, to, audio, transcribe, turns=turns, seed=seed, language=language, done=steps.done)
    (to / _SHEET).write_text(written(drawn), encoding="utf-8")
    notes.print(f"{len(drawn)} turns are in {to / _SHEET}: write down what is said", markup=False, highlight=False)


@app.command()
def measure(
    file: Annotated[Path, typer.Argument(help="The sheet, written.", exists=True, dir_okay=False)],
    language: Annotated[str, typer.Option(help="Language of the calls, as a BCP 47 tag.")] = "tr",
    page: Annotated[Path | None, typer.Option(help="File to write a page to.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON, words included.")] = False,
) -> None:
    """Measure a sheet in which somebody has written. Exit code 1: nobody has."""
    with needs("all"):
        from callsift.word_errors.figures import measured
        from callsift.word_errors.page import page as made
        from callsift.word_errors.sheet import read, usable

        drawn = read(file.read_text(encoding="utf-8"))
        written = usable(drawn)
        if not written:
            raise CallsiftError(f"nothing is written in {file.name}", "Write what is said behind said: of each turn")
        errors = measured(written, language)
        if page is not None:
            page.write_text(made(errors, len(drawn) - len(written)), encoding="utf-8")
    if as_json:
        groups = {name: {key: rate._asdict() for key, rate in own.items()} for name, own in errors.groups.items()}
        mistakes = [mistake._asdict() for mistake in errors.mistakes]
        print_json(errors._asdict() | {"overall": errors.overall._asdict(), "groups": groups, "mistakes": mistakes})
        return
    rates = [("all", "", errors.overall)]
    rates += [(name, value, rate) for name, own in errors.groups.items() for value, rate in own.items()]
    rows = [[n, v, str(r.turns), str(r.words), percent(r.rate), percents(r.interval)] for n, v, r in rates]
    print_table("Word errors", ["of", "", "turns", "words", "wrong", "95 % interval"], rows)
    wrong = [[mistake.said, mistake.heard or "–", str(mistake.times)] for mistake in errors.mistakes]
    print_table("Words most often wrong", ["said", "heard", "times"], wrong)
