"""How many labelled dialogues of a category the offline classifier needs: ``python -m benchmarks.few_examples``.

So many of each leaf are drawn from the shipped training dialogues; measured are the leaves of the evaluation dialogues,
which others wrote. docs/own-business.md has the figures.
"""

import argparse
import random
from collections import defaultdict
from collections.abc import Sequence

from agents.classify.evaluation.judged import known
from agents.classify.labelled import LabelledDialogue
from agents.classify.offline.train import evaluate, evaluation_dialogues, train, training_dialogues
from agents.classify.settings import ClassifySettings

_FLOOR = ClassifySettings.model_fields["confidence_floor"].default


def drawn(dialogues: Sequence[LabelledDialogue], count: int, seed: int) -> list[LabelledDialogue]:
    """Return so many dialogues of each leaf, by chance."""
    by_leaf: dict[str, list[LabelledDialogue]] = defaultdict(list)
    for dialogue in dialogues:
        if dialogue.customer_speaks:
            by_leaf[dialogue.leaf].append(dialogue)
    chance = random.Random(seed)
    return [one for own in by_leaf.values() for one in chance.sample(own, min(count, len(own)))]


def main() -> None:
    """Print a line for each number of dialogues."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--counts", type=int, nargs="+", default=[5, 8, 12, 16, 24, 40])
    options = parser.parse_args()
    others = evaluation_dialogues()
    print("dialogues of each leaf | leaf right when answered | answered")
    for count in options.counts:
        model = train(drawn(training_dialogues(), count, options.seed))
        model.card["unsure"] = {}
        found = evaluate(model, others, _FLOOR)
        right, answered = known(found["selective_accuracy"]["leaf"]), known(found["coverage"])
        print(f"{count} | {right:.1%} | {answered:.1%}", flush=True)


if __name__ == "__main__":
    main()
