"""How much of what is personal the redaction finds, and how much of what it finds is, by span.

Run ``python -m tests.agents.transcribe.redaction.measure``, with ``--noise 0.1`` on misheard words, with ``--language$
en`` on those in English. All persons and numbers are invented. ``labelled.jsonl`` is by the rules' author, each
``*_writer.jsonl`` by a writer who saw no rule.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from agents.transcribe.languages import LANGUAGES, Language
from agents.transcribe.languages.tr import TURKISH
from agents.transcribe.redaction import Kind, Said, Span
from tests.agents.transcribe.redaction.mishearing import misheard

FOLDER = Path(__file__).parent
"""Of the Turkish conversations; those in another language are in a folder of its code."""
WIDTHS = (9, 23, 8, 5, 6, 9, 6, 11)
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
    hidden: Counter[Kind] = field(default_factory=Counter)
    """Labelled spans of which every word is inside found spans of any kind: nothing of them leaks."""

    def recall(self, kinds: Iterable[Kind]) -> float:
        kinds = tuple(kinds)
        return sum(self.covered[kind] for kind in kinds) / max(1, sum(self.labelled[kind] for kind in kinds))

    def precision(self, kinds: Iterable[Kind]) -> float:
        kinds = tuple(kinds)
        return sum(self.right[kind] for kind in kinds) / max(1, sum(self.found[kind] for kind in kinds))


NUMBERS = tuple(kind for kind in Kind if kind not in BY_RULE)


@cache
def _all_lines(language: str = TURKISH.code) -> list[dict[str, Any]]:
    files = sorted((FOLDER if language == TURKISH.code else FOLDER / language).glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def parts(language: str) -> tuple[str, ...]:
    """Return the parts that the conversations in a language are in."""
    return tuple(dict.fromkeys(line["part"] for line in _all_lines(language)))


UNSEEN = "fifth"
"""Nobody has learnt from its lines: it measures, and is not held to what the others reach."""
PARTS = parts(TURKISH.code)


def labelled_lines(part: str | None = None, language: str = TURKISH.code) -> list[dict[str, Any]]:
    """Return the lines of one part, or all."""
    return [line for line in _all_lines(language) if part in {None, line["part"]}]


def labels(line: dict[str, Any]) -> list[Span]:
    """Return the labelled spans of a line."""
    return [Span(own["turn"], own["start"], own["end"], Kind(own["type"])) for own in line["spans"]]


def said(line: dict[str, Any]) -> list[Said]:
    """Return the turns of a line."""
    return [Said(turn["speaker"], turn["text"]) for turn in line["turns"]]


def measured(lines: Iterable[dict[str, Any]], language: Language = TURKISH) -> Figures:
    """Redact the lines and compare with their labels."""
    figures = Figures()
    for line in lines:
        texts, true, found = [turn["text"] for turn in line["turns"]], labels(line), language.redact(said(line)).spans
        same = {kind: [span for span in found if span.kind is kind] for kind in Kind}
        unheard = line.get("unheard", frozenset())
        figures.labelled.update(span.kind for span in true)
        figures.found.update(span.kind for span in found)
        figures.covered.update(span.kind for span in true if _share(span, same[span.kind], texts, unheard) == 1)
        figures.hidden.update(span.kind for span in true if _share(span, found, texts, unheard) == 1)
        figures.right.update(
            span.kind for span in found if _share(span, [o for o in true if o.kind is span.kind], texts) > 0.5
        )
        figures.exact.update(span.kind for span in true if span in found)
    return figures


def _share(
    span: Span, others: Sequence[Span], texts: Sequence[str], unheard: Set[tuple[int, int]] = frozenset()
) -> float:
    """Return the share of a span's letters and digits that lie inside others, without those that nobody said."""
    places = [
        place
        for place in range(span.start, span.end)
        if texts[span.turn][place].isalnum() and (span.turn, place) not in unheard
    ]
    own = [other for other in others if other.turn == span.turn]
    inside = sum(any(other.start <= place < other.end for other in own) for place in places)
    return inside / max(1, len(places))


def missed(lines: Iterable[dict[str, Any]], language: Language = TURKISH) -> Iterator[str]:
    """Yield what each line with a difference says, for who tunes the rules."""
    for line in lines:
        true, found = labels(line), language.redact(said(line)).spans
        if set(true) != set(found):
            texts = [turn["text"] for turn in line["turns"]]
            show = [
                f"{name} {span.turn}:{span.kind} {texts[span.turn][span.start : span.end]!r}"
                for name, own in (("-", set(true) - set(found)), ("+", set(found) - set(true)))
                for span in sorted(own)
            ]
            yield f"{line['id']} {line['note']}\n    " + "\n    ".join(show)


def main() -> None:
    """Print the figures of each part, and what differs if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--differences", help="Print each line of a part whose spans differ.")
    parser.add_argument("--language", choices=LANGUAGES, default="tr")
    parser.add_argument("--noise", type=float, default=0.0, help="Share of words to mishear.")
    wanted = parser.parse_args()
    language = LANGUAGES[wanted.language]
    rows: list[tuple[str, ...]] = [
        ("part", "kind", "labelled", "found", "recall", "precision", "hidden", "same bounds")
    ]
    for part in parts(language.code):
        lines = labelled_lines(part, language.code)
        figures = measured(misheard(lines, wanted.noise) if wanted.noise else lines, language)
        groups = {"all but address, person": NUMBERS} | {kind.value: (kind,) for kind in Kind}
        for name, kinds in groups.items():
            count, found = (sum(own[kind] for kind in kinds) for own in (figures.labelled, figures.found))
            shares = (sum(own[kind] for kind in kinds) / max(1, count) for own in (figures.hidden, figures.exact))
            rates = (figures.recall(kinds), figures.precision(kinds), *shares)
            rows.append((part, name, str(count), str(found), *(f"{rate:.3f}" for rate in rates)))
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, WIDTHS, strict=True)).rstrip())
    if wanted.differences:
        print(*missed(labelled_lines(wanted.differences, language.code), language), sep="\n")


if __name__ == "__main__":
    main()
