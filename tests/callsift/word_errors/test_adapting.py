"""``callsift model adapt``: from what a sheet shows to corrections, and what they are worth on other recordings."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from agents.transcribe.corrections import Corrections
from agents.transcribe.languages.tr import TURKISH
from callsift.word_errors.adapting import adapted, proposed
from callsift.word_errors.sheet import DrawnTurn, written
from tests.agents.demo_calls import SPEECH_MODEL
from tests.callsift import terminal
from tests.callsift.word_errors.test_word_errors import turn

SHEET = [
    turn("Arçelik kombim bozuldu", "ar çelik kombim bozuldu", "a.wav"),
    turn("vaillant kombi", "vaylant kombi", "a.wav"),
    turn("arçelik servisi mi", "ar çelik servisi mi", "b.wav"),
    turn("usta gelsin", "usta gelsin", "b.wav"),
    turn("benim arçelik", "benim ar çelik", "c.wav"),
    turn("kapı yedi", "kap yedi", "c.wav"),
    turn("kap lazım", "kap lazım", "c.wav"),
]


def found(turns: list[DrawnTurn], *words: str, least: int = 2) -> dict[str, tuple[str, int]]:
    proposals = proposed(turns, "tr", words, least)
    return {" ".join(one.heard): (" ".join(one.meant), one.times) for one in proposals}


def test_what_is_always_heard_as_the_same_other_words_is_proposed() -> None:
    assert found(SHEET) == {"ar çelik": ("arçelik", 3)}


def test_a_word_of_the_users_own_is_learnt_from_the_first_mistake() -> None:
    assert found(SHEET, "Vaillant") == {"ar çelik": ("arçelik", 3), "vaylant": ("vaillant", 1)}


def test_what_is_sometimes_heard_rightly_or_meant_otherwise_is_left_alone() -> None:
    assert "kap" not in found(SHEET, least=1), "kap is also what somebody said"
    assert found([turn("mor", "mar"), turn("mer", "mar")], least=1) == {}


def test_a_neighbour_that_is_wrong_as_well_speaks_neither_for_nor_against() -> None:
    clear, blurred = (
        turn("vaillant geldi", "var il olan geldi"),
        turn("vaillant kombi su", "var il olan kombim sulu mu"),
    )
    assert found([clear, clear, blurred]) == {"var il olan": ("vaillant", 2)}


@pytest.mark.parametrize(
    ("said", "heard"), [("on yedi", "on yirmi"), ("yirmi", "yedi"), ("yedi", "yeni"), ("5", "beş")]
)
def test_numbers_are_left_alone(said: str, heard: str) -> None:
    assert found([turn(said, heard)] * 3) == {}


def test_a_sentence_that_went_wrong_as_a_whole_teaches_nothing() -> None:
    assert found([turn("a b c d e", "x y")] * 3) == {}
    assert found([turn("a b", "")] * 3) == {}


def test_corrections_are_measured_on_recordings_that_did_not_teach_them() -> None:
    worth = adapted(SHEET, "tr", (), 2)
    # arçelik is seen thrice, so that each time two others teach it; what vaylant is, no other recording says
    assert worth.before.rate == pytest.approx((3 * 2 + 2) / worth.before.words)
    assert worth.after.rate == pytest.approx(2 / worth.after.words)
    twice = adapted(SHEET[:4], "tr", (), 2)
    assert twice.proposals, "both recordings together teach it"
    assert twice.after.rate == twice.before.rate, "neither teaches it alone"


def run(*arguments: object, code: int = 0) -> Any:
    own = {name: value for name, value in os.environ.items() if not name.startswith("CALLSIFT_")}
    variables = own | {"CALLSIFT_VOSK_MODEL": str(SPEECH_MODEL)}
    ended = terminal.run(variables, "model", "adapt", *map(str, arguments))
    assert ended.returncode == code, ended.stderr
    return ended


def test_what_is_written_is_what_the_transcribe_stage_reads(tmp_path: Path) -> None:
    sheet, words, to = tmp_path / "sheet.txt", tmp_path / "words.txt", tmp_path / "corrections.tsv"
    sheet.write_text(written(SHEET), encoding="utf-8")
    words.write_text("# brands\nVaillant\nkombi\n", encoding="utf-8")
    told = json.loads(run(sheet, "--words", words, "--output", to, "--json").stdout)
    assert told["unknown"] == ["vaillant"]
    assert told["after"]["rate"] < told["before"]["rate"]
    assert Corrections.read(to, TURKISH).meant == {("ar", "çelik"): ("arçelik",), ("vaylant",): ("vaillant",)}
    assert [one["times"] for one in told["corrections"]] == [3, 1]
    assert "is there already" in run(sheet, "--output", to, code=2).stderr
    plain = run(sheet, "--words", words)
    assert "ar çelik\tarçelik\t3" in plain.stdout.splitlines()
    assert "words of yours that the model never writes: vaillant" in plain.stderr


def test_a_sheet_that_cannot_teach_says_why(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.txt"
    sheet.write_text(written(SHEET[:2]), encoding="utf-8")
    assert "all turns are of one recording" in run(sheet, code=1).stderr
    sheet.write_text(written([turn("", "kombi")]), encoding="utf-8")
    assert "nothing is written" in run(sheet, code=1).stderr
