"""Names, addresses and e-mails in every way of telling them: kinds by example, and properties of any mixture."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.transcribe.languages.tr import TURKISH
from agents.transcribe.redaction import Said

BLOCKS = (Path(__file__).parent / "kinds_of_telling.txt").read_text(encoding="utf-8").split("\n## ")[1:]
MARK = re.compile(r"\{(\w+):([^}]*)\}")
thorough = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split("\n")[0])
def test_what_is_marked_is_found_whole_and_nothing_else(block: str) -> None:
    lines = [line for line in block.split("\n")[1:] if line]
    turns = [Said(line[0], MARK.sub(r"\2", line[3:])) for line in lines]
    left = [turn.text for turn in TURKISH.redact(turns).turns]
    assert left == [re.sub(r"(\[\w+\])(?: \1)+", r"\1", MARK.sub(r"[\1]", line[3:])) for line in lines]


LETTERS = {
    "a": ["a", "adana", "ankara'nın a'sı"],
    "b": ["be", "b", "bursa", "bursa'nın b'si"],
    "c": ["ce", "c", "ceyhan"],
    "d": ["de", "d", "denizlinin desi"],
    "e": ["e", "edirne"],
    "f": ["fe", "f"],
    "k": ["ke", "ka", "k", "kayseri'nin k'si"],
    "l": ["le", "l", "lüleburgaz"],
    "m": ["me", "m", "manisa"],
    "n": ["ne", "n", "nevşehir"],
    "r": ["re", "r", "rize"],
    "t": ["te", "t", "trabzonun te si"],
    "z": ["ze", "z", "zonguldak"],
}
WORDS = ["ahmet", "yıldız", "demircan", "nakliyat", "zeynep", "öztürk", "gülbahar", "kervan"]
JOINERS = ["nokta", "alt tire", "tire", "alt çizgi"]
ATS = ["et", "et işareti", "kuyruklu a", "at"]
HOSTS = [
    "gmail nokta com",
    "hotmail nokta kom",
    "g mail nokta com",
    "yahoo nokta com nokta tr",
    "ozanlar nokta net",
    "outlook com",
]
FILLERS = ["ııı", "yani", "şey", "pardon"]
ASKS = ["mail adresinizi alabilir miyim", "e postanız neydi", "hangi maile gönderelim"]
SPELT = st.lists(st.sampled_from(sorted(LETTERS)), min_size=4, max_size=7).flatmap(
    lambda letters: st.tuples(*(st.sampled_from(LETTERS[letter]) for letter in letters)).map(" ".join)
)
NUMBERS = st.sampled_from(["yetmiş üç", "seksen beş", "bin dokuz yüz doksan", "1987", "kırk iki"])
PIECE: st.SearchStrategy[str] = st.one_of(st.sampled_from(WORDS), SPELT)


@st.composite
def emails(draw: st.DrawFn, fillers: Sequence[str] = ()) -> str:
    """Return an address as it may be dictated: words and letters, joined or not, digits, an at-sign, a host."""
    parts: list[str] = [draw(PIECE)]
    for piece in draw(st.lists(PIECE, max_size=2)):
        parts += [draw(st.sampled_from(JOINERS)), piece]
    if draw(st.integers(0, 1)):
        parts.append(draw(NUMBERS))
    parts += [draw(st.sampled_from(ATS)), draw(st.sampled_from(HOSTS))]
    for place in range(len(parts) - 1, 0, -1):
        filler = draw(st.sampled_from(["", *fillers]))
        parts[place:place] = [filler] if filler else []
    return " ".join(parts)


def answered(question: str, answer: str) -> str:
    """Return what is left of an answer."""
    return TURKISH.redact([Said("agent", question), Said("customer", answer)]).turns[1].text


@thorough
@given(st.sampled_from(ASKS), emails())
def test_an_email_that_was_asked_for_is_found_in_any_mixture(question: str, address: str) -> None:
    assert answered(question, address) == "[email]"


@thorough
@given(st.sampled_from(ASKS), emails(FILLERS))
def test_fillers_never_uncover_an_email(question: str, address: str) -> None:
    assert answered(question, address) == "[email]"


GIVEN = ["ahmet", "fatma", "burak", "şükran", "deniz", "güneş", "umut", "svetlana"]
SURNAMES = ["yılmaz", "demirkan", "kaya", "özgüner", "karataşoğlu", "aslan"]
INTRODUCED = [
    ("adım {0} {1}", False),
    ("ismim {0} {1} efendim", False),
    ("ben {0} {1}", False),
    ("benim adım {0} {1}", False),
    ("adım {0} soyadım {1}", False),
    ("{0} {1}", True),
    ("tabii {0} {1}", True),
    ("ııı {0} {1} yazın", True),
    ("eşim {0} {1} adına kayıtlı", False),
    ("fatura {0} {1} üzerine", False),
    ("sayın {0} {1}", False),
]


@thorough
@given(
    st.sampled_from(INTRODUCED),
    st.sampled_from(GIVEN),
    st.sampled_from(SURNAMES),
    st.lists(st.sampled_from(FILLERS), max_size=2),
    st.lists(st.sampled_from(FILLERS), max_size=2),
)
def test_a_name_is_found_by_every_introduction(
    way: tuple[str, bool], name: str, surname: str, inside: Sequence[str], after: Sequence[str]
) -> None:
    said, is_answer = way
    turns = [
        Said("agent", "adınızı alabilir miyim" if is_answer else "buyurun"),
        Said("customer", said.format(name, " ".join([*inside, surname, *after]))),
    ]
    left = TURKISH.redact(turns).turns[1].text.split()
    assert name not in left
    assert surname not in left


@thorough
@given(st.sampled_from(["soyadınızı kodlar mısınız", "isminizi harf harf söyler misiniz"]), SPELT)
def test_a_name_that_is_spelt_is_found(question: str, letters: str) -> None:
    assert answered(question, letters) == "[person]"


STREETS = [
    "gül mahallesi",
    "atatürk caddesi",
    "on ikinci sokak",
    "yeşil vadi sitesi",
    "çakmak sokak",
    "huzur apartmanı",
]
DOORS = ["numara beş", "no 12", "kat üç", "daire yedi", "b blok", "on iki bölü dört", "zemin kat", "dördüncü kat"]
SIDES = ["eczanenin karşısı", "fırının üstü", "caminin yanı", "çorum merkez", "kadıköy istanbul"]


@thorough
@given(
    st.lists(st.sampled_from(STREETS), min_size=1, max_size=2, unique=True),
    st.lists(st.sampled_from(DOORS), min_size=1, max_size=3, unique=True),
    st.lists(st.sampled_from(SIDES), max_size=1),
    st.sampled_from(["", *FILLERS]),
)
def test_an_address_that_was_asked_for_is_found_whole(
    streets: Sequence[str], doors: Sequence[str], sides: Sequence[str], filler: str
) -> None:
    told = " ".join(filter(None, [*streets, filler, *doors, *sides]))
    assert answered("adresinizi alabilir miyim", told) == "[address]"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("kaçıncı kat", "üç"),
        ("kapı numarası", "on iki"),
        ("daire", "daire altı"),
        ("kaçıncı katta", "zemin"),
        ("blok", "b blok"),
    ],
)
def test_a_part_that_is_asked_for_goes_alone(question: str, answer: str) -> None:
    assert answered(question, answer) == "[address]"


@thorough
@given(
    st.lists(
        st.one_of(
            emails(FILLERS),
            st.sampled_from([*STREETS, *DOORS, *SIDES, *ASKS, *GIVEN, "adım", "soyadınız", "bey", "değil"]),
        ),
        max_size=5,
    )
)
def test_redacting_twice_changes_nothing(texts: Sequence[str]) -> None:
    once = TURKISH.redact([Said("AC"[place % 2], text) for place, text in enumerate(texts)]).turns
    assert TURKISH.redact(once).turns == once
