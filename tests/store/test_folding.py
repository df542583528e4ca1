"""Words as they are looked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.folding import fold, folded_words


@pytest.mark.parametrize(
    "written",
    ["İSTANBUL", "ISTANBUL", "istanbul", "ıstanbul", "İstanbul", "i̇stanbul"],
    ids=["dotted capital", "capital", "small", "dotless", "mixed", "as Python lowers it"],
)
def test_all_four_letters_i_are_one(written: str) -> None:
    assert fold(written) == "istanbul"


@pytest.mark.parametrize(
    ("written", "plain"),
    [("ÇAMAŞIR", "camasir"), ("Buzdolabı", "buzdolabi"), ("ĞÜŞÖÇ", "gusoc"), ("hâlâ", "hala"), ("STRAẞE", "strasse")],
)
def test_case_and_marks_make_no_difference(written: str, plain: str) -> None:
    assert fold(written) == plain


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_upper_and_lower_case_are_found_by_each_other(text: str) -> None:
    turkish = text.replace("i", "İ").replace("ı", "I")
    assert fold(turkish.upper()) == fold(text.upper())


@given(st.lists(st.text()))
def test_words_are_distinct_sorted_short_and_whole(texts: list[str]) -> None:
    words = folded_words(texts)
    assert words == sorted(set(words))
    assert all(1 <= len(word) <= 64 and word.isalnum() for word in words)


def test_punctuation_parts_words() -> None:
    assert folded_words(["Bosch'un kliması, 532'ye!", "BOSCH_klima"]) == [
        "532",
        "bosch",
        "klima",
        "klimasi",
        "un",
        "ye",
    ]
