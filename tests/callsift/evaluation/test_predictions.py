"""The file of answers: what is known stays known, also after a death in the middle of a line."""

from pathlib import Path

import pytest

from callsift.evaluation.predictions import Prediction, Predictions
from streams.errors import CallsiftError


def answer(key: str, confidence: float = 0.5) -> Prediction:
    return Prediction(
        key=key,
        id=f"call-{key}",
        category="empty_call",
        sub_category=None,
        confidence=confidence,
        by_rule=False,
        justification="çünkü",
        seconds=0.1,
    )


def keep(path: Path, *answers: Prediction) -> None:
    with Predictions(path) as kept:
        for own in answers:
            kept.add(own)


def test_an_answer_is_on_disk_before_the_file_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "p"
    with Predictions(path) as kept:
        kept.add(answer("a"))
        with Predictions(path) as other:
            assert other.get("a") == answer("a")


def test_the_newest_answer_to_a_question_counts(tmp_path: Path) -> None:
    keep(tmp_path / "p", answer("a", 0.1), answer("b"), answer("a", 0.9))
    with Predictions(tmp_path / "p") as kept:
        assert kept.get("a") == answer("a", 0.9)
        assert kept.get("c") is None


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_line_that_was_cut_off_is_forgotten_and_what_follows_is_whole(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "p"
    keep(path, answer("a"), answer("b"))
    path.write_bytes(path.read_bytes()[:-cut])  # within the last line, at times within a letter
    keep(path, answer("c"))
    with Predictions(path) as kept:
        assert (kept.get("a"), kept.get("b"), kept.get("c")) == (answer("a"), None, answer("c"))


def test_a_file_that_holds_something_else_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "p"
    path.write_text("my notes\n")
    with pytest.raises(CallsiftError, match="line 1 is no prediction"):
        Predictions(path)
    assert path.read_text() == "my notes\n"


def test_a_missing_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(CallsiftError, match="--predictions"):
        Predictions(tmp_path / "missing" / "p")
