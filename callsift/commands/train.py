"""``callsift train``: makes the offline classifier's model again."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callsift.commands.extras import needs
from callsift.commands.output import notes, print_json, print_table

if TYPE_CHECKING:
    from agents.classify.evaluation.figures import Figures


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
        replace(model, card=card_with(model, others, figures)).save(path)
    if as_json:
        print_json(figures)
        return
    _print_confusion(figures)
    notes.print(f"wrote {path} ({path.stat().st_size / 1e6:.1f} MB)")


def _print_confusion(figures: "Figures") -> None:
    labels, matrix = figures["confusion"]["labels"], figures["confusion"]["matrix"]
    rows = [
        [f"{number} {label}", *(str(count or "·") for count in counts)]
        for number, (label, counts) in enumerate(zip(labels, matrix, strict=True), 1)
    ]
    columns = ["expected", *map(str, range(1, len(labels) + 1))]
    print_table("Expected (down) and decided (across)", columns, rows)
    summary = [
        ["calls", str(figures["n"])],
        ["category accuracy", f"{figures['accuracy']['category']:.1%}"],
        ["leaf accuracy", f"{figures['accuracy']['leaf']:.1%}"],
        ["coverage", f"{figures['coverage']:.1%}"],
        ["category accuracy when answered", f"{figures['selective_accuracy']['category']:.1%}"],
        ["leaf accuracy when answered", f"{figures['selective_accuracy']['leaf']:.1%}"],
    ]
    print_table("Figures", ["figure", "value"], summary)
