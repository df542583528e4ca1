"""E-mail addresses: written, or dictated in any mixture of words, letters and digits, over turns, and said again."""

import re
from collections.abc import Iterator, Sequence

from agents.transcribe.languages.tr.redaction.email_parts import (
    PARTICLES,
    TURNS_NEAR,
    Call,
    add_digits,
    answer,
    merged,
    pieces,
)
from agents.transcribe.languages.tr.redaction.emailing import (
    ALTERNATIVES,
    ANNOUNCES,
    AT,
    CORRECTS,
    ENDS_ALONE,
    FILLING,
    JOINERS,
    PROVIDERS,
    STOPS,
    addresses,
    local_start,
    provider,
    spelt_places,
)
from agents.transcribe.languages.tr.redaction.tokens import Token
from agents.transcribe.redaction.spans import Kind, Said, Span

_WRITTEN = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}(?:\s?@\s?|\s?[(\[](?:at|@)[)\]]\s?)[\w-]{1,63}(?:(?:\.|\s?[(\[](?:dot"
    r"|nokta)[)\]]\s?)[\w-]{1,63}){1,4}"
)

_AT_SIGN = re.compile(r"@|[(\[]at[)\]]")

_OTHER_TOPICS = re.compile(
    r"\b(?:telefon|cep num|plaka|iban|hesa[pb]|kart|kimlik|tc\b|araç|araba|otopark|soyad|ismi|isim"
    r"|ad(?:ınız|resiniz)\b|kapı num)"
)

_OPEN_TURNS = 3

_SPOKEN_AT = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}\s(?:et|at)\s(?:[\w-]{1,63}\.){1,3}"
    r"(?:com|net|org|info|gov|edu|biz|io|tr|de)(?:\.tr)?(?![\w.-])",
    re.IGNORECASE,
)


def email_spans(turns: Sequence[Said], tokens: Sequence[Sequence[Token]]) -> Iterator[Span]:
    """Yield the spans of all e-mail addresses."""
    call = Call()
    for position, (turn, own) in enumerate(zip(turns, tokens, strict=True)):
        written: list[str] = []
        for match in (*_WRITTEN.finditer(turn.text), *_SPOKEN_AT.finditer(turn.text)):
            written.append(match[0])
            yield Span(position, match.start(), match.end(), Kind.EMAIL)
        announced = _announced(own)
        asks_which = any(token.text.startswith(PROVIDERS) for token in own) and own[-1].text in PARTICLES
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
            parts = [*parts, *pieces(own, call, position, fills), *answer(own, call, position)]
            parts = merged(own, parts, fills | ALTERNATIVES)
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
            yield from range(max(0, position - TURNS_NEAR, -1 if last is None else last + 1), position)
            last = position + TURNS_NEAR
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


def _earlier(tokens: Sequence[Sequence[Token]], position: int, call: Call) -> Iterator[Span]:
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
                add_digits(tokens[between], call, between, again)
                yield from (
                    Span(between, own.start, own.end, Kind.EMAIL) for own in map(tokens[between].__getitem__, again)
                )
        return
