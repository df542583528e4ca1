"""A hosted model whose answers are prepared from labels, some of them wrong: to try an evaluation without a key.

``python -m tests.servers.labelled agents/classify/offline/dialogues/evaluation*.jsonl --errors 0.05`` serves Gemini's
format until Ctrl-C, and then says how many requests came. Wrong answers are a little less sure than right ones.
"""

import argparse
import json
import random
import signal
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from agents.classify.labelled import LabelledDialogue, read_labelled_dialogues
from schemas import Taxonomy
from tests.servers.gemini import Reply, Request, answered, gemini_server

_SURE_RIGHT, _SURE_WRONG = (0.8, 0.99), (0.45, 0.95)


class Labelled:
    """Answers by the label of the dialogue that a request shows, and wrongly for a share of them."""

    def __init__(
        self, dialogues: Sequence[LabelledDialogue], errors: float, *, seed: int = 0, delay_s: float = 0.0
    ) -> None:
        self._dialogues = [dialogue for dialogue in dialogues if dialogue.customer_speaks]
        drawn = random.Random(seed).sample(self._dialogues, round(errors * len(self._dialogues)))
        self.wrong = frozenset(dialogue.id for dialogue in drawn)
        self._seed = seed
        self._delay_s = delay_s

    def __call__(self, request: Request) -> Reply:
        asked = json.dumps(request.body, ensure_ascii=False)
        fitting = [own for own in self._dialogues if all(turn.text in asked for turn in own.turns)]
        dialogue = max(fitting, key=lambda own: sum(len(turn.text) for turn in own.turns))
        chance = random.Random(f"{self._seed}:{dialogue.id}")
        wrong = dialogue.id in self.wrong
        others = [leaf for code, leaf in Taxonomy.load().leaves.items() if code != dialogue.leaf]
        category, sub_category = chance.choice(others) if wrong else (dialogue.category, dialogue.sub_category)
        confidence = chance.uniform(*(_SURE_WRONG if wrong else _SURE_RIGHT))
        reply = answered(category=category, sub_category=sub_category, confidence=round(confidence, 3))
        return replace(reply, delay_s=self._delay_s)


def main() -> None:
    """Answer until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--errors", type=float, default=0.05, help="share of wrong answers")
    parser.add_argument("--seed", type=int, default=0, help="which ones are wrong")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--port", type=int, default=8099)
    given = parser.parse_args()
    with gemini_server(given.port) as server:
        server.respond = Labelled(
            read_labelled_dialogues(given.files), given.errors, seed=given.seed, delay_s=given.delay
        )
        print(f"Gemini's REST format at {server.address}, Ctrl-C ends it", flush=True)
        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        ended.wait()
        print(f"{len(server.received)} requests came")


if __name__ == "__main__":
    main()
