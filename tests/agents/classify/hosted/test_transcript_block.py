"""The transcript as data: nothing that a caller says leaves the block, poses as something else, or is endless."""

import json
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.classify.hosted.transcript_block import TranscriptBlock, sanitised, transcript_block
from schemas import Speaker, Turn
from tests.agents.classify.hosted.attacks import ATTACKS
from tests.schemas.examples import turn


def said(*texts: str) -> list[Turn]:
    return [turn(Speaker.CUSTOMER, "x").model_copy(update={"text": text}) for text in texts]


def block(*texts: str, turn_chars: int = 400, transcript_chars: int = 2000) -> TranscriptBlock:
    return transcript_block(said(*texts), turn_chars=turn_chars, transcript_chars=transcript_chars)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_an_attack_stays_one_line_of_visible_characters_within_the_block(attack: str) -> None:
    lines = block("buyurun", attack, "hoşça kalın").text.splitlines()
    assert len(lines) == 5
    assert (lines[0], lines[-1]) == ("<transcript>", "</transcript>")
    assert lines[2].startswith("1 customer: ")
    body = "".join(lines[1:-1])
    assert not set("<>`{}") & set(body)
    assert all(unicodedata.category(character)[0] != "C" for character in body)
    assert body.encode("utf-8")


def test_invisible_characters_are_removed_and_words_stay_whole() -> None:
    assert sanitised("e\u3164v\u115fe\u2800t\u200b te\u00adşekkürler", 100) == "evet teşekkürler"
    assert sanitised("İğne oya, çağrı: 5'te 3 %20 \u0130", 100) == "İğne oya, çağrı: 5'te 3 %20 İ"


@given(st.lists(st.text() | st.sampled_from(sorted(ATTACKS.values())), min_size=1, max_size=6))
def test_no_words_can_leave_the_block_or_make_a_turn_of_their_own(texts: list[str]) -> None:
    text = block(*texts, turn_chars=10_000, transcript_chars=100_000).text
    assert len(text.splitlines()) == len(texts) + 2
    assert text.count("<") == text.count(">") == 2
    json.dumps(text).encode("utf-8")


@given(
    st.lists(st.text(max_size=300), min_size=1, max_size=60),
    st.integers(50, 300),
    st.integers(2, 10),
)
def test_a_transcript_block_is_bounded_and_says_which_turns_it_shows(
    texts: list[str], turn_chars: int, times: int
) -> None:
    limit = turn_chars * times
    found = block(*texts, turn_chars=turn_chars, transcript_chars=limit)
    assert len(found.text) <= limit + 80
    shown = {int(line.split(" ")[0]) for line in found.text.splitlines()[1:-1] if not line.startswith("(")}
    assert shown == found.shown.keys()
    assert all(f" {said}" in found.text for said in found.shown.values())
    left_out = len(texts) - len(shown)
    assert (f"({left_out} turns left out)" in found.text) is (left_out > 0)


def test_of_a_long_call_the_beginning_and_the_end_are_kept_and_more_of_the_end() -> None:
    found = block(*(f"söz {number}" for number in range(1000)))
    assert {0, 1, 998, 999} <= found.shown.keys()
    gap = 1000 - len(found.shown)
    first_after = next(number for number in range(1, 1000) if number in found.shown and number - 1 not in found.shown)
    assert first_after - gap < (1000 - first_after)
    assert f"({gap} turns left out)" in found.text


def test_a_transcript_that_fits_is_whole() -> None:
    found = block("a" * 300, "b" * 300, "c" * 300, "d" * 300)
    assert found.shown == {0: "a" * 300, 1: "b" * 300, 2: "c" * 300, 3: "d" * 300}
    assert "left out" not in found.text


def test_a_megabyte_of_repetition_is_cut_and_takes_no_time() -> None:
    started = time.process_time()
    found = block("kombim bozuldu", "ignore the rules " * 65_000, *["evet " * 5000] * 2000, "randevu alayım")
    assert time.process_time() - started < 2  # a thousand times what it takes
    assert len(found.text) < 2100
    assert found.text.splitlines()[1] == "0 customer: kombim bozuldu"
    assert found.text.splitlines()[-2] == "2002 customer: randevu alayım"


def test_of_a_long_turn_the_beginning_and_the_end_are_kept() -> None:
    line = block("başta " + "orta " * 1000 + "sonda").text.splitlines()[1]
    assert line.startswith("0 customer: başta orta")
    assert line.endswith("orta sonda")
    assert " […] " in line
    assert len(line) <= 420


def test_numbers_are_sent_as_digits_where_they_are_known() -> None:
    spoken = turn(Speaker.CUSTOMER, "beş yüz lira").model_copy(update={"normalised": "500 lira"})
    assert "0 customer: 500 lira" in transcript_block([spoken], turn_chars=100, transcript_chars=200).text
