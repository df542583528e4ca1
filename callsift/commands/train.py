"""``callsift train``: makes the offline classifier's model again."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callsift.commands.output import notes, print_json, print_table

if TYPE_CHECKING:
    from agents.classify.offline.train import Figures


def train(
    output: Annotated[Path | None, typer.Option(help="Model file to write. Default: the shipped one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Train the offline classifier from the shipped dialogues, and measure it on the ones written apart."""
    from agents.classify.offline.model import SHIPPED, OfflineModel  # noqa: PLC0415
    from agents.classify.offline.train import (  # noqa: PLC0415
        card_with,
        evaluate,
        evaluation_dialogues,
        train,
        training_dialogues,
    )
    from agents.classify.settings import ClassifySettings  # noqa: PLC0415

    path, floor = output or SHIPPED, ClassifySettings.read().confidence_floor
    with notes.status("training …"):
        model = train(training_dialogues())
        figures = evaluate(model, evaluation_dialogues(), floor)
        replace(model, card=card_with(model, figures)).save(path)
        figures = evaluate(
            OfflineModel.load(path), evaluation_dialogues(), floor
        )  # what was written, not what was meant
    if as_json:
        print_json(
            {
                "calls": figures.calls,
                "category_accuracy": figures.category_accuracy,
                "leaf_accuracy": figures.leaf_accuracy,
                "confusion": [[*pair, count] for pair, count in sorted(figures.confusion.items())],
            }
        )
        return
    _print_confusion(figures)
    notes.print(f"wrote {path} ({path.stat().st_size / 1e6:.1f} MB)")


def _print_confusion(figures: "Figures") -> None:
    codes = sorted({code for pair in figures.confusion for code in pair})
    marks = {code: str(number) for number, code in enumerate(codes, 1)}
    rows = [
        [f"{marks[expected]} {expected}", *(str(figures.confusion[expected, decided] or "·") for decided in codes)]
        for expected in codes
    ]
    print_table("Expected (down) and decided (across)", ["expected", *marks.values()], rows)
    summary = [
        ["calls", str(figures.calls)],
        ["category accuracy", f"{figures.category_accuracy:.1%}"],
        ["leaf accuracy", f"{figures.leaf_accuracy:.1%}"],
    ]
    print_table("Figures", ["figure", "value"], summary)
