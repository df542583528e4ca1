"""E-mail addresses: written, or dictated in any mixture of words, letters and digits, over turns, and said again."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from agents.transcribe.redaction import naming
from agents.transcribe.redaction.emailing import (
    ANNOUNCES,
    ALTERNATIVES,
    AT,
    CORRECTS,
    ENDINGS,
    ENDS_ALONE,
    FILLING,
    JOINERS,
    LONG_ENOUGH,
    PROVIDERS,
    STOPS,
    addresses,
    after,
    before,
    flat,
    folded,
    is_at_alone,
    is_joiner,
    is_word,
    local_start,
    provider,
    spelt_places,
    with_endings,
    wordings,
)
from agents.transcribe.redaction.spans import Kind, Said, Span
from agents.transcribe.redaction.spelling import letter_runs
from agents.transcribe.redaction.tokens import Token
from agents.transcribe.turkish import lowered, words

_WRITTEN = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}(?:\s?@\s?|\s?[(\[](?:at|@)[)\]]\s?)[\w-]{1,63}(?:(?:\.|\s?[(\[](?:dot"
    r"|nokta)[)\]]\s?)[\w-]{1,63}){1,4}"
)

_AT_SIGN = re.compile(r"@|[(\[]at[)\]]")

_OTHER_TOPICS = re.compile(
    r"\b(?:telefon|cep num|plaka|iban|hesa[pb]|kart|kimlik|tc\b|araç|araba|otopark|soyad|ismi|isim"
    r"|ad(?:ınız|resiniz)\b|kapı num)"
)

_PARTICLES = words("mi mı mu mü değil yok var da de ile yerine")

_VOWELS = "aeıioöuü"

_FORMED = words("noktalı noktasız")

_TWO_LETTERS = 2

_LEADING_WORDS = 4

_INNER_WORDS = 3

_OPEN_TURNS = 3

_TURNS_NEAR = 6

_REMEMBERED = 6

_SHORT_TURN = 4

_LOOSE_WORDS = 2
"""Words of a turn that may go on with an address that is not yet whole, though nothing in it says so."""


@dataclass
class _Call:
    """What is known of the addresses of a call, turn by turn."""

    open_until: int = -1
    """Last turn in which a part of an address is expected."""
    asked: tuple[str, int] = "", -1
    """Who spoke of an address last, and in which turn."""
    is_whole: bool = False
    """Whether the host of the address that is spoken of was said."""
    said: list[tuple[int, str, frozenset[str]]] = field(default_factory=list)
    """The last addresses: the turn, all letters and digits run together, the words."""

    def remember(self, position: int, part: Sequence[Token]) -> None:
        """Know an address that was dictated."""
        own = frozenset(folded(token.text) for token in part if is_word(token) and token.text not in JOINERS | AT)
        self._know(position, flat(part), own)

    def remember_text(self, position: int, text: str) -> None:
        """Know an address that was written."""
        own = re.findall(r"[^\W_]+", folded(lowered(text)))
        self._know(position, "".join(own), frozenset(word for word in own if word not in ENDINGS))

    def _know(self, position: int, flat: str, own: frozenset[str]) -> None:
        if len(flat) > 1:
            others = [known for known in self.said if known[1:] != (flat, own)]
            self.said = [*others[1 - _REMEMBERED :], (position, flat, own)]

    def is_again(self, position: int, token: Token) -> bool:
        """Return whether a word or a number is a part of an address that was said near it."""
        text = token.digits or folded(token.text)
        if token.text in STOPS and not token.digits:
            return False
        return any(
            position - at <= _TURNS_NEAR
            and (
                (len(text) >= LONG_ENOUGH and any(part in flat for part in wordings(text)))
                or (len(text) == LONG_ENOUGH - 1 and flat.startswith(text))
                or (len(text) > 1 and (text in own or (token.digits and text in flat)))
            )
            for at, flat, own in self.said
        )

    def has_digits(self, position: int, digits: str) -> bool:
        """Return whether digits are a part of an address that was said near."""
        return any(position - at <= _TURNS_NEAR and digits in flat for at, flat, _ in self.said)


_SPOKEN_AT = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}\s(?:et|at)\s(?:[\w-]{1,63}\.){1,3}"
    r"(?:com|net|org|info|gov|edu|biz|io|tr|de)(?:\.tr)?(?![\w.-])",
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
        asks_which = any(token.text.startswith(PROVIDERS) for token in own) and own[-1].text in _PARTICLES
        if announced or written:
            call.is_whole = False
            call.open_until = position + _OPEN_TURNS
            call.asked = own[0].speaker if announced and own else "", position
        elif _changes_topic(own):
            call.open_until = -1
        is_open = position <= call.open_until
        parts = addresses(own, announced or int(is_open))
        if is_open or parts:
            fills = FILLING | CORRECTS if parts else FILLING
            for first, end in parts:
                call.remember(position, own[first:end])
            parts = [*parts, *_pieces(own, call, position, fills), *_answer(own, call, position)]
            parts = _merged(own, parts, fills | ALTERNATIVES)
        for first, end in parts:
            call.remember(position, own[first:end])
            if _has_no_name(own[first:end]):
                yield from _earlier(tokens, position, call)
            call.is_whole = call.is_whole or _has_host(own[first:end])
            call.open_until = max(call.open_until, position + _OPEN_TURNS)
            yield Span(position, own[first].start, own[end - 1].end, Kind.EMAIL)
        if asks_which:
            call.open_until = max(call.open_until, position + 1)
        for text in written:
            call.remember_text(position, text)


def email_places(turns: Sequence[Said], tokens: Sequence[Sequence[Token]]) -> Iterator[int]:
    """Yield the positions of all turns that may hold an address or a part of it: near an announcement or an at-sign."""
    last = None
    for position, (turn, own) in enumerate(zip(turns, tokens, strict=True)):
        if _AT_SIGN.search(turn.text) or any(token.text in AT or token.text.startswith(ANNOUNCES) for token in own):
            yield from range(max(0, position - _TURNS_NEAR, -1 if last is None else last + 1), position)
            last = position + _TURNS_NEAR
        if last is not None and position <= last:
            yield position


def _has_no_name(part: Sequence[Token]) -> bool:
    """Return whether an address begins with its at-sign, or with digits before it."""
    at = next((place for place, token in enumerate(part) if token.text in AT), None)
    return at is not None and all(token.digits for token in part[:at])


def _has_host(part: Sequence[Token]) -> bool:
    """Return whether a part has a provider, or an ending after its at-sign: nothing is left to say."""
    texts = [token.text for token in part]
    return any(provider(texts[place:]) or texts[place] in ENDS_ALONE for place in range(len(texts)))


def _changes_topic(own: Sequence[Token]) -> bool:
    """Return whether a turn asks for something else, and says nothing that an address is made of."""
    texts = [token.text for token in own]
    return bool(_OTHER_TOPICS.search(" ".join(texts))) and (JOINERS | AT).isdisjoint(texts)


def _announced(own: Sequence[Token]) -> int:
    """Return the place after the first word of a turn that announces an address; 0: none does."""
    return next((place for place, token in enumerate(own, start=1) if token.text.startswith(ANNOUNCES)), 0)


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
            and (is_word(own[first - 1]) or own[first - 1].text in fills)
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
            elif own[other - 1].text in JOINERS and own[other].text.isalnum() and own[other].text not in _PARTICLES:
                end, gap = other + 1, 0
            elif is_word(own[other]) and not own[other].digits and gap < _INNER_WORDS:
                gap += 1
                if own[other - 1].text in JOINERS | AT:
                    end = other + 1
            else:
                break
        if any(other in sure and own[other].text not in JOINERS | AT for other in range(first, end)) or (
            any(token.text in JOINERS for token in own[first:end]) and any(map(is_word, own[first:end]))
        ):
            yield first, end
        place = max(end, place + 1)


def _answer(own: Sequence[Token], call: _Call, position: int) -> Iterator[tuple[int, int]]:
    """Yield a turn that is all words which an address may have, right after the other speaker spoke of one."""
    speaker, asked = call.asked
    places = [place for place, token in enumerate(own) if token.text not in FILLING | CORRECTS]
    awaited = asked == position - 1
    goes_on = not call.is_whole and any(asked < at < position for at, *_ in call.said)
    if not (awaited or goes_on) or not places or own[0].speaker == speaker:
        return
    if len(places) > (_SHORT_TURN if awaited else _LOOSE_WORDS):
        return
    if all(is_word(own[place]) or own[place].text in JOINERS | AT for place in places):
        yield places[0], places[-1] + 1


def _sure_places(own: Sequence[Token], call: _Call, position: int) -> set[int]:
    """Return the places of what an address is made of: joiners, providers, letters, their digits, words said before."""
    sure: set[int] = set()
    texts = [token.text for token in own]
    for place, text in enumerate(texts):
        if used := provider(texts[place : place + 2]):
            sure.update(range(place, place + with_endings(texts[place : place + 12], used)))
        elif (
            is_joiner(texts, place)
            or (text in AT and 0 < place < len(own) - 1 and is_word(own[place + 1]))
            or (text in AT and is_at_alone(texts))
            or (text in ENDS_ALONE and (len(own) <= _SHORT_TURN or before(texts, place) in sure))
            or (text in CORRECTS and len("".join(texts[place - 1 : place + 2 : 2])) == _TWO_LETTERS)  # ş değil s
            or (call.is_again(position, own[place]) and naming.TITLES.isdisjoint(texts[place + 1 : place + 2]))
        ):
            sure.add(place)
    _add_digits(own, call, position, sure)
    for run in letter_runs(own):
        single = run.end - run.first == 1 and len(texts[run.first]) == 1 and texts[run.first] not in _VOWELS
        single = single and not any(other.digits for other in own[max(0, run.first - 1) : run.end + 1])
        formed = not _FORMED.isdisjoint(texts[max(0, run.first - 1) : run.end + 1])
        joined = before(texts, run.first) in sure or after(texts, run.end) in sure
        if run.certain or single or formed or joined or (len(run.text) > 1 and _all_single(own[run.first : run.end])):
            sure.update(range(run.first, run.end))
    _add_digits(own, call, position, sure)
    return sure


def _add_digits(own: Sequence[Token], call: _Call, position: int, sure: set[int]) -> None:
    """Add the numbers beside something sure, and those that were said before."""
    place = 0
    while place < len(own):
        end = place
        while end < len(own) and own[end].digits and not own[end].measures:
            end += 1
        if end > place:
            digits = "".join(token.digits for token in own[place:end])
            at_follows = end < len(own) and own[end].text in AT
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
        while end and own[end - 1].text in STOPS:
            end -= 1
        first = local_start(own, end, _announced(own), spelt_places(own)) if end else 0
        if first < end:
            call.remember(turn, own[first:end])
            yield Span(turn, own[first].start, own[end - 1].end, Kind.EMAIL)
            for between in range(turn + 1, position):  # the other speaker says it back
                again = {place for place, token in enumerate(tokens[between]) if call.is_again(between, token)}
                _add_digits(tokens[between], call, between, again)
                yield from (
                    Span(between, own.start, own.end, Kind.EMAIL) for own in map(tokens[between].__getitem__, again)
                )
        return
