"""Spelt letters: names of letters, towns, foreign and doubled letters, and what only sounds like them."""

import pytest

from agents.transcribe.languages.tr.redaction.spelling import letter_runs
from agents.transcribe.languages.tr.redaction.tokens import tokens
from agents.transcribe.redaction.spans import Said


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("me e te i ne", "metin"),
        ("ka a re a ce a", "karaca"),
        ("ankara'nın a'sı bursa'nın b'si", "ab"),
        ("ankaranın ası bursanın besi ceyhan d denizli", "abcd"),
        ("kayserinin kası kemalin kesi izmirin i si", "kki"),
        ("a adana ce ceyhan ı ığdır", "acı"),
        ("adana'daki a zonguldaktaki ze", "az"),
        ("dablyu iks kü", "wxq"),
        ("çift ve ye çift le iki tane se", "wyllss"),
        ("yumuşak ge noktalı i büyük a", "ğia"),
        ("h harfi a harfi n", "han"),
        ("w x y z", "wxyz"),
    ],
)
def test_letters_are_read_from_every_way_of_spelling(said: str, text: str) -> None:
    [run] = letter_runs(tokens([Said("customer", said)])[0])
    assert (run.text, run.certain) == (text, True)
    assert said.split(maxsplit=1)[0].startswith(tokens([Said("customer", said)])[0][run.first].text)


@pytest.mark.parametrize(
    "said", ["ben de ne dedim ki", "o da ne", "istanbul'un havası", "bursanın merkezinde", "e peki o ne"]
)
def test_everyday_words_are_no_certain_letters(said: str) -> None:
    assert not any(run.certain for run in letter_runs(tokens([Said("customer", said)])[0]))
