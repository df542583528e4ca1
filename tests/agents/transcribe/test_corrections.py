"""Corrections: whole words, phrases, what is recorded, and which files are refused."""

from pathlib import Path

import pytest

from agents.transcribe.corrections import Corrections
from agents.transcribe.languages.tr import TURKISH
from schemas import Word
from streams.errors import SettingsError

LINES = ("# heard\tmeant", "ar çelik\tarçelik", "vaylant\tvaillant", "", "bey lik düzü\tbeylikdüzü", "bey\tbay")
LIST = "".join(f"{line}\n" for line in (*LINES, "odun pazar\todun pazarı"))


def words(text: str) -> list[Word]:
    return [
        Word(text=word, start_s=place, end_s=place + 0.5, confidence=0.5 + 0.25 * (place % 3))
        for place, word in enumerate(text.split())
    ]


@pytest.fixture
def corrections(tmp_path: Path) -> Corrections:
    path = tmp_path / "corrections.tsv"
    path.write_text(LIST, encoding="utf-8")
    return Corrections.read(path, TURKISH)


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("bizim ar çelik bozuldu", "bizim arçelik bozuldu"),
        ("vaylant kombi", "vaillant kombi"),
        ("ar çelik vaylant", "arçelik vaillant"),
        ("bey lik düzü", "beylikdüzü"),
        ("bey lik", "bay lik"),
        ("ar çelikten", "ar çelikten"),
        ("vaylantım", "vaylantım"),
        ("ar", "ar"),
        ("", ""),
    ],
)
def test_whole_words_and_the_longest_phrase_are_corrected(corrections: Corrections, heard: str, meant: str) -> None:
    assert " ".join(word.text for word in corrections.applied(words(heard))) == meant


def test_a_merged_word_takes_the_times_and_the_mean_confidence_of_what_was_heard(corrections: Corrections) -> None:
    _, merged, last = corrections.applied(words("bizim ar çelik bozuldu"))
    assert merged == Word(text="arçelik", start_s=1, end_s=2.5, confidence=0.875, heard="ar çelik")
    assert last == words("bizim ar çelik bozuldu")[3]


def test_a_phrase_of_as_many_words_keeps_each_words_times(corrections: Corrections) -> None:
    first, second = corrections.applied(words("odun pazar"))
    assert first == words("odun")[0]
    assert (second.text, second.heard, second.start_s, second.end_s) == ("pazarı", "pazar", 1, 1.5)


def test_one_word_that_means_two_shares_its_time() -> None:
    two = Corrections({("gaziosman",): ("gazi", "osman")}).applied(words("gaziosman"))
    assert [(word.text, word.start_s, word.end_s, word.heard) for word in two] == [
        ("gazi", 0, 0.25, "gaziosman"),
        ("osman", 0.25, 0.5, "gaziosman"),
    ]


def test_an_empty_list_changes_nothing() -> None:
    assert Corrections({}).applied(words("ar çelik")) == tuple(words("ar çelik"))


def test_the_file_may_have_capitals_windows_line_ends_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "corrections.tsv"
    path.write_bytes("\ufeffAR ÇELİK\tARÇELİK\r\nISITICILAR\tısıtıcı\r\n".encode())
    assert dict(Corrections.read(path, TURKISH).meant) == {("ar", "çelik"): ("arçelik",), ("ısıtıcılar",): ("ısıtıcı",)}


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("vaylant", "expected two columns"),
        ("vaylant\t", "expected two columns"),
        ("\tvaillant", "expected two columns"),
        ("vaylant\tvaillant\tbrand", "expected two columns"),
        ("bey\tbeyaz", "an earlier line corrects the same words otherwise"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, what: str) -> None:
    path = tmp_path / "corrections.tsv"
    path.write_text(f"{LIST}{line}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=f"line 8: {what}"):
        Corrections.read(path, TURKISH)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_an_unreadable_file_stops_the_start(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "corrections.tsv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match="cannot read the corrections"):
        Corrections.read(path, TURKISH)
