"""E-mail addresses: written, or dictated in any mixture of words, letters and digits, over turns, and said again."""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field

from agents.transcribe.redaction import naming
from agents.transcribe.redaction.spans import Kind, Said, Span
from agents.transcribe.redaction.spelling import letter_runs, letters_at
from agents.transcribe.redaction.tokens import Token
from agents.transcribe.turkish import lowered, words

_WRITTEN = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}(?:\s?@\s?|\s?[(\[](?:at|@)[)\]]\s?)[\w-]{1,63}(?:(?:\.|\s?[(\[](?:dot"
    r"|nokta)[)\]]\s?)[\w-]{1,63}){1,4}"
)
_AT = words("et at ett ed kuyruklu etişareti [at] eti")
_AT_SIGN = re.compile(r"@|[(\[]at[)\]]")
_AFTER_AT = words("a işareti işaret isareti")
_DOTS = words("punkt point nokta noktası notka dot")
_JOINERS = _DOTS | words("alt alttan alttire altçizgi eksi tire tre underscore çizgi alçizgi artı")
_PROVIDERS = tuple(
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
_ENDINGS = words("me io eu nl fr ch biz co com comtr de edu gom gov info kom komtr net org tr uk")
_ENDS_ALONE = _ENDINGS - words("de co biz me io eu nl fr ch")
_COUNTRY = {("te", "re"), ("t", "r"), ("ti", "ar"), ("te", "te"), ("te", "er")}
_ANNOUNCES = tuple(words("mail meyl meyil mayl e-posta eposta posta imeyl email imail"))
_OTHER_TOPICS = re.compile(
    r"\b(?:telefon|cep num|plaka|iban|hesa[pb]|kart|kimlik|tc\b|soyad|ad(?:ınız|resiniz)\b|kapı num)"
)
_FILLING = naming.HESITATES | words("""
    sonra ondan bitişik boşluk boşluksuz küçük büyük harf harfle harfi ile ardından noktalı noktasız tane araya bi
    bir evet hı sız siz suz süz lar ler lı li lu lü dan ten yazıldığı gibi aralarında aralara oluyor hepsi tamamı
    şöyle böyle türkçe ingilizce rakamla yazıyla rakam arkasından gene yine dur
""")
"""May stand inside an address."""
_CORRECTS = words("değil yok pardon yani düzeltiyorum")
_BREAKS = words(
    """
    değil yok yerine başında sonunda başına sonuna arada var hayır ama doğrusu tekrar olacak düzeltiyorum hı işte
    tek
"""
)
_STOPS = (
    (_BREAKS | naming.NOT | naming.SKIPPED | _FILLING | naming.OWN | naming.RELATIVES)
    - words(
        """
    su ince kız erkek beko bosch arçelik vestel teknik servis bilgi kredi beyaz destek fatura elektrik satış satın
    kombi klima market istanbul ankara izmir
"""
    )
) | words("""
    atarsanız atın atalım atarız faturayı gönderin görünen gönderelim gitsin kalsın kızımın mesela oraya oğlumun
    sizinki benimki yazıldı gitti gelsin posta lazım zorunlu mailiniz alalım teyit ediyorum adresinizi şirketin
    şirket kişisel hangisi eşiminki mudur müdür gelmedi alındı kaydettim tamamdır herhalde galiba sanırım rica
    söyler hatırlıyorum hatırlamıyorum
""")
_PARTICLES = words("mi mı mu mü değil yok var da de ile yerine")
_VOWELS = "aeıioöuü"
_FORMED = words("noktalı noktasız")
_LOCAL_TOKENS = 40
_LOOSE_WORDS = 2
"""Words before the at-sign that no dot joins, where nothing announces the address."""
_LEADING_WORDS = 4
_INNER_WORDS = 3
_OPEN_TURNS = 3
_TURNS_NEAR = 6
_LONG_ENOUGH = 4
_REMEMBERED = 4
_SHORT_TURN = 4


@dataclass
class _Call:
    """What is known of the addresses of a call, turn by turn."""

    open_until: int = -1
    """Last turn in which a part of an address is expected."""
    said: list[tuple[int, str, frozenset[str]]] = field(default_factory=list)
    """The last addresses: the turn, all letters and digits run together, the words."""

    def remember(self, position: int, part: Sequence[Token]) -> None:
        """Know an address that was dictated."""
        own = frozenset(_folded(token.text) for token in part if _is_word(token) and token.text not in _JOINERS | _AT)
        self._know(position, _flat(part), own)

    def remember_text(self, position: int, text: str) -> None:
        """Know an address that was written."""
        own = re.findall(r"[^\W_]+", _folded(lowered(text)))
        self._know(position, "".join(own), frozenset(word for word in own if word not in _ENDINGS))

    def _know(self, position: int, flat: str, own: frozenset[str]) -> None:
        if len(flat) > 1 and (flat, own) not in ((before, them) for _, before, them in self.said):
            self.said = [*self.said[1 - _REMEMBERED :], (position, flat, own)]

    def is_again(self, position: int, token: Token) -> bool:
        """Return whether a word or a number is a part of an address that was said near it."""
        text = token.digits or _folded(token.text)
        if token.text in _STOPS and not token.digits:
            return False
        return any(
            position - at <= _TURNS_NEAR
            and (
                (len(text) >= _LONG_ENOUGH and text in flat)
                or (len(text) > 1 and (text in own or (token.digits and text in flat)))
            )
            for at, flat, own in self.said
        )

    def has_digits(self, position: int, digits: str) -> bool:
        """Return whether digits are a part of an address that was said near."""
        return any(position - at <= _TURNS_NEAR and digits in flat for at, flat, _ in self.said)


_SPOKEN_AT = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}\s(?:et|at)\s(?:[\w-]{1,63}\.){1,3}(?:com|net|org|info|gov|edu|biz|io|tr|de)(?:\.tr)?(?![\w.-])",
    re.IGNORECASE,
)


def email_spans(turns: Sequence[Said], tokens: Sequence[Sequence[Token]]) -> Iterator[Span]:
    """Yield the spans of all e-mail addresses."""
    call = _Call()
    for position, (turn, own) in enumerate(zip(turns, tokens, strict=True)):
        written: list[str] = []
        for match in (*_WRITTEN.finditer(turn.text), *_SPOKEN_AT.finditer(turn.text)):
            written.append(match[0])
            yield Span(position, match.start(), match.end(), Kind.EMAIL)
        announced = _announced(own)
        asks_which = any(token.text.startswith(_PROVIDERS) for token in own) and own[-1].text in _PARTICLES
        if announced or written:
            call.open_until = position + _OPEN_TURNS
        elif _changes_topic(own):
            call.open_until = -1
        is_open = position <= call.open_until
        parts = _addresses(own, announced or int(is_open))
        if is_open or parts:
            fills = _FILLING | _CORRECTS if parts else _FILLING
            for first, end in parts:
                call.remember(position, own[first:end])
            parts = _merged(own, [*parts, *_pieces(own, call, position, fills)], fills)
        for first, end in parts:
            call.remember(position, own[first:end])
            if _has_no_name(own[first:end]):
                yield from _earlier(tokens, position, call)
            call.open_until = max(call.open_until, position + _OPEN_TURNS)
            yield Span(position, own[first].start, own[end - 1].end, Kind.EMAIL)
        if asks_which:
            call.open_until = max(call.open_until, position + 1)
        for text in written:
            call.remember_text(position, text)


def email_places(turns: Sequence[Said], tokens: Sequence[Sequence[Token]]) -> Iterator[int]:
    """Yield the positions of all turns that may hold an address or a part of it: near what announces one or an at-sign."""
    last = None
    for position, (turn, own) in enumerate(zip(turns, tokens, strict=True)):
        if _AT_SIGN.search(turn.text) or any(token.text in _AT or token.text.startswith(_ANNOUNCES) for token in own):
            yield from range(max(0, position - _TURNS_NEAR, -1 if last is None else last + 1), position)
            last = position + _TURNS_NEAR
        if last is not None and position <= last:
            yield position


def _has_no_name(part: Sequence[Token]) -> bool:
    """Return whether an address begins with its at-sign, or with digits before it."""
    at = next((place for place, token in enumerate(part) if token.text in _AT), None)
    return at is not None and all(token.digits for token in part[:at])


def _changes_topic(own: Sequence[Token]) -> bool:
    """Return whether a turn asks for something else, and says nothing that an address is made of."""
    texts = [token.text for token in own]
    return bool(_OTHER_TOPICS.search(" ".join(texts))) and (_JOINERS | _AT).isdisjoint(texts)


def _announced(own: Sequence[Token]) -> int:
    """Return the place after the first word of a turn that announces an address; 0: none does."""
    return next((place for place, token in enumerate(own, start=1) if token.text.startswith(_ANNOUNCES)), 0)


def _addresses(own: Sequence[Token], announced: int) -> list[tuple[int, int]]:
    """Return the addresses that an at-sign and a domain tell, wherever they are said."""
    found: list[tuple[int, int]] = []
    letters = _spelt_places(own)
    for place, token in enumerate(own):
        if token.text in _AT and (end := _domain_end(own, place)):
            found.append((_local_start(own, place, announced, letters), end))
    return found


def _spelt_places(own: Sequence[Token]) -> Set[int]:
    """Return the places of letters that are surely spelt, or directly before an at-sign or the end."""
    runs = [run for run in letter_runs(own) if run.certain or _ends_local(own, run.end)]
    return {place for run in runs for place in range(run.first, run.end)}


def _ends_local(own: Sequence[Token], end: int) -> bool:
    while end < len(own) and own[end].text in naming.HESITATES:
        end += 1
    return end == len(own) or own[end].text in _AT


def _domain_end(own: Sequence[Token], at: int) -> int | None:
    """Return the place after the domain that follows an at-sign; None where none follows."""
    place = at + 1
    while place < len(own) and own[place].text in _AFTER_AT | naming.HESITATES:
        place += 1
    texts = [token.text for token in own[place : place + 12]]
    used = _provider(texts) or _unknown_host(own, place)
    return place + _with_endings(texts, used) if used else None


def _with_endings(texts: Sequence[str], used: int) -> int:
    while used < len(texts):
        dotted = texts[used] in _DOTS
        if dotted and texts[used + 1 : used + 2] and texts[used + 1] in _ENDINGS:
            used += 2
        elif dotted and tuple(texts[used + 1 : used + 3]) in _COUNTRY:
            used += 3
        elif texts[used] in _ENDS_ALONE:  # the dot was not heard
            used += 1
        elif tuple(texts[used : used + 2]) in _COUNTRY:
            used += 2
        else:
            break
    return used


def _provider(texts: Sequence[str]) -> int:
    """Return of how many words a provider's name is that is said first."""
    if texts and texts[0].startswith(_PROVIDERS):
        return 1
    return 2 if "+".join(texts[:2]) in _TWO_WORDS else 0


def _unknown_host(own: Sequence[Token], place: int) -> int:
    """Return of how many tokens a host is that no list knows: those before the dot and its ending."""
    texts = [token.text for token in own[place : place + 12]]
    for length in range(1, len(texts) - 1):
        if texts[length] in _DOTS:
            following = texts[length + 1]
            if following in _JOINERS:
                return 0
            return length if following in _ENDINGS or following in {"komda", "comda", "k", "ko"} or length < 3 else 0
        if "[" in texts[length] or texts[length] in _STOPS and not letters_at(own, place + length)[1]:
            return 0
    return 0


def _local_start(own: Sequence[Token], at: int, announced: int, letters: Set[int]) -> int:
    start, loose = at, 0
    while start > 0 and at - start < _LOCAL_TOKENS:
        token, joined = own[start - 1], start < at and own[start].text in _JOINERS
        joins = token.text in _JOINERS
        if "[" in token.text:  # a placeholder
            break
        spelt = len(token.text) == 1 or bool(token.digits) or joins or start - 1 in letters
        if not spelt and not joined and token.text in _FILLING | _CORRECTS and start - 1 > 0:
            start -= 1
            continue
        if (
            not token.digits
            and not joins
            and (token.text in _STOPS or token.text.startswith(_ANNOUNCES))
            and len(token.text) > 1
        ):
            break
        if not (joined or spelt or 0 < announced <= at):
            if loose == _LOOSE_WORDS or (start < at and own[start].text in _JOINERS):
                break
            loose += 1
        start -= 1
    while start < at and own[start].text in _FILLING | _CORRECTS and len(own[start].text) != 1:
        start += 1
    return start


def _pieces(own: Sequence[Token], call: _Call, position: int, fills: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Yield the parts of an address in a turn that is expected to hold one."""
    sure = _sure_places(own, call, position)
    place = 0
    while place < len(own):
        if place not in sure:
            place += 1
            continue
        first, end = place, place + 1
        again = call.is_again(position, own[place])
        while (
            first
            and not again
            and place - first < _LEADING_WORDS
            and (first - 1 not in sure)
            and (_is_word(own[first - 1]) or own[first - 1].text in fills)
        ):
            first -= 1
        while own[first].text in fills and first not in sure:
            first += 1
        gap = 0
        for other in range(place + 1, len(own)):
            if other in sure:
                end, gap = other + 1, 0
            elif own[other].text in fills:
                continue
            elif own[other - 1].text in _JOINERS and own[other].text.isalnum() and own[other].text not in _PARTICLES:
                end, gap = other + 1, 0
            elif _is_word(own[other]) and not own[other].digits and gap < _INNER_WORDS:
                gap += 1
                if own[other - 1].text in _JOINERS | _AT:
                    end = other + 1
            else:
                break
        if any(other in sure and own[other].text not in _JOINERS | _AT for other in range(first, end)) or (
            any(token.text in _JOINERS for token in own[first:end]) and any(map(_is_word, own[first:end]))
        ):
            yield first, end
        place = max(end, place + 1)


def _sure_places(own: Sequence[Token], call: _Call, position: int) -> set[int]:
    """Return the places of what an address is made of: joiners, providers, letters, digits beside them, words said before."""
    sure: set[int] = set()
    texts = [token.text for token in own]
    for place, text in enumerate(texts):
        if text in _JOINERS - {"alt", "artı", "eksi"} or (
            text == "alt" and texts[place + 1 : place + 2] in (["tire"], ["çizgi"], ["tre"])
        ):
            sure.add(place)
        elif text in _AT and 0 < place < len(own) - 1 and _is_word(own[place + 1]):
            sure.add(place)
        elif used := _provider(texts[place : place + 2]):
            sure.update(range(place, place + _with_endings(texts[place : place + 12], used)))
        elif text in _ENDS_ALONE and (len(own) <= _SHORT_TURN or _before(texts, place) in sure):
            sure.add(place)
        elif text in _CORRECTS and len("".join(texts[place - 1 : place + 2 : 2])) == 2:  # ş değil s
            sure.add(place)
        elif call.is_again(position, own[place]) and naming.TITLES.isdisjoint(texts[place + 1 : place + 2]):
            sure.add(place)
    _add_digits(own, call, position, sure)
    for run in letter_runs(own):
        single = run.end - run.first == 1 and len(texts[run.first]) == 1 and texts[run.first] not in _VOWELS
        single = single and not any(other.digits for other in own[max(0, run.first - 1) : run.end + 1])
        formed = not _FORMED.isdisjoint(texts[max(0, run.first - 1) : run.end + 1])
        joined = _before(texts, run.first) in sure or run.end in sure
        if run.certain or single or formed or joined or (len(run.text) > 1 and _all_single(own[run.first : run.end])):
            sure.update(range(run.first, run.end))
    _add_digits(own, call, position, sure)
    return sure


def _before(texts: Sequence[str], place: int) -> int:
    """Return the last place before another of what is no filling."""
    before = place - 1
    while before > 0 and texts[before] in _FILLING | _CORRECTS:
        before -= 1
    return before


def _add_digits(own: Sequence[Token], call: _Call, position: int, sure: set[int]) -> None:
    """Add the numbers beside something sure, and those that were said before."""
    place = 0
    while place < len(own):
        end = place
        while end < len(own) and own[end].digits and not own[end].measures:
            end += 1
        if end > place:
            digits = "".join(token.digits for token in own[place:end])
            at_follows = end < len(own) and own[end].text in _AT
            if (
                place - 1 in sure
                or end in sure
                or at_follows
                or (len(digits) > 1 and call.has_digits(position, digits))
            ):
                sure.update(range(place, end))
        place = max(end, place + 1)


def _all_single(own: Sequence[Token]) -> bool:
    return all(len(token.text) == 1 for token in own)


def _is_word(token: Token) -> bool:
    """Return whether a token may be a word of an address."""
    if token.digits:
        return not token.measures
    return (
        token.text.isalpha()
        and token.text not in _STOPS
        and not token.text.startswith(_ANNOUNCES)
        and not naming.VERB.fullmatch(token.text)
    )


def _merged(own: Sequence[Token], parts: Sequence[tuple[int, int]], fills: frozenset[str]) -> list[tuple[int, int]]:
    """Return the parts in order, those that overlap or have only a filling between them as one."""
    merged: list[tuple[int, int]] = []
    for first, end in sorted(parts):
        if merged and all(token.text in fills for token in own[merged[-1][1] : first]):
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((first, end))
    return merged


def _earlier(tokens: Sequence[Sequence[Token]], position: int, call: _Call) -> Iterator[Span]:
    """Yield the local part that the speaker said at the end of the last turn before."""
    speaker = tokens[position][0].speaker
    for turn in range(position - 1, max(-1, position - 4), -1):
        own = tokens[turn]
        if not own or own[0].speaker != speaker:
            continue
        end = len(own)
        while end and own[end - 1].text in _STOPS:
            end -= 1
        first = _local_start(own, end, _announced(own), _spelt_places(own)) if end else 0
        if first < end:
            call.remember(turn, own[first:end])
            yield Span(turn, own[first].start, own[end - 1].end, Kind.EMAIL)
            for between in range(turn + 1, position):  # the other speaker says it back
                again = (token for token in tokens[between] if call.is_again(between, token))
                yield from (Span(between, token.start, token.end, Kind.EMAIL) for token in again)
        return


def _flat(part: Sequence[Token]) -> str:
    """Return the letters and digits of a part run together."""
    letters: list[str] = []
    place = 0
    while place < len(part):
        token = part[place]
        after, letter = letters_at(part, place)
        if letter and (len(token.text) < _LONG_ENOUGH or after > place + 1):
            letters.append(letter)
        elif token.text not in _JOINERS | _AT:
            letters.append(token.digits or token.text)
        place = max(after, place + 1)
    return _folded("".join(letters))


def _folded(text: str) -> str:
    """Return the text with the letters that an address may have."""
    return text.translate(str.maketrans("çğıöşü", "cgiosu"))
