"""``callsift train``: makes the offline classifier's model again."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from callsift.commands.extras import needs
from callsift.commands.output import notes, print_json, print_table
from callsift.percent import percent

if TYPE_CHECKING:
    from agents.classify.evaluation.figures import Figures

_LEVELS: tuple[Literal["category"], Literal["leaf"]] = ("category", "leaf")
_LEVELLED: tuple[tuple[str, Literal["accuracy"]], tuple[str, Literal["selective_accuracy"]]] = (
    ("accuracy", "accuracy"),
    ("accuracy when answered", "selective_accuracy"),
)


def train(
    output: Annotated[Path | None, typer.Option(help="Model file to write. Default: the shipped one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Train the offline classifier from the shipped dialogues, and measure it on the ones written apart."""
    from agents.classify.settings import ClassifySettings

    with needs("eval"):
        from agents.classify.offline.model import SHIPPED, OfflineModel
        from agents.classify.offline.train import (
            card_with,
            evaluate,
            evaluation_dialogues,
            train,
            training_dialogues,
        )

    path, floor = output or SHIPPED, ClassifySettings.read().confidence_floor
    with notes.status("training …"):
        model, others = train(training_dialogues()), evaluation_dialogues()
        model.save(path)
        written = OfflineModel.load(path)  # what was written is measured, not what was meant
        figures = evaluate(written, others, floor)
        undivided = evaluate(written, [dialogue.undivided for dialogue in others], floor)
        replace(model, card=card_with(model, others, figures, undivided)).save(path)
    if as_json:
        print_json({**figures, "undivided": undivided})
        return
    _print_confusion(figures)
    _print_figures(figures, undivided)
    notes.print(f"wrote {path} ({path.stat().st_size / 1e6:.1f} MB)")


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
