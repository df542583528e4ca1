"""Learn the redaction's model from the marked conversations beside this file.

``python -m tests.agents.transcribe.redaction.learn`` writes the model that the package holds. ``--without PART`` leaves
a part out, to measure on it what the model knows of conversations by others.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pycrfsuite

import agents.transcribe.languages.tr.redaction as package
from agents.transcribe.languages.tr.redaction.clues import clues
from agents.transcribe.languages.tr.redaction.context import Announcements
from agents.transcribe.languages.tr.redaction.learnt import BEGINS, INSIDE, MODEL, OUTSIDE
from agents.transcribe.languages.tr.redaction.tokens import Token, tokens
from agents.transcribe.redaction import Said, Span
from tests.agents.transcribe.redaction.measure import PARTS, UNSEEN, labelled_lines, labels, said
from tests.agents.transcribe.redaction.mishearing import misheard
from tests.agents.transcribe.redaction.test_kinds import calls

NOISE = 0.1
"""Share of misheard words in a second copy of each conversation."""
SETTINGS = {"c1": 0.3, "c2": 0.1, "max_iterations": 100, "feature.possible_transitions": True}


def lessons(parts: Sequence[str]) -> Iterator[tuple[list[list[str]], list[str]]]:
    """Yield the clues and the labels of each conversation: as it is, misheard, and redacted, where nothing is left."""
    lines = [*(line for part in parts for line in labelled_lines(part)), *calls()]
    for line in (*lines, *misheard(lines, NOISE)):
        yield _lesson(said(line), labels(line))
    for line in lines:
        yield _lesson(_redacted(line), ())


def _lesson(turns: Sequence[Said], spans: Sequence[Span]) -> tuple[list[list[str]], list[str]]:
    heard = tokens(turns)
    seen = list(clues(heard, Announcements(heard)))
    own: list[str] = []
    before: Span | None = None
    for token, _ in seen:
        span = next((span for span in spans if token and _holds(span, token)), None)
        own.append(f"{INSIDE if span == before else BEGINS}{span.kind}" if span else OUTSIDE)
        before = span
    return [found for _, found in seen], own


def _holds(span: Span, token: Token) -> bool:
    return span.turn == token.turn and span.start <= token.start < span.end


def _redacted(line: dict[str, Any]) -> list[Said]:
    texts = [turn["text"] for turn in line["turns"]]
    for span in sorted(labels(line), reverse=True):
        text = texts[span.turn]
        texts[span.turn] = f"{text[: span.start]}{span.kind.placeholder}{text[span.end :]}"
    return [Said(turn["speaker"], text) for turn, text in zip(line["turns"], texts, strict=True)]


def main() -> None:
    """Learn and write the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without", choices=PARTS, action="append", default=[], help="Leave a part out.")
    parser.add_argument("--to", type=Path, default=Path(package.__file__).with_name(MODEL), help="The file to write.")
    wanted = parser.parse_args()
    trainer = pycrfsuite.Trainer(verbose=False)
    for seen, own in lessons([part for part in PARTS if part not in {UNSEEN, *wanted.without}]):
        trainer.append(seen, own)
    trainer.set_params(SETTINGS)
    trainer.train(str(wanted.to))


if __name__ == "__main__":
    main()
