"""What wrong words cost: the picture of it, and the dialogues that it was measured on."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import jiwer
import pytest

from agents.classify.labelled import LabelledDialogue, read_labelled_dialogues
from agents.classify.offline.train import evaluation_dialogues
from benchmarks.offline import DRAWN, RATES, picture, write

DOCS = Path(__file__).parents[4] / "docs"
PANELS = ("speakers apart", "undivided")


def points(svg: str) -> dict[str, tuple[float, str]]:
    """What each point of a picture says of itself: how high it is, and its figure."""
    found = {}
    drawn = ET.fromstring(svg)  # noqa: S314 - our own
    for circle in drawn.iter("{http://www.w3.org/2000/svg}circle"):
        name, _, figure = (circle[0].text or "").rpartition(": ")
        found[name] = (-float(circle.attrib["cy"]), figure)
    return found


def text_of(dialogue: LabelledDialogue) -> str:
    return " ".join(turn.text for turn in dialogue.turns)


def test_the_picture_shows_the_figures_of_the_table() -> None:
    rows = re.findall(r"^\| (\d+) % \| (.+ %) \|$", (DOCS / "accuracy.md").read_text(encoding="utf-8"), re.MULTILINE)
    told = {
        f"{panel}, {rate}% of words wrong, {line}": figure.replace(" ", "")
        for rate, cells in rows
        for (panel, line), figure in zip(
            ((panel, line) for panel in PANELS for line in DRAWN), cells.split(" | "), strict=True
        )
    }
    drawn = points((DOCS / "images" / "words-wrong.svg").read_text(encoding="utf-8"))
    assert {name: figure for name, (_, figure) in drawn.items()} == told
    assert len(told) == len(PANELS) * len(RATES) * len(DRAWN)


def test_what_is_right_more_often_is_drawn_higher() -> None:
    shares = {rate: dict(zip(DRAWN, (0.99 - rate / 2, 0.97 - rate, 1 - rate / 4), strict=True)) for rate in RATES}
    drawn = points(picture(dict.fromkeys(PANELS, shares)))
    by_figure = sorted((float(figure.rstrip("%")), height) for height, figure in drawn.values())
    heights = [height for _, height in by_figure]
    assert heights == sorted(heights)
    assert len(set(heights)) > 2 * len(RATES)


def test_the_dialogues_that_were_measured_are_written_with_their_share_of_wrong_words(tmp_path: Path) -> None:
    write(tmp_path)
    said = [(dialogue.id, text_of(dialogue)) for dialogue in evaluation_dialogues()]
    for rate in RATES:
        heard = read_labelled_dialogues([tmp_path / f"words-wrong-{100 * rate:.0f}.jsonl"])
        assert [dialogue.id for dialogue in heard] == [name for name, _ in said]
        found = jiwer.wer([text for _, text in said], [text_of(dialogue) for dialogue in heard])
        assert found == pytest.approx(rate, abs=0.02)
