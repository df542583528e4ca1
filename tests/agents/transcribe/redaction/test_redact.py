"""Redaction by example: what goes, what stays, and what holds for every text."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.transcribe.languages.tr import TURKISH
from agents.transcribe.redaction import Kind, Said


def redacted(*texts: str) -> list[str]:
    """Redact a conversation; each text begins with its speaker, ``A:`` or ``C:``."""
    turns = [Said(text[0], text[2:].strip()) for text in texts]
    return [turn.text for turn in TURKISH.redact(turns).turns]


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("numaram sıfır beş yüz otuz iki yüz yirmi üç kırk beş altmış yedi", "numaram [phone]"),
        ("beş yüz otuz iki yüz yirmi üç kırk beş altmış yediden arıyorum", "[phone] arıyorum"),
        ("numaram beş yüz otuz iki yüz yirmi üç yok yirmi dört kırk beş on iki olacak", "numaram [phone] olacak"),
        ("telefonum beş buçuk yüz otuz iki yüz yirmi üç kırk beş altmış yedi", "telefonum beş buçuk [phone]"),
        ("Telefonum +90 (532) 123 45 67, arayın.", "Telefonum [phone], arayın."),
        ("0532 123 45 67'den yazın", "[phone]'den yazın"),
        ("numaram 0532 123 45 67 saat 18.00'den sonra", "numaram [phone] saat 18.00'den sonra"),
        ("Dükkân: 0212 456 78 90", "Dükkân: [phone]"),
        ("almanya numaram +49 151 23456789", "almanya numaram [phone]"),
        ("TC: 10000000146", "TC: [national_id]"),
        ("tc kimlik numaram yüz sıfır sıfır sıfır sıfır sıfır sıfır yüz kırk altı", "tc kimlik numaram [national_id]"),
        ("IBAN TR33 0006 1005 1978 6457 8413 26 lütfen", "IBAN [iban] lütfen"),
        ("kartım 4111 1111 1111 1111", "kartım [card]"),
        ("ahmet nokta yılmaz et gmail nokta kom", "[email]"),
        ("mail adresim ahmet.yilmaz@firma.com.tr oraya", "mail adresim [email] oraya"),
        ("plakası otuz dört a be ce yüz yirmi üç", "plakası [plate]"),
        ("06 BJK 456 plakalı", "[plate] plakalı"),
        ("adresim gül mahallesi lale sokak numara beş daire üç", "adresim [address]"),
        ("adım ahmet yılmaz", "adım [person]"),
    ],
)
def test_personal_data_is_replaced(said: str, left: str) -> None:
    assert redacted(f"C: {said}") == [left]


@pytest.mark.parametrize(
    "said",
    [
        "yirmi beş bin dört yüz doksan dokuz lira",
        "2.450,00 TL ya da 2.100 TL",
        "saat on dört otuzda saat on altıda",
        "12.05.2024 14:30",
        "on iki mayıs iki bin yirmi dörtte",
        "numara on dört daire üç",
        "üçüncü kat",
        "hata kodu sıfır beş üç iki bir iki üç",
        "sipariş numaram beş üç iki bir iki üç dört beş altı yedi",
        "Sipariş no: 5321234567",
        "seri numarası dört bir bir bir bir bir bir bir bir bir bir bir bir bir bir bir",
        "model elli beş pe u es yetmiş beş yüz",
        "43NU7100",
        "yüzde on sekiz",
        "bir iki üç deneme",
        "iki yüz elli üç yüz elli dört yüz elli",
        "[phone] numaralı telefon",
        "",
    ],
)
def test_numbers_of_the_business_stay(said: str) -> None:
    assert redacted(f"A: {said}") == [said]


def test_an_eleven_digit_number_that_fails_the_checksum_and_that_nothing_announces_stays() -> None:
    assert redacted("C: cihazda 10000000147 yazıyor") == ["cihazda 10000000147 yazıyor"]


def test_a_number_split_over_turns_and_repeated_goes_in_every_part() -> None:
    assert redacted(
        "A: telefonunuz",
        "C: sıfır beş yüz elli beş",
        "A: beş yüz elli beş",
        "C: evet yüz yirmi üç",
        "A: yüz yirmi dört",
        "C: yok yüz yirmi üç",
        "A: evet",
        "C: kırk beş altmış yedi",
        "A: ücretimiz beş yüz elli lira",
    ) == [
        "telefonunuz",
        "[phone]",
        "[phone]",
        "evet [phone]",
        "[phone]",
        "yok [phone]",
        "evet",
        "[phone]",
        "ücretimiz beş yüz elli lira",
    ]


def test_the_same_digits_are_a_phone_or_an_order_by_what_was_asked_for() -> None:
    answer = "C: beş dört iki sekiz yüz on bir kırk dört yirmi"
    assert redacted("A: telefon numaranız", answer)[1] == "[phone]"
    assert redacted("A: sipariş numaranız", answer)[1] == answer[3:]


def test_spans_are_positions_in_the_text_that_was_given() -> None:
    text = "Ben Ahmet Yılmaz, telefonum 0532 123 45 67."
    found = TURKISH.redact([Said("customer", "merhaba"), Said("customer", text)]).spans
    assert [(span.turn, text[span.start : span.end], span.kind) for span in found] == [
        (1, "Ahmet Yılmaz", Kind.PERSON),
        (1, "0532 123 45 67", Kind.PHONE),
    ]


def test_a_part_of_an_address_at_the_end_of_a_turn_goes() -> None:
    said = redacted(
        "C: a y l i n alt tire s et yahoo nokta com", "A: aylin alt tire s", "A: aylin alt tire s kaydettim"
    )
    assert said == ["[email]", "[email]", "[email] kaydettim"]


def test_a_superscript_is_no_number() -> None:
    assert redacted("C: otuz dört ü ² dokuz 120 m²") == ["otuz dört ü ² dokuz 120 m²"]


@pytest.mark.parametrize("zero", "0٠０०")
def test_digits_of_every_script_are_digits(zero: str) -> None:
    own = "".join(chr(ord(zero) + int(digit)) for digit in "05321234567")
    assert redacted(f"C: numaram {own} efendim") == ["numaram [phone] efendim"]
    assert redacted(f"C: plakası {own[3]}{own[6]} abc {own[4:7]}")[0] == "plakası [plate]"


VOCABULARY = """
    sıfır bir iki beş yüz on elli bin buçuk telefon numaram tc iban kart sipariş evet yok et nokta gmail kom plaka
    a be mahallesi sokak adım ahmet bey lira saat 0532 4567 TR33 @ [phone] , . + (
"""
WORDS = VOCABULARY.split()
TURNS = st.lists(
    st.tuples(st.sampled_from(["agent", "customer"]), st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join)),
    max_size=6,
)


@given(TURNS)
def test_spans_are_ordered_disjoint_inside_and_all_that_changes(turns: Sequence[tuple[str, str]]) -> None:
    said = [Said(*turn) for turn in turns]
    found = TURKISH.redact(said)
    assert list(found.spans) == sorted(found.spans)
    for position, (before, after) in enumerate(zip(said, found.turns, strict=True)):
        text, done = "", 0
        for span in (span for span in found.spans if span.turn == position):
            assert done <= span.start < span.end <= len(before.text)
            text, done = text + before.text[done : span.start] + span.kind.placeholder, span.end
        assert after == Said(before.speaker, text + before.text[done:])


def test_what_is_found_beside_a_placeholder_lies_where_it_was_said() -> None:
    turns = ("plaka", "plaka mahallesi", "beş tc plaka be", "on tc elli bir beş plaka be", "sıfır")
    found = TURKISH.redact([Said("agent", text) for text in turns])
    assert all(0 <= span.start < span.end <= len(turns[span.turn]) for span in found.spans)
    assert found.turns[3].text == "[plate] [plate] [plate]"


@given(st.lists(st.text(max_size=40), max_size=4))
def test_any_text_can_be_redacted(texts: Sequence[str]) -> None:
    assert len(TURKISH.redact([Said("customer", text) for text in texts]).turns) == len(texts)
