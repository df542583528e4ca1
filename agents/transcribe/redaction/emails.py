"""E-mail addresses: written, spoken (``ahmet nokta yılmaz et gmail nokta kom``), over two turns, and said again."""

import re
from collections.abc import Iterable, Iterator, Sequence, Set

from agents.transcribe.redaction.spans import Kind, Said, Span, by_turn, disjoint, meets
from agents.transcribe.redaction.tokens import Token
from agents.transcribe.turkish import words

_WRITTEN = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}(?:\s?@\s?|\(at\))[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_AT = {"et", "at", "ett", "kuyruklu"}
_DOTS = {"nokta", "noktası", "notka", "dot"}
_JOINERS = _DOTS | words("alt alttan alttire altçizgi eksi tire underscore çizgi")
_PROVIDERS = tuple(
    words("""
    autluk aycloud cimail cimeyil cimeyl gimeyl gmail hatmeyl hotmail hotmeyl icloud jimeyl live maynet msn
    mynet outlook proton protonmail superonline ttmail windowslive yaho yahoo yahu yandeks yandex
""")
)
_TWO_WORDS = {
    ("g", "mail"),
    ("ci", "mail"),
    ("ci", "meyl"),
    ("hot", "mail"),
    ("hat", "meyl"),
    ("out", "look"),
    ("ay", "cloud"),
}
_TWO_WORDS |= {
    ("i", "cloud"),
    ("ge", "mail"),
    ("je", "mail"),
    ("cey", "mail"),
    ("windows", "live"),
    ("yan", "deks"),
    ("my", "net"),
}
_ENDINGS = words("biz co com comtr de edu gom gov info kom komtr net org tr uk")
_COUNTRY = {("te", "re"), ("t", "r"), ("ti", "ar")}
_ANNOUNCES = tuple(words("mail meyl meyil mayl e-posta eposta posta imeyl email"))
_STOPS = words("""
    adres adresi adresim adresimi adresiniz adresinize alayım atarsanız atın bana ben benim bey bir bitişik bize
    bu buraya buyurun da de değil diye doğru efendim evet eşimin faturayı gönderin görünen hanım harfle hemen
    hepsi hı için işte kayıtlı kayıtta küçük kızımın mesela mi mı o olarak oraya oğlumun pardon peki saniye size
    sizin söyleyeyim söylüyorum tamam var ve veriyorum ya yani yazar yazın yazıyorum yok zaman ıı ııı şey şu
    şöyle
""")
_Local = tuple[str, ...]
"""The words before the at-sign."""
_LOCAL_TOKENS = 12
_LOOSE_WORDS = 2
"""Words before the at-sign that no dot joins, where nothing announces the address."""
_TURNS_NEAR = 6
_LONG_ENOUGH = 6
_SHORT_TURN = 5
"""A one-word local part counts as said again only in a turn of so few words: it may be any word."""


def email_spans(turns: Sequence[Said], tokens: Sequence[Sequence[Token]]) -> Iterator[Span]:
    """Yield the spans of all e-mail addresses."""
    locals_said: dict[tuple[int, _Local], None] = {}  # in order, each once
    taken: list[Span] = []
    for position, (turn, own) in enumerate(zip(turns, tokens, strict=True)):
        taken += [Span(position, match.start(), match.end(), Kind.EMAIL) for match in _WRITTEN.finditer(turn.text)]
        announced = _announced_from(own)
        earlier: Sequence[Token] | None = None
        for place, token in enumerate(own):
            if token.text not in _AT or not (end := _domain_end(own, place)):
                continue
            start = _local_start(own, place, announced)
            local = own[start:place]
            taken.append(Span(position, own[start].start, own[end - 1].end, Kind.EMAIL))
            if not local:
                earlier = _earlier_local(tokens, position) if earlier is None else earlier
                local = earlier
                taken += [Span(local[0].turn, local[0].start, local[-1].end, Kind.EMAIL)] if local else []
            locals_said[position, tuple(token.text for token in local)] = None
    yield from taken
    yield from _said_again(tokens, locals_said, disjoint(taken))


def email_places(turns: Sequence[Said], tokens: Sequence[Sequence[Token]]) -> Iterator[int]:
    """Yield the positions of all turns that may hold an address or a part of it: those near an at-sign."""
    for position, (turn, own) in enumerate(zip(turns, tokens, strict=True)):
        if "@" in turn.text or any(token.text in _AT for token in own):
            yield from range(max(0, position - _TURNS_NEAR), min(len(turns), position + _TURNS_NEAR + 1))


def _domain_end(own: Sequence[Token], at: int) -> int | None:
    """Return the place after the domain that follows an at-sign; None where none follows."""
    place = at + 1
    texts = [token.text for token in own[place : place + 10]]
    if texts[:1] in (["a"], ["işareti"]):  # kuyruklu a
        texts, place = texts[1:], place + 1
        if texts[:1] == ["işareti"]:
            texts, place = texts[1:], place + 1
    named = next((length for length in (1, 2) if _is_provider(texts[:length])), 0)
    used = named or _unknown_host(texts)
    if not used:
        return None
    while used < len(texts):
        if texts[used] in _DOTS and texts[used + 1 : used + 2] and texts[used + 1] in _ENDINGS:
            used += 2
        elif texts[used] in _DOTS and tuple(texts[used + 1 : used + 3]) in _COUNTRY:
            used += 3
        elif texts[used] in _ENDINGS - {"de", "co", "biz"}:  # the dot was not heard
            used += 1
        else:
            break
    return place + used


def _is_provider(words: Sequence[str]) -> bool:
    return (len(words) == 1 and words[0].startswith(_PROVIDERS)) or tuple(words) in _TWO_WORDS


def _unknown_host(texts: Sequence[str]) -> int:
    """Return of how many words a host is that no list knows: those before the dot and its ending."""
    for length in (1, 2, 3):
        if texts[length : length + 1] and texts[length] in _DOTS and texts[length + 1 : length + 2]:
            return length if texts[length + 1] in _ENDINGS or _is_short(texts[length + 1]) else 0
    return 0


def _is_short(text: str) -> bool:
    return text in {"komda", "comda", "k", "ko"}


def _announced_from(own: Sequence[Token]) -> int:
    """Return the place after the first word of a turn that announces an address."""
    announces = (token.text.startswith(_ANNOUNCES) or token.text in {"adresim", "adresi"} for token in own)
    return next((place for place, found in enumerate(announces, start=1) if found), len(own) + 1)


def _local_start(own: Sequence[Token], at: int, announced: int) -> int:
    start, loose = at, 0
    while start > 0 and at - start < _LOCAL_TOKENS:
        text, joined = own[start - 1].text, start < at and own[start].text in _JOINERS
        if not own[start - 1].digits and (text in _STOPS or text.startswith(_ANNOUNCES)):
            break
        spelled = len(text) == 1 or own[start - 1].digits or text in _JOINERS
        if not (joined or spelled or announced <= at):
            if loose == _LOOSE_WORDS or (start < at and own[start].text in _JOINERS):
                break
            loose += 1
        start -= 1
    return start


def _earlier_local(tokens: Sequence[Sequence[Token]], position: int) -> Sequence[Token]:
    """Return the local part that the speaker said at the end of the last turn before."""
    speaker = tokens[position][0].speaker
    for turn in range(position - 1, max(-1, position - 4), -1):
        if tokens[turn] and tokens[turn][0].speaker == speaker:
            own = tokens[turn]
            end = len(own)
            while end and own[end - 1].text in _STOPS:
                end -= 1
            return own[_local_start(own, end, _announced_from(own)) : end]
    return ()


def _said_again(
    tokens: Sequence[Sequence[Token]], said: Iterable[tuple[int, _Local]], taken: Iterable[Span]
) -> Iterator[Span]:
    """Yield where the local part of an address is said again near it: the whole, or words of it and what joins them."""
    near: dict[int, set[_Local]] = {}
    for position, local in said:
        parts = _telling_parts(local)
        for turn in range(max(0, position - _TURNS_NEAR), min(len(tokens), position + _TURNS_NEAR + 1)):
            if len(local) > 1 or len(tokens[turn]) <= _SHORT_TURN:
                near.setdefault(turn, set()).update(parts)
    own = by_turn(taken)
    for turn, parts in near.items():
        yield from (span for span in _found(tokens[turn], parts) if not meets(span, own.get(turn, ())))


def _telling_parts(local: _Local) -> Set[_Local]:
    if len(local) == 1:
        return {local} if len(local[0]) >= _LONG_ENOUGH else set()
    parts = {local[first:last] for first in range(len(local)) for last in range(first + 2, len(local) + 1)}
    return {part for part in parts if part == local or not _JOINERS.isdisjoint(part)}


def _found(turn: Sequence[Token], parts: Set[_Local]) -> Iterator[Span]:
    """Yield the longest part that begins at each place of a turn; they may overlap."""
    texts, longest = [token.text for token in turn], max(map(len, parts), default=0)
    for place in range(len(texts)):
        for length in range(min(longest, len(texts) - place), 0, -1):
            if tuple(texts[place : place + length]) in parts:
                yield Span(turn[place].turn, turn[place].start, turn[place + length - 1].end, Kind.EMAIL)
                break
