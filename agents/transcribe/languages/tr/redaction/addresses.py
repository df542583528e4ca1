"""Addresses: streets with what tells the door, and whatever part is asked for, said again, or told as a way to go."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from agents.transcribe.languages.tr.redaction import naming, places
from agents.transcribe.languages.tr.redaction.address_parts import (
    DOOR_DIGITS,
    NAME_WORDS,
    Part,
    Sign,
    clusters,
    may_be_part,
    name_start,
    number_end,
    numbers_end,
    parts,
    tail,
)
from agents.transcribe.languages.tr.redaction.places import STOPS
from agents.transcribe.languages.tr.redaction.spelling import letters_at
from agents.transcribe.languages.tr.redaction.tokens import Token
from agents.transcribe.redaction.spans import Kind, Said, Span

_GAP_WORDS = 4

_ASKED_GAP_WORDS = 6

_ASKED_TURNS = 3

_GOES_ON_TURNS = 4

_SHORT_ANSWER = 4

_CARS = ("araç", "arac", "arab")

_SHORT_TURN = 8

_ASKED_NAME_WORDS = 6

_LONG_ENOUGH = 5

_REST_WORDS = 3

_STRONG = {Sign.STREET, Sign.NUMBER, Sign.SIDE}


class _Talk:
    """Whether an address is talked of, turn by turn."""

    def __init__(self) -> None:
        self._asked = self._found = -_ASKED_TURNS - _GOES_ON_TURNS
        self._speaker = ""
        self.said: set[str] = set()
        """Names and numbers of the address."""
        self.question = ""
        """The words of the last question for an address or a part of it."""

    def is_asked(self, position: int) -> bool:
        """Return whether a turn may answer a question."""
        return position - self._asked <= _ASKED_TURNS

    def is_answer(self, position: int, own: Sequence[Token]) -> bool:
        """Return whether a turn is the first after a question, or after a part of an address, by the other speaker."""
        near = position - max(self._asked, self._found) == 1 and position - self._asked <= _ASKED_TURNS
        return bool(own) and near and own[0].speaker != self._speaker

    def was_told(self, position: int) -> bool:
        """Return whether a part of an address was told in the turn before."""
        return position - self._found == 1

    def goes_on(self, position: int) -> bool:
        """Return whether an address was told shortly before."""
        return position - self._found <= _GOES_ON_TURNS

    def hear(self, position: int, own: Sequence[Token], found: Sequence[tuple[int, int]]) -> None:
        """Go on to the next turn, in which parts were found."""
        if found:
            self._found = position
            told = (token for first, end in found for token in own[first:end])
            self.said |= {token.digits or token.text for token in told if _tells_apart(token)}
        text = " ".join(token.text for token in own)
        last = own[-1].text if own else ""
        ends = max((end for _, end in found), default=0) == len(own)
        follows = found or (len(own) < _REST_WORDS and self.goes_on(position))
        goes_on = last in places.QUESTIONS and follows and not ends
        has_number = self.goes_on(position) and places.HAS_NUMBER.search(text)
        if goes_on or has_number or (places.asks(text) and not found):
            self._asked = position
            self._speaker = own[0].speaker
            self.question = last if goes_on else places.NO_ADDRESS.sub("", text)
        elif places.OTHER_TOPICS.search(text):
            self._asked = self._found = -_ASKED_TURNS - _GOES_ON_TURNS


def address_spans(turns: Sequence[Said], tokens: Sequence[Sequence[Token]]) -> Iterator[Span]:
    """Yield the spans of all addresses; a district, a floor or a door number that nobody asked for is none."""
    del turns
    talk = _Talk()
    spans: list[Span] = []
    told = False
    for position, own in enumerate(tokens):
        told_here = parts(own)
        found = _merged(own, [*_alone(own, told_here), *_told(own, told_here, talk, position)])
        spans += (Span(position, own[first].start, own[end - 1].end, Kind.ADDRESS) for first, end in found)
        told = told or any(not _is_place_only(own[first:end]) for first, end in found)
        talk.hear(position, own, found)
    yield from spans if told else ()


def _rest(own: Sequence[Token], end: int) -> int:
    """Return the end of a turn where only a few words of the address are left to it."""
    rest = own[end : end + _REST_WORDS + 1]
    taken = 0
    while taken < len(rest) and _goes_on(rest[taken].text) and may_be_part(rest[taken]):
        taken += 1
    asks = own[-1].text in places.QUESTIONS
    return end + taken - (asks and taken > 0) if taken <= _REST_WORDS and taken == len(rest) else end


def _goes_on(text: str) -> bool:
    return (
        text not in naming.RELATIVES | {"zil"}
        and not places.NAMEPLATE.match(text)
        and not naming.names().is_certain(text)
        and not places.OTHER_TOPICS.match(text)
    )


def _is_place_only(part: Sequence[Token]) -> bool:
    """Return whether a part is districts or cities, which alone lead to no door."""
    return all(
        places.places().is_place(token.text) or token.text in places.CORRECTS or token.text.startswith("taraf")
        for token in part
    )


def address_places(turns: Sequence[Said], tokens: Sequence[Sequence[Token]]) -> Iterator[int]:
    """Yield the positions of all turns that may hold an address or a part of it: with a word of one, or near one."""
    del turns
    last = -_GOES_ON_TURNS - 1
    for position, own in enumerate(tokens):
        if any(_tells(token.text) for token in own) or places.asks(" ".join(token.text for token in own)):
            last = position
        if position - last <= _GOES_ON_TURNS:
            yield position


def _tells(text: str) -> bool:
    listed = (
        text in places.NUMBERED or text in places.NUMBERED_AFTER or text in places.ANNOUNCES or places.is_side(text)
    )
    return listed or bool(places.STREET.fullmatch(text)) or places.places().is_place(text)


def _alone(own: Sequence[Token], said: Sequence[Part]) -> Iterator[tuple[int, int]]:
    """Yield the addresses that need no question: a street with a number, a side or another street."""
    for cluster in clusters(own, said, _GAP_WORDS):
        streets = [part for part in cluster if part.sign is Sign.STREET]
        numbers = [part for part in cluster if part.sign is Sign.NUMBER]
        named = [part for part in streets if own[part.first].text not in places.BARE]
        numbered = any(part.end > part.first + 1 for part in streets)
        if streets and (numbers or numbered or (len(streets) > 1 and named)):
            yield name_start(own, cluster[0], NAME_WORDS), tail(own, cluster[-1].end)
        elif not streets and _is_estate(own, numbers):
            yield name_start(own, replace(cluster[0], sign=Sign.STREET), NAME_WORDS), tail(own, cluster[-1].end)


def _is_estate(own: Sequence[Token], numbers: Sequence[Part]) -> bool:
    """Return whether numbers are a house's among others and a flat's in it: ``ikinci etap c yedi daire on dokuz``."""
    said = {token.text for part in numbers for token in own[part.first : part.end]}
    return not said.isdisjoint(places.HOUSES) and not said.isdisjoint(places.FLATS)


def _told(own: Sequence[Token], said: Sequence[Part], talk: _Talk, position: int) -> Iterator[tuple[int, int]]:
    """Yield what is told of an address that somebody asked for, announces, or goes on with."""
    announced = next((place for place, token in enumerate(own, start=1) if token.text in places.ANNOUNCES), None)
    asked = talk.is_asked(position)
    if asked or announced is not None or talk.goes_on(position):
        short = len(own) <= _SHORT_TURN
        wide = _ASKED_NAME_WORDS if asked or short or announced is not None else NAME_WORDS
        for cluster in clusters(own, said, _ASKED_GAP_WORDS if asked else _GAP_WORDS):
            signs = {part.sign for part in cluster}
            if signs == {Sign.SIDE} and not asked and any(token.text.startswith(_CARS) for token in own):
                continue
            if signs & _STRONG or (asked and len(cluster) > 1) or (asked and signs == {Sign.PLACE}):
                end = tail(own, cluster[-1].end)
                yield name_start(own, cluster[0], wide), _rest(own, end) if asked or announced is not None else end
    if talk.is_answer(position, own):
        yield from _answer(own, talk.question)
    about_name = any(token.text.startswith(naming.ASKED) for token in own)
    if talk.goes_on(position) and len(own) <= _SHORT_TURN and not about_name:
        yield from _again(own, talk.said)
    if talk.was_told(position) and any(token.text == "değil" for token in own[:_SHORT_TURN]):
        end = numbers_end(own, 0)
        yield from [(0, end + (end < len(own) and own[end].text == "değil"))] if end else ()


def _again(own: Sequence[Token], said: set[str]) -> Iterator[tuple[int, int]]:
    """Yield the names and numbers of an address that are said again in a short turn."""
    for place, token in enumerate(own):
        if (token.digits or token.text) in said and _tells_apart(token):
            end = max(number_end(own, place, bare=True), place + 1)
            if end == len(own) or not places.UNITS.fullmatch(own[end].text):
                before = own[place - 1].text if place else ""
                named = before not in STOPS and (len(before) == 1 or before in places.HOUSES)
                yield place - named, end


def _tells_apart(token: Token) -> bool:
    """Return whether a token is what one address has and others have not."""
    if token.digits:
        return token.digits != "1" and len(token.digits) <= DOOR_DIGITS
    text = token.text
    listed = text in places.ROUTE | places.THINGS | places.NUMBERED | places.COLOURS | places.FLOOR
    general = places.STREET.fullmatch(text) or places.LANDMARKS.fullmatch(text) or places.places().is_place(text)
    return len(text) >= _LONG_ENOUGH and not (listed or general or places.is_side(text)) and may_be_part(token)


def _answer(own: Sequence[Token], question: str) -> Iterator[tuple[int, int]]:
    """Yield a bare answer: a name where a street or a district was asked for, a number where a door or a floor was."""
    first = 0
    while first < len(own) and own[first].text in STOPS:
        first += 1
    if first == len(own) and own[-1].digits == "1":
        first -= 1  # "bir", which hesitates elsewhere
    numbers = numbers_end(own, first)
    asks_number = places.ASKS_NUMBER.search(question)
    if asks_number and numbers > first:
        yield first, numbers
        yield from _said_otherwise(own, own[first].digits, numbers)
        return
    spelt = letters_at(own, first)[0] if first < len(own) and "blok" in question else first
    if spelt > first and all(token.text in STOPS for token in own[spelt:]):
        yield first, spelt
        return
    end = first
    while end < len(own) and may_be_part(own[end]):
        end += 1
    rest = [token.text for token in own[end:]]
    texts = [token.text for token in own[first:end]]
    if all(text in places.ROUTE | places.COLOURS | places.QUESTIONS for text in texts):
        return
    if end - first > _SHORT_ANSWER or len(own) > _SHORT_TURN or not all(text in STOPS for text in rest):
        return
    other = places.OTHER_TOPICS.search(" ".join(texts)) or not naming.TITLES_NEAR.isdisjoint(rest + texts)
    if not other and numbers == first and places.ASKS_NAMED.search(question) and not naming.ASKS_NAME.search(question):
        yield first, end


def _said_otherwise(own: Sequence[Token], digits: str, first: int) -> Iterator[tuple[int, int]]:
    """Yield where an answer gives its number once more with another letter: ``59 c … 59 e de olabilir``."""
    for place in range(first, len(own)):
        if digits and own[place].digits == digits and not own[(end := number_end(own, place)) - 1].digits:
            yield place, end


def _merged(own: Sequence[Token], found: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, end in sorted(found):
        if merged and first <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((first, end))
    return merged
