"""What a number was asked for or announced as: the nearest word before it that says so."""

import re
from collections.abc import Sequence
from enum import Enum
from itertools import pairwise

from agents.transcribe.redaction.spans import Kind
from agents.transcribe.redaction.tokens import Token
from agents.transcribe.turkish import words

_TURNS_BACK = 4
_WORDS_BACK = 4
_WORDS_AHEAD = 5


class Announced(Enum):
    """What a number is announced as."""

    PHONE = "phone"
    NATIONAL_ID = "national_id"
    IBAN = "iban"
    CARD = "card"
    COMPANY = "company"
    """The company's own: an order, a registration, a device, an error."""

    @property
    def kind(self) -> Kind | None:
        """The kind of what is to be redacted."""
        return None if self is Announced.COMPANY else Kind(self.value)


_PHONE = tuple(words("gsm hattım iletişim irtibat telefon ulaş vatsap watsap whatsapp"))
_PHONE_WHOLE = {"cep", "cepten", "cebim", "cebimi", "tel", "teli", "telim"}
_NO_PHONE = {"telefonda", "telefonla", "telefonlar"}
_CALLING = words("""
    aramıştım aranan ararsanız ararsınız arasın arasınlar arayabilir arayabilirsin arayabilirsiniz arayan arayın
    arıyorum
""")
_ID_WHOLE = words("""
    kimlik kimliği kimliğim kimliğiniz kimliğinizi tc tckn tcm tcmi tcniz tcsi tcyi tece vatandaşlık
""")
_IBAN = ("iban", "ayban", "ıban", "aybən")
_COMPANY = tuple(
    words("""
    abone arıza barkod bayi başvuru belge cihaz dekont dosya doğrulama emri fatura fiş form garanti gönderi hata
    imei irsaliye işlem kampanya kargo kaydı kayıt kupon makbuz makine mağaza model müşteri onay parça poliçe
    randevu referans rezervasyon sayaç seri sertifika servis sicil sipariş stok sözleşme takip talep teklif
    tesisat ticket vergi ürün şikayet
""")
)
_CODE_WHOLE = {"no", "nosu", "nolu", "numara"}
_CODE = ("numara", "kod", "şifre")
_BETWEEN = words("""
    altındaki arkasındaki haneli ilk içindeki kayıtlı olan son yazan önündeki üstündeki üzerindeki
""")
_COMPANY_ALONE = ("sipariş", "kargo", "seri", "barkod")
_OF_PHONE = words("ev iş dükkan ofis büro mobil sabit bu şu o hangi bir yeni eski aynı yedek")
_GENITIVE = re.compile(r"\w+[ıiuü]n")
"""Somebody's number, where ``X numarası`` is a number of that kind."""
_NO_CARD = ("kartal", "kartela", "karton", "kartuş", "karttı")
_WORDS_NEXT = 2
_ALONE_COMPANY = tuple(words("barkod imei kod kodu şifre"))


class Announcements:
    """What the words of a conversation announce; each word is looked at once."""

    def __init__(self, turns: Sequence[Sequence[Token]]) -> None:
        """Listen to the turns."""
        self._turns = turns
        self._nearest: dict[int, list[Announced | None]] = {}

    def of(self, first: Token, last: Token) -> Announced | None:
        """Return what the number from ``first`` to ``last`` is announced as; None where nothing says so."""
        own = self._turns[first.turn]
        before = own[max(0, first.place - _WORDS_NEXT) : first.place]
        if any(token.text.startswith(_COMPANY_ALONE) for token in before) or _is_serial(before):
            return Announced.COMPANY
        if found := self._before(first.turn)[first.place]:
            return found
        for turn in range(first.turn - 1, max(-1, first.turn - 1 - _TURNS_BACK), -1):
            if found := self._before(turn)[-1]:
                return found
        ahead = self._turns[last.turn][last.place + 1 : last.place + 1 + _WORDS_AHEAD]
        if named := next(filter(None, (_named(token.text) for token in ahead)), None):
            return named
        if any(_is_code(code.text) and _is_company(named.text) for code, named in pairwise(ahead)):
            return Announced.COMPANY
        return Announced.PHONE if any(_announces_phone(token.text) for token in ahead) else None

    def _before(self, turn: int) -> list[Announced | None]:
        """Return for each place of a turn, and its end, what the nearest word before it that does so announces."""
        if turn not in self._nearest:
            tokens = self._turns[turn]
            nearest: list[Announced | None] = [None]
            for place in range(len(tokens)):
                nearest.append(_announces(tokens, place) or nearest[-1])
            self._nearest[turn] = nearest
        return self._nearest[turn]


def _announces(tokens: Sequence[Token], place: int) -> Announced | None:
    """Return what the word at a place announces."""
    text, before = tokens[place].text, tokens[place - 1].text if place else ""
    if tokens[place].digits:
        return None
    if own := _named(f"te{text}" if before == "te" else text):
        return own
    if not _is_code(text):
        return None
    near = (token for token in reversed(tokens[max(0, place - _WORDS_BACK) : place]) if not token.digits)
    word = next((token.text for token in near if token.text not in _BETWEEN), "")
    own = Announced.IBAN if word.startswith("hesa") else _named(word)
    compound = text.startswith("numarası") and bool(word) and word not in _OF_PHONE and not _GENITIVE.fullmatch(word)
    if own or compound or _is_company(word) or text.startswith(_ALONE_COMPANY):
        return own or Announced.COMPANY
    return Announced.PHONE if text.startswith("numara") else None


def _named(word: str) -> Announced | None:
    """Return what a word names."""
    if word.startswith(_IBAN):
        return Announced.IBAN
    if word in _ID_WHOLE:
        return Announced.NATIONAL_ID
    if word.startswith("kart") and not word.startswith(_NO_CARD):
        return Announced.CARD
    return Announced.PHONE if _says_phone(word) else None


def _is_company(word: str) -> bool:
    return word.startswith(_COMPANY) and not word.startswith("kayıtlı")


def _is_serial(tokens: Sequence[Token]) -> bool:
    return [token.text for token in tokens] == ["s", "n"]


def _says_phone(text: str) -> bool:
    return text in _PHONE_WHOLE or (text.startswith(_PHONE) and text not in _NO_PHONE)


def _announces_phone(text: str) -> bool:
    return _says_phone(text) or _is_code(text) or text in _CALLING


def _is_code(text: str) -> bool:
    return text in _CODE_WHOLE or text.startswith(_CODE)
