"""Turkish number words as digits: what becomes one, what stays a word, and where it stood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.transcribe.languages.tr.inverse_text_normalisation import normalised
from agents.transcribe.languages.tr.number_words import Number, numbers

ONES = ("", "bir", "iki", "üç", "dört", "beş", "altı", "yedi", "sekiz", "dokuz")
TENS = ("", "on", "yirmi", "otuz", "kırk", "elli", "altmış", "yetmiş", "seksen", "doksan")


def below_thousand(value: int) -> list[str]:
    hundreds, tens, ones = value // 100, value // 10 % 10, value % 10
    return [ONES[hundreds] if hundreds > 1 else "", "yüz" if hundreds else "", TENS[tens], ONES[ones]]


def in_words(value: int) -> str:
    if value == 0:
        return "sıfır"
    words = [*below_thousand(value // 10**6), "milyon"] if value >= 10**6 else []
    if thousands := value // 1000 % 1000:
        words += [*(below_thousand(thousands) if thousands > 1 else []), "bin"]
    return " ".join(filter(None, [*words, *below_thousand(value % 1000)]))


@given(st.integers(0, 999_999_999))
def test_every_number_survives_the_way_through_words(value: int) -> None:
    words = in_words(value)
    assert [(number.digits, number.start, number.end) for number in numbers(words)] == [(str(value), 0, len(words))]
    if value > 1:
        assert normalised(words) == str(value)


@given(st.integers(2, 999_999))
def test_a_number_written_as_one_word_is_the_same_number(value: int) -> None:
    assert normalised(in_words(value).replace(" ", "")) == str(value)


@given(st.text(alphabet=st.sampled_from("abinoruzyeışkiltğü 0123456789'.,-\n"), max_size=60))
def test_normalising_twice_changes_no_more_than_once_and_never_raises(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("beş yüz otuz iki", "532"),
        ("bin dokuz yüz doksan", "1990"),
        ("iki bin yirmi altı yılında", "2026 yılında"),
        ("bin lira", "1000 lira"),
        ("yüz elli lira", "150 lira"),
        ("üç yüz bin", "300000"),
        ("üç milyon iki yüz bin on", "3200010"),
        ("bir milyon bin", "1001000"),
        ("on iki bin beş yüz lira", "12500 lira"),
        ("iki buçuk saat", "2,5 saat"),
        ("bir buçuk metre", "1,5 metre"),
        ("on buçukta gelin", "10,5'ta gelin"),
        ("iki buçuk bin lira", "2500 lira"),
        ("bir buçuk milyona", "1500000'a"),
        ("yüzde on indirim", "%10 indirim"),
        ("yüzde yüz eminim", "%100 eminim"),
        ("yüzde on sekiz", "%18"),
        ("yüzde elliyi geçmez", "%50'yi geçmez"),
        ("sıfır virgül beş bar", "0,5 bar"),
        ("üç virgül yirmi beş", "3,25"),
        ("beşte gelin", "5'te gelin"),
        ("ikiye kadar", "2'ye kadar"),
        ("yirmiye yakın", "20'ye yakın"),
        ("dörde çeyrek var", "4'e çeyrek var"),
        ("üçüncü kat", "3'üncü kat"),
        ("dördüncüye çıktı", "4'üncüye çıktı"),
        ("yirmi birinci sokak", "21'inci sokak"),
        ("dokuzdan ona kadar", "9'dan 10'a kadar"),
        ("ikiyle on bir arası", "2'yle 11 arası"),
        ("saat birde", "saat 1'de"),
        ("saat onda", "saat 10'da"),
        ("yirmi birde", "21'de"),
        ("iki yüze olur", "200'e olur"),
        ("ayın üçünde", "ayın 3'ünde"),
        ("ayın yirmi ikisi", "ayın 22'si"),
        ("mayısın onuna", "mayısın 10'una"),
        ("on ikilik anahtar", "12'lik anahtar"),
        ("onbeşe kadar", "15'e kadar"),
        ("ikiyüz elli lira", "250 lira"),
        ("atmış beş", "65"),
        ("e sıfır bir hatası", "e 01 hatası"),
        ("on sıfır beşte", "10 05'te"),
        ("iki üç gün", "2 3 gün"),
        ("yüz yüz elli lira", "100 150 lira"),
        ("yüz elli yüz seksen", "150 180"),
        ("beş iki yüz elli", "5 250"),
        ("bir iki gün", "1 2 gün"),
        ("bir beş dakika", "1 5 dakika"),
        ("bir on dakika bekleyin", "bir 10 dakika bekleyin"),
        ("bir yüz elli lira", "bir 150 lira"),
        ("dört üç iki bir", "4321"),
        ("beş yüz elli beş on iki otuz dört", "555 12 34"),
        ("sıfır beş yüz elli beş sıfır sıfır sıfır sıfır sıfır on iki", "0555 000 00 12"),
        ("beş yüz otuz iki yüz yirmi üç kırk beş altmış yedi", "532 123 45 67"),
        ("sıfır sekiz yüz elli sıfır on iki otuz dört on", "0850 012 34 10"),
        ("beş üç iki bir iki üç dört beş altı yedi den arıyorum", "532 123 45 67 den arıyorum"),
        ("sıfır iki yüz on altı dört yüz otuz iki on sekiz yirmi ikiden", "0216 432 18 22'den"),
        ("dört yüz kırk dört sıfır sekiz sekiz sekiz", "444 08 8 8"),
        ("İki Yüz ALTMIŞ lira", "260 lira"),
        ("ON DÖRT", "14"),
        ("2 bin beş yüz", "2 bin 500"),
        ("saat 14.30 da 3 kişi", "saat 14.30 da 3 kişi"),
        ("0532 123 45 67", "0532 123 45 67"),
        ("beş-altı yıllık", "5-6 yıllık"),
        ("iki bin beş yüz bir de servis", "2500 bir de servis"),
    ],
)
def test_numbers_become_digits(said: str, written: str) -> None:
    assert normalised(said) == written


@pytest.mark.parametrize(
    "said",
    [
        "yüz elli iki yüz lira",
        "üç yüz dört yüz lira tutar",
        "bin beş yüz iki bin arası",
        "bin iki bin lira",
        "beş altı yüz liraya",
        "iki üç bin lira",
        "yirmi otuz bin",
        "otuz iki yüz",
        "bir bakar mısınız",
        "bir saniye bekleyin",
        "biri geldi birden birine",
        "ona söyledim onda kaldı onu onun ondan",
        "o yüzden bu yüzden yüzünden",
        "yüz yüze görüşelim",
        "ikisi de bozuk üçü çalışıyor",
        "bizim dolap sıfır daha",
        "makinenin altı su dolu",
        "masanın altında altına altından",
        "çöpe atmış",
        "onay onarım onlar onur",
        "birkaç birlikte biraz birim",
        "birkaç yüz lira",
        "yarım saat çeyrek altın",
        "milyon kere söyledim",
        "elliyor yedirecek binadan",
        "kırkağaç üçgen",
        "nokta virgül",
        "buçuk",
        "2 bin lira",
        "",
    ],
)
def test_a_word_that_is_no_number_stays(said: str) -> None:
    assert normalised(said) == said


def test_numbers_are_found_with_their_place_their_ending_and_whether_they_are_certain() -> None:
    text = "bir usta saat beşte 0532'yi arasın iki buçuk"
    assert numbers(text) == [
        Number(0, 3, "1", certain=False),
        Number(14, 19, "5", ending="te"),
        Number(20, 24, "0532", spoken=False),
        Number(35, 44, "2", fraction="5"),
    ]


@given(st.text(max_size=40), st.integers(2, 99_999))
def test_places_are_those_in_the_text_whatever_stands_around(around: str, value: int) -> None:
    words = in_words(value)
    text = f"{around} - {words}"
    last = numbers(text)[-1]
    assert (text[last.start : last.end], last.digits) == (words, str(value))
