"""Identifiers that hypothesis makes up and dictates: in any grouping, over turns, with anything in between."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st
from stdnum import iban, luhn

from agents.transcribe.redaction import Kind, Said

ONES = ["sıfır", "bir", "iki", "üç", "dört", "beş", "altı", "yedi", "sekiz", "dokuz"]
TENS = ["on", "yirmi", "otuz", "kırk", "elli", "altmış", "yetmiş", "seksen", "doksan"]
ASSENTS = ("evet", "tamam", "devam edin", "hı hı", "evet alıyorum")
FILLERS = ("ııı", "yani", "şey", "pardon", "evet")
QUESTIONS = {
    Kind.PHONE: ("telefon numaranızı alabilir miyim", "cep telefonunuz", "size ulaşacağımız numara"),
    Kind.NATIONAL_ID: ("tc kimlik numaranız", "te ce kimlik numaranızı söyler misiniz"),
    Kind.CARD: ("kart numaranızı alayım", "kartın üzerindeki numarayı okur musunuz"),
    Kind.IBAN: ("ibanınızı alabilir miyim", "iban numaranız nedir"),
}
AREAS = ("212", "216", "224", "232", "242", "312", "322", "342", "352", "362")


@dataclass(frozen=True)
class Dictated:
    """An identifier as it was dictated."""

    kind: Kind
    turns: tuple[Said, ...]
    answered: tuple[int, ...]
    """Positions of the turns that say digits, the agent's repetitions included."""


def cardinal(number: int) -> str:
    """Return a number below ten thousand in words."""
    thousands, hundreds, tens, ones = (int(digit) for digit in f"{number:04d}")
    parts = [ONES[thousands]] * (thousands > 1) + ["bin"] * (thousands > 0)
    parts += [ONES[hundreds]] * (hundreds > 1) + ["yüz"] * (hundreds > 0)
    parts += [TENS[tens - 1]] * (tens > 0) + [ONES[ones]] * (ones > 0 or not parts + [""] * tens)
    return " ".join(filter(None, parts))


@st.composite
def digits(draw: st.DrawFn, kind: Kind) -> str:
    """A valid number of a kind, without the letters of an account number."""
    free = draw(st.text("0123456789", min_size=22, max_size=22))
    if kind is Kind.PHONE:
        area = draw(st.sampled_from(["53", "54", "55", *AREAS]))
        return f"0{area}4{free}"[:11]
    if kind is Kind.NATIONAL_ID:
        head = "123456789"[int(free[0]) % 9] + free[1:9]
        tenth = (7 * sum(map(int, head[::2])) - sum(map(int, head[1::2]))) % 10
        return f"{head}{tenth}{(sum(map(int, head)) + tenth) % 10}"
    if kind is Kind.CARD:
        head = draw(st.sampled_from("45")) + free[:14]
        return head + luhn.calc_check_digit(head)
    bban = f"000{free[0]}{free[1]}0{free[2:18]}"
    return str(iban.calc_check_digits(f"TR00{bban}")) + bban


@st.composite
def group(draw: st.DrawFn, own: str) -> str:
    """Some digits in words: one by one, as a number, or in short."""
    ways = ["singly", "number"]
    if len(own) > 1 and len(set(own)) == 1:
        ways.append("short")
    way = draw(st.sampled_from(ways))
    if way == "short":
        return f"çift {ONES[int(own[0])]}" if len(own) == 2 else f"{ONES[len(own)]} tane {ONES[int(own[0])]}"
    if way == "singly":
        return " ".join(ONES[int(digit)] for digit in own)
    rest = own.lstrip("0")
    return " ".join([*["sıfır"] * (len(own) - len(rest)), *([cardinal(int(rest))] if rest else [])])


@st.composite
def dictated(draw: st.DrawFn, fillers: Sequence[str] = ()) -> Dictated:
    """An identifier that was asked for, in groups of one to four digits, over turns with assent and repetition."""
    kind = draw(st.sampled_from(sorted(QUESTIONS)))
    left, groups = draw(digits(kind)), []
    while left:
        length = draw(st.integers(1, min(4, len(left))))
        groups.append(draw(group(left[:length])))
        left = left[length:]
    turns = [Said("agent", draw(st.sampled_from(QUESTIONS[kind])))]
    answered: list[int] = []
    own: list[str] = []
    for place, words in enumerate(groups):
        own += draw(st.lists(st.sampled_from(fillers), max_size=1)) if fillers else []
        own.append(words)
        last = place == len(groups) - 1
        if last or draw(st.integers(0, 2)) == 0:
            answered.append(len(turns))
            turns.append(Said("customer", " ".join(own)))
            repeated = draw(st.booleans())
            if repeated:
                answered.append(len(turns))
            turns.append(Said("agent", words if repeated else draw(st.sampled_from(ASSENTS))))
            own = []
    return Dictated(kind, tuple(turns), tuple(answered))


@st.composite
def business(draw: st.DrawFn) -> list[Said]:
    """A conversation full of numbers of which none is personal."""
    number = st.integers(1, 9999).map(cardinal)
    small = st.integers(1, 59).map(cardinal)
    written = st.integers(1, 9999).map(str)
    hour = st.integers(8, 20).map(cardinal)
    sentence = st.one_of(
        st.builds("ücreti {} lira tutuyor".format, st.one_of(number, written)),
        st.builds("{} lira dediler {} liraya olur mu".format, number, number),
        st.builds("iki bin {} yılında aldım".format, st.integers(1, 26).map(cardinal)),
        st.builds("20{} model".format, st.integers(10, 26)),
        st.builds("saat {} ile {} arası uygun".format, hour, hour),
        st.builds("{} tane {} kiloluk makine var".format, small, small),
        st.builds("modeli {} {}".format, number, number),
        st.builds("hata kodu e {} veriyor".format, small),
        st.builds("{} yıl garantili {} taksit".format, small, small),
        st.builds("sipariş numaram {} {} {}".format, number, number, number),
        st.builds("{} gün önce {} kere aradım".format, small, small),
        st.sampled_from(["tamam", "anladım", "usta gelsin", "çamaşır makinesi bozuldu"]),
    )
    turns = draw(st.lists(st.tuples(st.sampled_from(["agent", "customer"]), sentence), min_size=1, max_size=8))
    return [Said(speaker, text) for speaker, text in turns]
