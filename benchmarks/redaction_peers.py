"""How other redaction packages do on the labelled conversations: the share of the personal spans that they hide whole.

None is a dependency. In an environment of its own:

    uv venv peers && uv pip install --python peers/bin/python presidio-analyzer kvkk kvkk-pii telveguard-core
    peers/bin/python benchmarks/redaction_peers.py presidio kvkk kvkk_pii telveguard

and here ``python -m benchmarks.redaction_peers callsift``. The others work on one text: each gets every turn alone,
and all turns joined by line ends, and what it finds in either counts. Names and addresses are left out.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path

Place = tuple[int, int]
"""A turn, and the position of a character in it."""
Turns = Sequence[Mapping[str, str]]
Stretches = Callable[[str], Iterable[tuple[int, int]]]
"""Gives the start and the end of all that is personal in a text."""
Finder = Callable[[Turns], set[Place]]
"""Gives every character of a conversation that is personal."""

FOLDER = Path(__file__).parents[1] / "tests" / "agents" / "transcribe" / "redaction"
KINDS = ("phone", "national_id", "iban", "card", "email", "plate")


def callsift() -> Finder:
    """This project's redaction."""
    room = import_module("agents.transcribe.redaction")
    redact = import_module("agents.transcribe.languages.tr").TURKISH.redact

    def find(turns: Turns) -> set[Place]:
        spans = redact([room.Said(turn["speaker"], turn["text"]) for turn in turns]).spans
        return {(span.turn, at) for span in spans for at in range(span.start, span.end)}

    return find


def presidio() -> Finder:
    """Microsoft Presidio's recognisers by pattern, those for Turkey among them; no model of a language."""
    generic = import_module("presidio_analyzer.predefined_recognizers")
    turkey = import_module("presidio_analyzer.predefined_recognizers.country_specific.turkey")
    every = [
        generic.CreditCardRecognizer(supported_language="tr"),
        generic.EmailRecognizer(supported_language="tr"),
        generic.IbanRecognizer(supported_language="tr"),
        generic.PhoneRecognizer(supported_language="tr", supported_regions=["TR"]),
        turkey.TrLicensePlateRecognizer(),
        turkey.TrNationalIdRecognizer(),
    ]

    def find(text: str) -> Iterator[tuple[int, int]]:
        for one in every:
            yield from (
                (own.start, own.end) for own in one.analyze(text, one.supported_entities, None) if own.score > 0
            )

    return _anywhere(find)


def kvkk() -> Finder:
    """The package kvkk."""
    package = import_module("kvkk")
    return _anywhere(lambda text: [(own.start, own.end) for own in package.detect(text)])


def kvkk_pii() -> Finder:
    """The package kvkk-pii, by its rules."""
    detector = import_module("kvkk_pii").PiiDetector()
    return _anywhere(lambda text: [(own.start, own.end) for own in detector.analyze(text).entities])


def telveguard() -> Finder:
    """The package telveguard-core."""
    engine = import_module("telveguard_core").TrPiiEngine()
    return _anywhere(lambda text: [(own.start, own.end) for own in engine.analyze(text)])


def _anywhere(find: Stretches) -> Finder:
    """Return what finds in each turn, and in all of them together."""

    def places(turns: Turns) -> set[Place]:
        texts = [turn["text"] for turn in turns]
        every = [(turn, at) for turn, text in enumerate(texts) for at in range(len(text) + 1)]  # the line ends, too
        found = {(turn, at) for turn, text in enumerate(texts) for start, end in find(text) for at in range(start, end)}
        return found.union(*(every[start:end] for start, end in find("\n".join(texts))))

    return places


def shares(find: Finder) -> Iterator[tuple[str, str, int, float]]:
    """Yield for each set what is said in words and in digits: how many spans, and the share that is hidden whole."""
    labelled: Counter[tuple[str, str]] = Counter()
    hidden: Counter[tuple[str, str]] = Counter()
    for file in sorted(FOLDER.glob("*.jsonl")):
        for line in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
            found = find(line["turns"])
            for span in (span for span in line["spans"] if span["type"] in KINDS):
                said = line["turns"][span["turn"]]["text"][span["start"] : span["end"]]
                own = line["part"], "digits" if any(map(str.isdigit, said)) else "words"
                labelled[own] += 1
                places = {(span["turn"], span["start"] + at) for at, letter in enumerate(said) if letter.isalnum()}
                hidden[own] += places <= found
    for part, way in labelled:
        yield part, way, labelled[part, way], hidden[part, way] / labelled[part, way]


def main() -> None:
    """Measure and print."""
    finders: dict[str, Callable[[], Finder]] = {
        own.__name__: own for own in (callsift, presidio, kvkk, kvkk_pii, telveguard)
    }
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="+", choices=finders)
    for name in parser.parse_args().packages:
        for part, way, count, share in shares(finders[name]()):
            sys.stdout.write(f"{name:12} {part:10} {way:8} {count:4} {share:.3f}\n")


if __name__ == "__main__":
    main()
