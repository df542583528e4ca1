"""The parts of an e-mail address in one turn, by what is known of the addresses of the call."""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field

from agents.transcribe.languages.text import words
from agents.transcribe.languages.tr.letters import lowered
from agents.transcribe.languages.tr.redaction import naming
from agents.transcribe.languages.tr.redaction.emailing import (
    AT,
    CORRECTS,
    ENDINGS,
    ENDS_ALONE,
    FILLING,
    JOINERS,
    LONG_ENOUGH,
    STOPS,
    after,
    before,
    flat,
    folded,
    is_at_alone,
    is_joiner,
    is_word,
    provider,
    with_endings,
    wordings,
)
from agents.transcribe.languages.tr.redaction.spelling import letter_runs, letters_at
from agents.transcribe.languages.tr.redaction.tokens import Token

PARTICLES = words("mi mı mu mü değil yok var da de ile yerine")

_VOWELS = "aeıioöuü"

_FORMED = words("noktalı noktasız")

_TWO_LETTERS = 2

_LEADING_WORDS = 4

_INNER_WORDS = 3

TURNS_NEAR = 6

_REMEMBERED = 6

_SHORT_TURN = 4

_LOOSE_WORDS = 2
"""Words of a turn that may go on with an address that is not yet whole, though nothing in it says so."""


@dataclass
class Call:
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
            position - at <= TURNS_NEAR
            and (
                (len(text) >= LONG_ENOUGH and any(part in flat for part in wordings(text)))
                or (len(text) == LONG_ENOUGH - 1 and flat.startswith(text))
                or (len(text) > 1 and (text in own or (token.digits and text in flat)))
            )
            for at, flat, own in self.said
        )

    def has_digits(self, position: int, digits: str) -> bool:
        """Return whether digits are a part of an address that was said near."""
        return any(position - at <= TURNS_NEAR and digits in flat for at, flat, _ in self.said)


def pieces(own: Sequence[Token], call: Call, position: int, fills: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Yield the parts of an address in a turn that is expected to hold one."""
    sure = _sure_places(own, call, position)
    place = 0
    while place < len(own):
        if place not in sure:
            place += 1
            continue
        first = place
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
        end = _piece_end(own, place, sure, fills)
        if not call.is_whole and letters_at(own, end - 1)[1] and _ends_in_words(own[end:]):
            end = len(own)  # "m r t mobilya"
        alone = is_at_alone([token.text for token in own]) and own[0].speaker != call.asked[0]
        if alone or _is_of_address(own, first, end, sure):
            yield first, end
        place = max(end, place + 1)


def _piece_end(own: Sequence[Token], place: int, sure: Set[int], fills: frozenset[str]) -> int:
    """Return the end of the piece with something sure at a place."""
    end, gap = place + 1, 0
    for other in range(place + 1, len(own)):
        if other in sure:
            end, gap = other + 1, 0
        elif own[other].text in fills:
            continue
        elif own[other - 1].text in JOINERS and own[other].text.isalnum() and own[other].text not in PARTICLES:
            end, gap = other + 1, 0
        elif is_word(own[other]) and not own[other].digits and gap < _INNER_WORDS:
            gap += 1
            if own[other - 1].text in JOINERS | AT:
                end = other + 1
        else:
            break
    return end


def _ends_in_words(rest: Sequence[Token]) -> bool:
    """Return whether a turn ends with a word or two that an address may have."""
    return len(rest) <= _LOOSE_WORDS and all(is_word(token) and not token.digits for token in rest)


def _is_of_address(own: Sequence[Token], first: int, end: int, sure: Set[int]) -> bool:
    """Return whether a stretch has more than joiners: something sure, or a word that is joined."""
    if any(place in sure and own[place].text not in JOINERS | AT for place in range(first, end)):
        return True
    return any(token.text in JOINERS for token in own[first:end]) and any(map(is_word, own[first:end]))


def answer(own: Sequence[Token], call: Call, position: int) -> Iterator[tuple[int, int]]:
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


def _sure_places(own: Sequence[Token], call: Call, position: int) -> set[int]:
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
    add_digits(own, call, position, sure)
    for run in letter_runs(own):
        single = run.end - run.first == 1 and len(texts[run.first]) == 1 and texts[run.first] not in _VOWELS
        single = single and not any(other.digits for other in own[max(0, run.first - 1) : run.end + 1])
        formed = not _FORMED.isdisjoint(texts[max(0, run.first - 1) : run.end + 1])
        joined = before(texts, run.first) in sure or after(texts, run.end) in sure
        if run.certain or single or formed or joined or (len(run.text) > 1 and _all_single(own[run.first : run.end])):
            sure.update(range(run.first, run.end))
    add_digits(own, call, position, sure)
    return sure


def add_digits(own: Sequence[Token], call: Call, position: int, sure: set[int]) -> None:
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


def merged(own: Sequence[Token], parts: Sequence[tuple[int, int]], fills: frozenset[str]) -> list[tuple[int, int]]:
    """Return the parts in order, those that overlap or have only a filling between them as one."""
    merged: list[tuple[int, int]] = []
    for first, end in sorted(parts):
        if merged and all(token.text in fills for token in own[merged[-1][1] : first]):
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((first, end))
    return merged
