"""Dictated e-mail addresses in one turn: the words around them, what stands before an at-sign, the domain after it."""

import re
from collections.abc import Sequence, Set

from agents.transcribe.languages.text import words
from agents.transcribe.languages.tr.redaction import naming
from agents.transcribe.languages.tr.redaction.spelling import Letters, letter_runs, letters_at
from agents.transcribe.languages.tr.redaction.tokens import Token

AT = words("et at ett ed kuyruklu etişareti [at] eti")

_AFTER_AT = words("a işareti işaret isareti")

_DOTS = words("punkt point nokta noktası notka dot")

_AROUND_AT = words("işareti işaret isareti evet tamam sonra şimdi a ı ıı ııı e ee eee yani şey var tabii peki")
"""All that may be said with an at-sign in a turn of its own."""

JOINERS = _DOTS | words("alt alttan alttire altçizgi eksi tire tre underscore çizgi alçizgi artı")

PROVIDERS = tuple(
    words("""
    autluk aycloud cimail cimeyil cimeyl ciymeyl gimeyl gmail gmeyl gemail hatmeyl hotmail hotmeyl icloud jimeyl
    live maynet msn mynet outlook autlook proton protonmail superonline ttmail windowslive yaho yahoo yahu yandeks
    yandex gmx ttnet
""")
)

_TWO_WORDS = words("""
    g+mail ci+mail ci+meyl hot+mail hat+meyl hot+meyl out+look aut+luk aut+look ay+cloud i+cloud ge+mail je+mail
    cey+mail windows+live yan+deks my+net ay+klaud ge+meyl
""")

ENDINGS = words("me io eu nl fr ch biz co com comtr de edu gom gov info kom komtr net org tr uk")

ENDS_ALONE = ENDINGS - words("de co biz me io eu nl fr ch")

_COUNTRY = {("te", "re"), ("t", "r"), ("ti", "ar"), ("te", "te"), ("te", "er")}

ANNOUNCES = tuple(words("mail meyl meyil mayl e-posta eposta posta imeyl email imail"))

FILLING = naming.HESITATES | words("""
    sonra ondan bitişik boşluk boşluksuz küçük büyük harf harfle harfi ile ardından noktalı noktasız tane araya bi
    bir evet hı sız siz suz süz lar ler lı li lu lü dan ten yazıldığı gibi aralarında aralara oluyor hepsi tamamı
    şöyle böyle türkçe ingilizce rakamla yazıyla rakam arkasından gene yine dur
""")
"""May stand inside an address."""

CORRECTS = words("değil yok pardon yani düzeltiyorum")

ALTERNATIVES = words("mı mi mu mü yoksa ama")
"""Between two parts of which one is meant: ``nokta net mi nokta com mu``."""

_BREAKS = words(
    """
    değil yok yerine başında sonunda başına sonuna arada var hayır ama doğrusu tekrar olacak düzeltiyorum hı işte
    tek
"""
)

STOPS = (
    (
        (_BREAKS | naming.NOT | naming.SKIPPED | FILLING | naming.OWN | naming.RELATIVES)
        - words(
            """
    su ince kız erkek beko bosch arçelik vestel teknik servis bilgi kredi beyaz destek fatura elektrik satış satın
    kombi klima market istanbul ankara izmir
"""
        )
    )
    | words("""
    atarsanız atın atalım atarız faturayı gönderin görünen gönderelim gitsin kalsın kızımın mesela oraya oğlumun
    sizinki benimki yazıldı gitti gelsin posta lazım zorunlu mailiniz alalım teyit ediyorum adresinizi şirketin
    şirket kişisel hangisi eşiminki mudur müdür gelmedi alındı kaydettim tamamdır herhalde galiba sanırım rica
    söyler hatırlıyorum hatırlamıyorum
    biri birisi birinin diğeri öbürü öteki ilki ikincisi birincisi hangisiydi yazılacak
    diyeyim deyim herkes adım soyadım
    doğrudur tabi buyrun buyurun bekliyorum dinliyorum
""")
    | naming.SCOLDS
)

_RUN_TOGETHER = re.compile("nokta|alttire|altcizgi|tire")

_LOCAL_TOKENS = 40

_LOOSE_WORDS = 2
"""Words before the at-sign that no dot joins, where nothing announces the address."""

LONG_ENOUGH = 4

_MOST_FILLING = 8
"""Words of hesitation that are looked past: some are letters too, and a turn may be nothing else."""


def addresses(own: Sequence[Token], announced: int) -> list[tuple[int, int]]:
    """Return the addresses that an at-sign and a domain tell, wherever they are said."""
    found: list[tuple[int, int]] = []
    letters = spelt_places(own)
    for place, token in enumerate(own):
        if token.text in AT and (end := _domain_end(own, place)):
            found.append((local_start(own, place, announced, letters), end))
    return found


def spelt_places(own: Sequence[Token]) -> Set[int]:
    """Return the places of letters that are surely spelt, or directly before what goes on with an address or ends."""
    runs = [run for run in letter_runs(own) if run.certain or _goes_on(own, run)]
    return {place for run in runs for place in range(run.first, run.end)}


def _goes_on(own: Sequence[Token], run: Letters) -> bool:
    """Return whether an at-sign or the end, or after several letters a joiner or a number, follows on letters."""
    end = run.end
    while end < len(own) and own[end].text in naming.HESITATES and end - run.end < _MOST_FILLING:
        end += 1
    if end == len(own) or own[end].text in AT:
        return True
    return len(run.text) > 1 and (own[end].text in JOINERS or bool(own[end].digits))


def _domain_end(own: Sequence[Token], at: int) -> int | None:
    """Return the place after the domain that follows an at-sign; None where none follows."""
    place = at + 1
    while place < len(own) and own[place].text in _AFTER_AT | naming.HESITATES:
        place += 1
    texts = [token.text for token in own[place : place + 12]]
    used = provider(texts) or _unknown_host(own, place)
    return place + with_endings(texts, used) if used else None


def with_endings(texts: Sequence[str], used: int) -> int:
    """Return of how many words a domain is whose first ``used`` words are known."""
    while used < len(texts):
        dotted = texts[used] in _DOTS
        if dotted and texts[used + 1 : used + 2] and texts[used + 1] in ENDINGS:
            used += 2
        elif dotted and tuple(texts[used + 1 : used + 3]) in _COUNTRY:
            used += 3
        elif texts[used] in ENDS_ALONE:  # the dot was not heard
            used += 1
        elif tuple(texts[used : used + 2]) in _COUNTRY:
            used += 2
        else:
            break
    return used


def provider(texts: Sequence[str]) -> int:
    """Return of how many words a provider's name is that is said first."""
    if texts and texts[0].startswith(PROVIDERS):
        return 1
    return 2 if "+".join(texts[:2]) in _TWO_WORDS else 0


def _unknown_host(own: Sequence[Token], place: int) -> int:
    """Return of how many tokens a host is that no list knows: those before the dot and its ending."""
    texts = [token.text for token in own[place : place + 12]]
    for length in range(1, len(texts) - 1):
        if texts[length] in _DOTS:
            following = texts[length + 1]
            if following in JOINERS:
                return 0
            return length if following in ENDINGS or following in {"komda", "comda", "k", "ko"} or length < 3 else 0
        if "[" in texts[length] or (texts[length] in STOPS and not letters_at(own, place + length)[1]):
            return 0
    return 0


def local_start(own: Sequence[Token], at: int, announced: int, letters: Set[int]) -> int:
    """Return the place where the part before an at-sign begins."""
    start, loose = at, 0
    while start > 0 and at - start < _LOCAL_TOKENS:
        token, joined = own[start - 1], start < at and own[start].text in JOINERS
        joins = token.text in JOINERS
        if "[" in token.text:  # a placeholder
            break
        spelt = len(token.text) == 1 or bool(token.digits) or joins or start - 1 in letters
        if not spelt and not joined and token.text in FILLING | CORRECTS and start - 1 > 0:
            start -= 1
            continue
        if not spelt and (token.text in STOPS or token.text.startswith(ANNOUNCES)):
            break
        if not (joined or spelt or 0 < announced <= at):
            if loose == _LOOSE_WORDS or (start < at and own[start].text in JOINERS):
                break
            loose += 1
        start -= 1
    while start < at and own[start].text in FILLING | CORRECTS and len(own[start].text) != 1:
        start += 1
    return start


def is_joiner(texts: Sequence[str], place: int) -> bool:
    """Return whether a word joins two parts of an address: ``nokta``, ``alt`` before ``tire``."""
    if texts[place] == "alt":
        return texts[place + 1 : place + 2] in (["tire"], ["çizgi"], ["tre"])
    return texts[place] in JOINERS and texts[place] not in {"artı", "eksi"}


def before(texts: Sequence[str], place: int) -> int:
    """Return the last place before another of what is no filling."""
    before = place - 1
    while before > 0 and texts[before] in FILLING | CORRECTS and place - before <= _MOST_FILLING:
        before -= 1
    return before


def after(texts: Sequence[str], place: int) -> int:
    """Return the first place from another on of what is no filling."""
    end = place
    while end < len(texts) and texts[end] in FILLING | CORRECTS and end - place < _MOST_FILLING:
        end += 1
    return end


def is_at_alone(texts: Sequence[str]) -> bool:
    """Return whether a turn says an at-sign, and nothing else but what is said with one."""
    return not AT.isdisjoint(texts) and all(text in AT | _AROUND_AT for text in texts)


def wordings(text: str) -> tuple[str, ...]:
    """Return a word, and what it is without the joiners that are run together with it: ``alinoktakaya``."""
    bare = _RUN_TOGETHER.sub("", text)
    return (text, bare) if len(bare) >= LONG_ENOUGH else (text,)


def is_word(token: Token) -> bool:
    """Return whether a token may be a word of an address."""
    if token.digits:
        return not token.measures
    return (
        token.text.isalnum()
        and token.text not in STOPS
        and not token.text.startswith(ANNOUNCES)
        and not naming.VERB.fullmatch(token.text)
    )


def flat(part: Sequence[Token]) -> str:
    """Return the letters and digits of a part run together."""
    letters: list[str] = []
    place = 0
    while place < len(part):
        token = part[place]
        after, letter = letters_at(part, place)
        if letter and (len(token.text) < LONG_ENOUGH or after > place + 1):
            letters.append(letter)
        elif token.text not in JOINERS | AT:
            letters.append(token.digits or token.text)
        place = max(after, place + 1)
    return folded("".join(letters))


def folded(text: str) -> str:
    """Return the text with the letters that an address may have."""
    return text.translate(str.maketrans("çğıöşü", "cgiosu"))
