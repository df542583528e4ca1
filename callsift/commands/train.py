"""``callsift train``: makes the offline classifier's model, from your labels or again from the shipped ones."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from callsift.commands.extras import needs
from callsift.commands.output import notes, print_json, print_table
from callsift.percent import percent
from schemas import Taxonomy
from schemas.taxonomy_file import FILE
from streams.errors import CallsiftError

if TYPE_CHECKING:
    from agents.classify.evaluation.figures import Figures

_LEVELS: tuple[Literal["category"], Literal["leaf"]] = ("category", "leaf")
_LEVELLED: tuple[tuple[str, Literal["accuracy"]], tuple[str, Literal["selective_accuracy"]]] = (
    ("accuracy", "accuracy"),
    ("accuracy when answered", "selective_accuracy"),
)


def train(
    dialogues: Annotated[
        list[Path] | None, typer.Argument(help="Your labelled dialogues, one a line. Default: the shipped ones.")
    ] = None,
    taxonomy: Annotated[
        Path | None, typer.Option(help="Folder with the taxonomy of the labels. Default: the one in use.")
    ] = None,
    language: Annotated[str, typer.Option(help="Of your dialogues, as a BCP 47 tag: tr or another.")] = "tr",
    output: Annotated[
        Path | None,
        typer.Option("--output", "--out", help="Model file to write. Default: model.npz beside the taxonomy."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Train the offline classifier from labelled dialogues, and measure it on ones that it has not learnt from.

    Yours are measured by cross-validation; the shipped model on dialogues that others wrote.
    """
    from agents.classify.settings import ClassifySettings

    with needs("eval"):
        from threadpoolctl import threadpool_limits

        import agents.classify.offline.train  # noqa: F401 - says which extra is missing before anything is done

    floor = ClassifySettings.read().confidence_floor
    # small sums: threads of a busy machine only wait for each other
    with notes.status("training …"), threadpool_limits(1, user_api="blas"):
        if dialogues:
            path, figures, undivided = _train_own(dialogues, taxonomy, language, output, floor)
        else:
            path, figures, undivided = _train_shipped(output, floor)
    if as_json:
        print_json({**figures, "undivided": undivided})
        return
    _print_confusion(figures)
    _print_figures(figures, undivided)
    notes.print(f"wrote {path} ({path.stat().st_size / 1e6:.1f} MB)")


def _train_own(
    files: list[Path], folder: Path | None, language: str, output: Path | None, floor: float
) -> "tuple[Path, Figures, Figures]":
    from agents.classify.labelled import read_labelled_dialogues
    from agents.classify.offline.classifier import MODEL
    from agents.classify.offline.model import ENOUGH_EXAMPLES
    from agents.classify.offline.train import card_with, cross_validated, train

    taxonomy = Taxonomy.load(folder / FILE if folder else None)
    path = output or (folder / MODEL if folder else None)
    if path is None:
        raise typer.BadParameter("name the folder of your taxonomy, or a file with --output")
    labelled = read_labelled_dialogues(files, taxonomy)
    model = train(labelled, taxonomy=taxonomy, language=language)
    for leaf, count in model.unsure.items():
        notes.print(f"{leaf}: {count} dialogues, and {ENOUGH_EXAMPLES} are needed: its calls become Uncertain")
    for leaf, count in model.card["not_learnt"].items():
        notes.print(f"{leaf}: {count} dialogues: nothing is known of it, its calls are taken for others or Uncertain")
    figures, undivided = cross_validated(labelled, floor, taxonomy)
    model.card["limits"] = "Measured by cross-validation. Reads words, not meaning."
    try:
        replace(model, card=card_with(model, labelled, figures, undivided)).save(path)
    except OSError as error:
        raise CallsiftError(f"cannot write {path}: {error.strerror}", "Name another file with --output") from None
    return path, figures, undivided


def _train_shipped(output: Path | None, floor: float) -> "tuple[Path, Figures, Figures]":
    from agents.classify.offline.model import SHIPPED, OfflineModel
    from agents.classify.offline.train import card_with, evaluate, evaluation_dialogues, train, training_dialogues

    path, others = output or SHIPPED, evaluation_dialogues()
    model = train(training_dialogues())
    model.save(path)
    written = OfflineModel.load(path)  # what was written is measured, not what was meant
    figures = evaluate(written, others, floor)
    undivided = evaluate(written, [dialogue.undivided for dialogue in others], floor)
    replace(model, card=card_with(model, others, figures, undivided)).save(path)
    return path, figures, undivided


def _print_confusion(figures: "Figures") -> None:
    labels, matrix = figures["confusion"]["labels"], figures["confusion"]["matrix"]
    rows = [
        [f"{number} {label}", *(str(count or "·") for count in counts)]
        for number, (label, counts) in enumerate(zip(labels, matrix, strict=True), 1)
    ]
    columns = ["expected", *map(str, range(1, len(labels) + 1))]
    print_table("Expected (down) and decided (across)", columns, rows)


def _print_figures(figures: "Figures", undivided: "Figures") -> None:
    both = (figures, undivided)
    summary = [
        ["calls", *(str(found["n"]) for found in both)],
        *(
            [f"{level} {name}", *(percent(found[key][level]) for found in both)]
            for name, key in _LEVELLED
            for level in _LEVELS
        ),
        ["coverage", *(percent(found["coverage"]) for found in both)],
    ]
    print_table("Figures", ["figure", "speakers apart", "undivided"], summary)
