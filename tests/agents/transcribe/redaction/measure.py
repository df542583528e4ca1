"""How much of what is personal the redaction finds, and how much of what it finds is: ``labelled.jsonl``, by span.

Run ``python -m tests.agents.transcribe.redaction.measure``. All persons and numbers in the file are invented.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agents.transcribe.redaction import Kind, Said, Span, redact

LABELLED = Path(__file__).parent / "labelled.jsonl"
PARTS = ("tuning", "held_out")
BY_RULE = (Kind.ADDRESS, Kind.PERSON)
"""Kinds that are reported apart: rules find them as far as rules can."""


@dataclass
class Figures:
    """Counts of spans."""

    labelled: Counter[Kind] = field(default_factory=Counter)
    found: Counter[Kind] = field(default_factory=Counter)
    covered: Counter[Kind] = field(default_factory=Counter)
    """Labelled spans of which every word is inside found spans of the same kind."""
    right: Counter[Kind] = field(default_factory=Counter)
    """Found spans that are more than half inside labelled spans of the same kind."""
    exact: Counter[Kind] = field(default_factory=Counter)
    """Labelled spans found with the same start and end."""

    def recall(self, kinds: Iterable[Kind]) -> float:
        kinds = tuple(kinds)
        return sum(self.covered[kind] for kind in kinds) / max(1, sum(self.labelled[kind] for kind in kinds))

    def precision(self, kinds: Iterable[Kind]) -> float:
        kinds = tuple(kinds)
        return sum(self.right[kind] for kind in kinds) / max(1, sum(self.found[kind] for kind in kinds))


NUMBERS = tuple(kind for kind in Kind if kind not in BY_RULE)


def labelled_lines(part: str | None = None) -> list[dict[str, Any]]:
    """Return the lines of one part, or all."""
    lines = [json.loads(line) for line in LABELLED.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if part in {None, line["part"]}]


def labels(line: dict[str, Any]) -> list[Span]:
    """Return the labelled spans of a line."""
    return [Span(own["turn"], own["start"], own["end"], Kind(own["type"])) for own in line["spans"]]


def said(line: dict[str, Any]) -> list[Said]:
    """Return the turns of a line."""
    return [Said(turn["speaker"], turn["text"]) for turn in line["turns"]]


def measured(lines: Iterable[dict[str, Any]]) -> Figures:
    """Redact the lines and compare with their labels."""
    figures = Figures()
    for line in lines:
        texts, true, found = [turn["text"] for turn in line["turns"]], labels(line), redact(said(line)).spans
        figures.labelled.update(span.kind for span in true)
        figures.found.update(span.kind for span in found)
        figures.covered.update(span.kind for span in true if _share(span, found, texts) == 1)
        figures.right.update(span.kind for span in found if _share(span, true, texts) > 0.5)
        figures.exact.update(span.kind for span in true if span in found)
    return figures


def _share(span: Span, others: Sequence[Span], texts: Sequence[str]) -> float:
    """Return the share of a span's letters and digits that lie inside others of the same kind."""
    places = [place for place in range(span.start, span.end) if texts[span.turn][place].isalnum()]
    same = [other for other in others if other.turn == span.turn and other.kind is span.kind]
    inside = sum(any(other.start <= place < other.end for other in same) for place in places)
    return inside / max(1, len(places))


def missed(lines: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield what each line with a difference says, for who tunes the rules."""
    for line in lines:
        true, found = labels(line), redact(said(line)).spans
        if set(true) != set(found):
            texts = [turn["text"] for turn in line["turns"]]
            show = [
                f"{name} {span.turn}:{span.kind} {texts[span.turn][span.start : span.end]!r}"
                for name, own in (("-", set(true) - set(found)), ("+", set(found) - set(true)))
                for span in sorted(own)
            ]
            yield f"{line['id']} {line['note']}\n    " + "\n    ".join(show)


def main() -> None:
    """Print the figures of both parts, and what differs if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--differences", choices=PARTS, help="Print each line of a part whose spans differ.")
    wanted = parser.parse_args().differences
    rows = [("part", "kind", "labelled", "found", "recall", "precision", "same bounds")]
    for part in PARTS:
        figures = measured(labelled_lines(part))
        groups = {"all but address, person": NUMBERS} | {kind.value: (kind,) for kind in Kind}
        for name, kinds in groups.items():
            count, found = (sum(own[kind] for kind in kinds) for own in (figures.labelled, figures.found))
            share = sum(figures.exact[kind] for kind in kinds) / max(1, count)
            rates = (f"{figures.recall(kinds):.3f}", f"{figures.precision(kinds):.3f}", f"{share:.3f}")
            rows.append((part, name, str(count), str(found), *rates))
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, (8, 23, 8, 5, 6, 9, 11), strict=True)).rstrip())
    if wanted:
        print(*missed(labelled_lines(wanted)), sep="\n")


if __name__ == "__main__":
    main()
