"""Numbers said piece by piece: in one turn, over several, corrected on the way, repeated by the other speaker."""

import re
from collections.abc import Sequence

from agents.transcribe.redaction.tokens import Token, breaks_dictation
from agents.transcribe.turkish import words

Dictation = list[Token]
"""Numbers with nothing but assent, hesitation and correction between them."""

CORRECTING = words("""
    affedersiniz değil değildi dur düzelteyim düzeltiyorum hayır iptal karıştırdım kusura olacak olacaktı pardon
    tersi yani yanlış yok özür şaşırdım
""")
_FILLING = CORRECTING | words("""
    a aa abi abla alabilir alayım aldım aldınız alo alıyorum anladım anlamadım artı aynen ağır bakayım bakma
    bakmayın baktım başta baştan başı başında bekleyin bey beyefendi bi bir bitti boşluk bu buyrun buyur buyurun
    da daha dakika de dedim dediniz dediğiniz defa demiştiniz devam devamı devamında devamını dilerim dinliyorum
    dk doğru doğrudur doğrumu durun duyamadım e edeyim edin ediyim ediyorsunuz ediyorum ee eee efendim en evet
    falan gene gerisi gitti ha haa hah hane haneli hani hanım hanımefendi he hee hemen hocam hı hıhı hıı ikili
    ikişer ilk işte kaldı kaçtı kaçırdım kere kesinlikle kez kontrol kısmı lütfen mi misiniz miyim mu musunuz mü
    müsünüz mı mısınız mıyım nasıl neydi no not o okudum oldu olsun olur oluyor ondan ortası ortasında peki
    rakam saniye sesiniz sn son sonra sonu sonuna sonunda söyledim söyler söyleyeyim söylüyorum tamam tamamdır
    tane tekrar tekrarlar tekrarlayayım tekrarlıyorum teyit tire var ve yavaş yazdım yazdınız yazıyorum yine
    çift çizgi öyle üçlü ı ıı ııı şey şimdi şu şöyle
""")
_UNFINISHED_PHONE = re.compile(r"(?:0|90)?5\d\d\d{0,6}")
_WORDS_BETWEEN = 9
_TURNS_BETWEEN = 4
_LONGEST = 150
"""Numbers after which a dictation is taken for two, so that a long count is not compared with itself for ever."""
_UNKNOWN_BETWEEN = 2
"""So many other words may stand inside what begins like a mobile number, and with a correction."""


def dictations(turns: Sequence[Sequence[Token]]) -> list[Dictation]:
    """Return the dictated numbers of a conversation, in order."""
    found: list[Dictation] = []
    current: Dictation = []
    words, unknown, corrected = 0, 0, False  # since the last number
    for turn in turns:
        for token in turn:
            if token.digits:
                far = bool(current) and token.turn - current[-1].turn > _TURNS_BETWEEN
                if (
                    words > _WORDS_BETWEEN
                    or far
                    or len(current) == _LONGEST
                    or (current and (current[-1].measures or _ended(current[-1], token)))
                ):
                    current = []
                if not current:
                    found.append(current := [])
                current.append(token)
                words, unknown, corrected = 0, 0, False
            elif current:
                words += 1
                unknown += token.text not in _FILLING
                corrected = corrected or token.text in CORRECTING
                if unknown and breaks_dictation(token.text):
                    unknown = _WORDS_BETWEEN
                if unknown and unknown > (_UNKNOWN_BETWEEN if corrected or _is_unfinished_phone(current) else 0):
                    current = []
                    words, unknown, corrected = 0, 0, False
    return found


def only_filling(turn: Sequence[Token]) -> bool:
    """Return whether a turn is numbers and what is said around them, and nothing else."""
    return all(token.digits or token.text in _FILLING or token.text.startswith(("son", "biten")) for token in turn)


def _ended(before: Token, token: Token) -> bool:
    return bool(before.ending) and before.turn == token.turn


def _is_unfinished_phone(current: Dictation) -> bool:
    own = "".join(token.digits for token in current if token.speaker == current[-1].speaker)
    return _UNFINISHED_PHONE.fullmatch(own) is not None
