"""Each way of dictating in ``kinds_of_dictation.txt`` is found word by word, and nothing else is."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agents.transcribe.redaction.measure import Figures, measured

FILE = Path(__file__).with_name("kinds_of_dictation.txt")
_MARK = re.compile(r"\{(\w+):([^{}]+)\}")
_SPEAKERS = {"A": "agent", "C": "customer"}


def calls() -> Iterator[dict[str, Any]]:
    """Yield the calls of the file, as lines of the labelled sets."""
    for block in FILE.read_text(encoding="utf-8").split("\n## ")[1:]:
        name, *lines = block.strip().split("\n")
        turns, spans = [], []
        for place, line in enumerate(lines):
            text, marked = "", line[3:]
            for before, kind, said in zip(*[iter(_MARK.split(marked))] * 3, strict=False):
                text += before
                spans.append({"turn": place, "start": len(text), "end": len(text) + len(said), "type": kind})
                text += said
            text += _MARK.split(marked)[-1]
            turns.append({"speaker": _SPEAKERS[line[0]], "text": text})
        yield {"id": name, "turns": turns, "spans": spans, "note": name}


@pytest.mark.parametrize("call", list(calls()), ids=lambda call: call["id"])
def test_a_way_of_dictating_is_found(call: dict[str, Any]) -> None:
    figures: Figures = measured([call])
    assert figures.covered == figures.labelled
    assert figures.right == figures.found
