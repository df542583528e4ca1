"""The offline classifier: how fast on one core, and how accurate when words are misheard.

Run it with OMP_NUM_THREADS=1. Seconds are processor time, so that neighbours on the machine count little.
"""

import argparse
import json
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from agents.classify.evaluation.judged import known
from agents.classify.evaluation.noise import WordNoise
from agents.classify.labelled import LabelledDialogue
from agents.classify.offline.classifier import OfflineClassifier
from agents.classify.offline.model import OfflineModel
from agents.classify.offline.train import evaluate, evaluation_dialogues, training_dialogues
from agents.classify.settings import ClassifySettings
from callsift.html_page import html_page
from schemas import Taxonomy, Turn

CALLS, ROUNDS, SEEDS = 1000, 5, 5
RATES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4)
PICTURE = Path(__file__).with_name("words_wrong.svg")
DRAWN = ("category when answered", "leaf when answered", "answered")

Shares = Mapping[float, Mapping[str, float]]
"""What is right and what is answered, by the share of words that are wrong."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--picture", type=Path, help="draw what words cost into this file, as SVG")
    parser.add_argument("--dialogues", type=Path, help="write the dialogues of the first draw here, and end")
    options = parser.parse_args()
    if options.dialogues:
        write(options.dialogues)
        return
    model, evaluated = OfflineModel.load(), evaluation_dialogues()
    undivided = [dialogue.undivided for dialogue in evaluated]
    seconds, rightness, alike = _speed(model, evaluated), _rightness(model, evaluated), _rightness(model, undivided)
    if options.picture:
        options.picture.write_text(picture({"speakers apart": rightness, "undivided": alike}), encoding="utf-8")
    if options.json:
        print(json.dumps({"seconds": seconds, "words_wrong": rightness, "undivided": alike}, indent=2))
        return
    for name, taken in seconds.items():
        print(f"{CALLS} transcripts {name}\t{taken:.2f} s")
    rows = [(f"{rate:.0%}", figures) for rate, figures in rightness.items()]
    rows += [(f"undivided, {rate:.0%}", figures) for rate, figures in alike.items()]
    for rate, figures in rows:
        print(f"{rate} words wrong", *(f"{name} {figure:.1%}" for name, figure in figures.items()), sep="\t")


def _speed(model: OfflineModel, evaluated: Sequence[LabelledDialogue]) -> dict[str, float]:
    """Median seconds of a thousand transcripts."""
    spoken = [dialogue.turns for dialogue in evaluated if dialogue.customer_speaks]
    calls = (spoken * (CALLS // len(spoken) + 1))[:CALLS]
    turns = [[Turn(**said.model_dump(), start_s=0, end_s=1, confidence=1) for said in call] for call in calls]
    classifier = OfflineClassifier(Taxonomy.load(), model)
    ways: dict[str, Callable[[], object]] = {
        "one by one": lambda: [classifier.answer(call) for call in turns],
        "at once": lambda: model.probabilities(calls),
    }
    return {name: statistics.median(_processor_s(work) for _ in range(ROUNDS)) for name, work in ways.items()}


def picture(found: Mapping[str, Shares]) -> str:
    """Draw what is right and what is answered, a panel for each kind of calls; readable on light and on dark pages."""
    lowest = min(figures[name] for shares in found.values() for figures in shares.values() for name in DRAWN)
    return html_page(PICTURE, panels=found, lines=DRAWN, right=max(RATES), bottom=math.floor(lowest * 10) / 10)


def _noise() -> WordNoise:
    return WordNoise(word for own in training_dialogues() for turn in own.turns for word in turn.text.split())


def write(folder: Path) -> None:
    """Write a file of dialogues for each share of wrong words, for ``callsift eval``."""
    folder.mkdir(parents=True, exist_ok=True)
    noise = _noise()
    for rate in RATES:
        lines = [noise.dialogue(own, rate, seed=0).model_dump_json() for own in evaluation_dialogues()]
        (folder / f"words-wrong-{100 * rate:.0f}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _rightness(model: OfflineModel, evaluated: Sequence[LabelledDialogue]) -> dict[float, dict[str, float]]:
    """Means over the seeds, by the share of words that are wrong."""
    floor = ClassifySettings.model_fields["confidence_floor"].default
    noise, found = _noise(), {}
    for rate in RATES:
        runs = [
            evaluate(model, [noise.dialogue(own, rate, seed) for own in evaluated], floor)
            for seed in range(SEEDS if rate else 1)
        ]
        found[rate] = {
            "category when answered": statistics.mean(known(run["selective_accuracy"]["category"]) for run in runs),
            "leaf when answered": statistics.mean(known(run["selective_accuracy"]["leaf"]) for run in runs),
            "answered": statistics.mean(known(run["coverage"]) for run in runs),
            "calibration error": statistics.mean(known(run["calibration"]["ece"]) for run in runs),
        }
    return found


def _processor_s(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    main()
