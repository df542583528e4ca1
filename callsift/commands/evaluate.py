"""``callsift eval``: how right the classifier is, on calls that a person has labelled."""

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from agents.classify.settings import ClassifierName, ClassifySettings
from callsift.commands.extras import needs
from callsift.commands.output import notes, print_json, print_table
from callsift.commands.progress import shown
from callsift.percent import percent, percents
from schemas import Taxonomy
from streams.errors import CallsiftError, TransientError

if TYPE_CHECKING:
    from callsift.evaluation.measurement import Evaluated

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
) -> None:
    """Measure the classifier on labelled calls (docs/accuracy.md); answers that were given once are not asked again."""
    if compare is not None:
        _compare(*compare, as_json=as_json)
        return
    if not files:
        raise typer.BadParameter("name a file of labelled calls, or two evaluations with --compare")
    settings = ClassifySettings.read(**({"classifier": classifier} if classifier else {}))
    kept = predictions or files[0].with_name(f"{files[0].name}.predictions")
    with tempfile.TemporaryDirectory(prefix="callsift-") as mixed:
        evaluated = _measured(
            files,
            settings,
            kept,
            limit=limit,
            concurrency=concurrency,
            calibrate=calibrate,
            mixed=Path(mixed) if undivided else None,
        )
    for call_id, problem in evaluated.failed.items():
        notes.print(f"not classified: {call_id}: {problem}", markup=False, highlight=False)
    if report is not None:
        _write_report(evaluated, report, ", ".join(path.name for path in files))
    if as_json:
        print_json(evaluated.as_json())
    else:
        _print_figures(evaluated)


def _measured(
    files: list[Path],
    settings: ClassifySettings,
    kept: Path,
    *,
    limit: int | None,
    concurrency: int,
    calibrate: bool,
    mixed: Path | None,
) -> "Evaluated":
    """Measure; ``mixed``: the folder for recordings that are mixed down first, None: they are taken as they are."""
    taxonomy = Taxonomy.load()
    with needs("all"):
        from agents.classify.labelled import read_labelled
        from callsift.evaluation.measurement import measure, questions_of

        calls = read_labelled(files, taxonomy)[:limit]
        if mixed is not None:
            from agents.audio.settings import AudioSettings
            from callsift.evaluation.undivided import undivided

            calls = [*undivided(calls, mixed, AudioSettings.read().channels)]
        questions = questions_of(calls, settings, taxonomy)
    try:
        with shown(len({question.key for question in questions}), _PLAIN_LINES) as steps:
            return measure(
                questions,
                kept,
                settings,
                taxonomy,
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


def _compare(first: Path, second: Path, *, as_json: bool) -> None:
    from agents.classify.evaluation.comparison import compare

    found = compare(_read(first), _read(second))
    if as_json:
        print_json(found)
        return
    rows = [
        [
            level,
            percent(own["a"]),
            percent(own["b"]),
            f"{own['difference']:+.1%} ({own['interval'][0]:+.1%} to {own['interval'][1]:+.1%})",
            f"{own['only_a_right']} / {own['only_b_right']}",
            f"{own['p_value']:.4f}",
            f"{own['better']} is better" if own["better"] else "no difference shown",
        ]
        for level, own in ((level, found[level]) for level in _LEVELS)
    ]
    columns = ["level", "A", "B", "B − A (95 %)", "only A / only B right", "p (McNemar)", "verdict"]
    print_table(f"{found['n']} calls that both have, {found['left_out']} left out", columns, rows)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CallsiftError(
            f"cannot read {path}: {type(error).__name__}", "Write it with: callsift eval FILE --json"
        ) from None
    return content if isinstance(content, dict) else {}
