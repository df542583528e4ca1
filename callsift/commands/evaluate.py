"""``callsift eval``: how right the classifier is, on calls that a person has labelled."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from agents.classify.settings import ClassifierName, ClassifySettings
from callsift.commands.comparison import WorseAtMost, read_evaluation, say_which_is_better
from callsift.commands.extras import needs
from callsift.commands.output import notes, print_json, print_table
from callsift.commands.progress import shown
from callsift.commands.shadow import ShadowFolder, in_shadow
from callsift.percent import percent, percents
from streams.errors import CallsiftError, TransientError

if TYPE_CHECKING:
    from callsift.evaluation.measurement import Evaluated
    from callsift.evaluation.questions import Question
    from callsift.evaluation.version import Version

_PLAIN_LINES = 10
_LEVELS: tuple[Literal["category"], Literal["leaf"]] = ("category", "leaf")
_LEVELLED: tuple[Literal["accuracy"], Literal["selective_accuracy"]] = ("accuracy", "selective_accuracy")


def evaluate(
    files: Annotated[list[Path] | None, typer.Argument(help="Labelled calls, one JSON object a line.")] = None,
    classifier: Annotated[
        ClassifierName | None, typer.Option(help="Instead of the one that the settings choose.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Folder to write report.html to; it quotes the wrong calls.")
    ] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="File that keeps the answers. Default: the first file's name and .predictions.")
    ] = None,
    concurrency: Annotated[int, typer.Option(help="Calls that are asked about at once.", min=1)] = 8,
    limit: Annotated[int | None, typer.Option(help="Only the first so many calls.", min=1)] = None,
    undivided: Annotated[
        bool, typer.Option("--undivided", help="As if the recordings did not keep the speakers apart.")
    ] = False,
    calibrate: Annotated[
        bool, typer.Option(help="Fit a correction of the confidences, and a confidence floor.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="A.json B.json", help="Say whether B is better, of two outputs of --json."),
    ] = None,
    shadow: ShadowFolder = None,
    worse_at_most: WorseAtMost = None,
) -> None:
    """Measure the classifier on labelled calls (docs/accuracy.md); answers that were given once are not asked again."""
    if compare is not None:
        say_which_is_better(*map(read_evaluation, compare), as_json=as_json, worse_at_most=worse_at_most)
        return
    if not files:
        raise typer.BadParameter("name a file of labelled calls, or two evaluations with --compare")
    if worse_at_most is not None and shadow is None:
        raise typer.BadParameter("--worse-at-most needs something to be worse than: --shadow or --compare")
    if shadow is not None and (report is not None or calibrate):
        raise typer.BadParameter("--shadow compares two; ask for --report or --calibrate of one of them")
    kept = predictions or files[0].with_name(f"{files[0].name}.predictions")
    with tempfile.TemporaryDirectory(prefix="callsift-") as folder, needs("all"):
        from callsift.evaluation.version import Version

        mixed = Path(folder) if undivided else None
        used = Version(ClassifySettings.read(**({"classifier": classifier} if classifier else {})))
        versions = [used] if shadow is None else [used, in_shadow(used, shadow)]
        # all are sound, then we ask
        asking = [(version, _questions(files, version, limit, mixed)) for version in versions]
        found = [_measured(*one, kept, concurrency=concurrency, calibrate=calibrate) for one in asking]
    for call_id, problem in [failed for one in found for failed in one.failed.items()]:
        notes.print(f"not classified: {call_id}: {problem}", markup=False, highlight=False)
    if shadow is not None:
        say_which_is_better(*(one.document for one in found), as_json=as_json, worse_at_most=worse_at_most)
        return
    [evaluated] = found
    if report is not None:
        _write_report(evaluated, report, ", ".join(path.name for path in files))
    if as_json:
        print_json(evaluated.as_json())
    else:
        _print_figures(evaluated)


def _questions(files: list[Path], version: "Version", limit: int | None, mixed: Path | None) -> "list[Question]":
    """Return what is to be asked; ``mixed``: a folder for recordings, which are mixed down first. None: as they are."""
    from agents.audio.settings import AudioSettings
    from agents.classify.labelled import read_labelled
    from callsift.evaluation.measurement import questions_of
    from callsift.evaluation.undivided import undivided

    calls = read_labelled(files, version.taxonomy)[:limit]
    if mixed is not None:
        calls = [*undivided(calls, mixed, AudioSettings.read().channels)]
    return questions_of(calls, version)


def _measured(
    version: "Version", questions: "list[Question]", kept: Path, *, concurrency: int, calibrate: bool
) -> "Evaluated":
    from callsift.evaluation.measurement import measure

    try:
        with shown(len({question.key for question in questions}), _PLAIN_LINES) as steps:
            return measure(
                questions,
                kept,
                version,
                concurrency=concurrency,
                calibrate=calibrate,
                on_answer=lambda count: steps.done("calls answered", count),
            )
    except (KeyboardInterrupt, TransientError):
        notes.print(f"run it again to go on: answers until here are in {kept}", markup=False, highlight=False)
        raise


def _write_report(evaluated: "Evaluated", folder: Path, title: str) -> None:
    from callsift.evaluation.report import report

    path = folder / "report.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(report(evaluated, title), encoding="utf-8")
    except OSError as error:
        raise CallsiftError(f"cannot write {path}: {error.strerror}", "Name another folder with --report") from None
    notes.print(f"wrote {path}", markup=False, highlight=False)


def _print_figures(evaluated: "Evaluated") -> None:
    document, intervals = evaluated.document, evaluated.document["intervals"]
    rows = [
        ["calls", str(document["n"]), ""],
        *(
            [f"{name.replace('_', ' ')} ({level})", percent(document[name][level]), percents(intervals[name][level])]
            for name in _LEVELLED
            for level in _LEVELS
        ),
        ["coverage", percent(document["coverage"]), percents(intervals["coverage"])],
        ["calibration error", percent(document["calibration"]["ece"]), ""],
        ["answers new / kept / failed", " / ".join(map(str, document["answers"].values())), ""],
        ["seconds", f"{document['seconds']:.1f}", ""],
        ["tokens", str(document["tokens"]), ""],
        ["cost", "–" if document["cost"] is None else f"{document['cost']:.4f} {document['currency']}", ""],
    ]
    if evaluated.advice:
        floor, found = evaluated.advice["floor"], evaluated.advice["corrected"]
        rows.append(["confidence floor for 95% right leaves", f"{floor['floor']:g}" if floor else "none", ""])
        rows.append(["calibration error, corrected", percent(found["ece"]) if found else "too few calls", ""])
    print_table("Figures", ["figure", "value", "95 %"], rows)
    own = [
        [code, *(percent(found[name]) for name in ("precision", "recall", "f1")), str(found["support"])]
        for code, found in document["per_class"].items()
    ]
    print_table("Each category", ["category", "precision", "recall", "f1", "calls"], own)
