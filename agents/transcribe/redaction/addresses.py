"""Addresses: streets with what tells the door, and whatever part is asked for, said again, or told as a way to go."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from agents.transcribe.redaction import naming, places
from agents.transcribe.redaction.places import STOPS
from agents.transcribe.redaction.spans import Kind, Said, Span
from agents.transcribe.redaction.spelling import letters_at
from agents.transcribe.redaction.tokens import Token
from agents.transcribe.turkish import words

_NAME_WORDS = 4
_GAP_WORDS = 4
_ASKED_GAP_WORDS = 6
_ASKED_TURNS = 3
_GOES_ON_TURNS = 4
_SHORT_ANSWER = 4
_SHORT_TURN = 8
_ASKED_NAME_WORDS = 6
_DOOR_DIGITS = 4
_LONG_ENOUGH = 5
_REST_WORDS = 3
_NUMBER_WORDS = 8
_ATTRIBUTE_WORDS = 3
_OPEN_ENDS = ("daki", "deki", "taki", "teki", "boyalı", "kapılı", "bakan", "katlı")


_LONGEST_LETTER = 4
_SUFFIXES = words("a b c ç d f g h be ce çe cı fe ge")
_NO_BLOCK = words("o e bi ne ya de da ve se ha he ye ay si er el en")
"""Names of letters that are everyday words."""


class _Sign(Enum):
    STREET = "street"
    NUMBER = "number"
    SIDE = "side"
    PLACE = "place"
    WAY = "way"


_STRONG = {_Sign.STREET, _Sign.NUMBER, _Sign.SIDE}


@dataclass(frozen=True)
class _Part:
    """A part of an address in one turn."""

    first: int
    end: int
    sign: _Sign


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
        """Return whether a turn is the first one after a question, or after a part of an address, by the other speaker."""
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
            self.said |= {token.digits or token.text for first, end in found for token in own[first:end] if _tells_apart(token)}
        text = " ".join(token.text for token in own)
        if places.asks(text) and not found:
            self._asked = position
            self._speaker = own[0].speaker
            self.question = places.NO_ADDRESS.sub("", text)
        elif places.OTHER_TOPICS.search(text):
            self._asked = self._found = -_ASKED_TURNS - _GOES_ON_TURNS


def address_spans(turns: Sequence[Said], tokens: Sequence[Sequence[Token]]) -> Iterator[Span]:
    """Yield the spans of all addresses; a district, a floor or a door number that nobody asked for is none."""
    del turns
    talk = _Talk()
    spans: list[Span] = []
    told = False
    for position, own in enumerate(tokens):
        parts = _parts(own)
        found = _merged(own, [*_alone(own, parts), *_told(own, parts, talk, position)])
        spans += (Span(position, own[first].start, own[end - 1].end, Kind.ADDRESS) for first, end in found)
        told = told or any(not _is_place_only(own[first:end]) for first, end in found)
        talk.hear(position, own, found)
    yield from spans if told else ()


def _rest(own: Sequence[Token], end: int) -> int:
    """Return the end of a turn where only a few words of the address are left to it."""
    rest = own[end : end + _REST_WORDS + 1]
    taken = 0
    while taken < len(rest) and _goes_on(rest[taken].text) and _may_be_part(rest[taken]):
        taken += 1
    return end + taken if taken <= _REST_WORDS and taken == len(rest) else end


def _goes_on(text: str) -> bool:
    return text not in naming.RELATIVES and not naming.names().is_certain(text) and not places.OTHER_TOPICS.match(text)


def _is_place_only(part: Sequence[Token]) -> bool:
    """Return whether a part is a district or a city, which alone leads to no door."""
    return all(places.places().is_place(token.text) for token in part)


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


def _alone(own: Sequence[Token], parts: Sequence[_Part]) -> Iterator[tuple[int, int]]:
    """Yield the addresses that need no question: a street with a number, a side or another street."""
    for cluster in _clusters(own, parts, _GAP_WORDS):
        streets = [part for part in cluster if part.sign is _Sign.STREET]
        numbers = [part for part in cluster if part.sign is _Sign.NUMBER]
        named = [part for part in streets if own[part.first].text not in places.BARE]
        numbered = any(part.end > part.first + 1 for part in streets)
        if streets and (numbers or numbered or (len(streets) > 1 and named)):
            yield _name_start(own, cluster[0], _NAME_WORDS), _tail(own, cluster[-1].end)


def _told(own: Sequence[Token], parts: Sequence[_Part], talk: _Talk, position: int) -> Iterator[tuple[int, int]]:
    """Yield what is told of an address that somebody asked for, announces, or goes on with."""
    announced = next((place for place, token in enumerate(own, start=1) if token.text in places.ANNOUNCES), None)
    asked = talk.is_asked(position)
    if asked or announced is not None or talk.goes_on(position):
        wide = _ASKED_NAME_WORDS if asked or announced is not None else _NAME_WORDS
        for cluster in _clusters(own, parts, _ASKED_GAP_WORDS if asked else _GAP_WORDS):
            signs = {part.sign for part in cluster}
            if signs == {_Sign.SIDE} and not asked and any(token.text.startswith(("araç", "arac", "arab")) for token in own):
                continue
            if signs & _STRONG or (asked and len(cluster) > 1) or (asked and signs == {_Sign.PLACE}):
                end = _tail(own, cluster[-1].end)
                yield _name_start(own, cluster[0], wide), _rest(own, end) if asked or announced is not None else end
    if talk.is_answer(position, own):
        yield from _answer(own, talk.question)
    if talk.goes_on(position) and len(own) <= _SHORT_TURN:
        yield from _again(own, talk.said)
    if talk.was_told(position) and any(token.text == "değil" for token in own[:_SHORT_TURN]):
        if (end := _numbers_end(own, 0)) > 0:
            yield 0, end + (end < len(own) and own[end].text == "değil")


def _again(own: Sequence[Token], said: set[str]) -> Iterator[tuple[int, int]]:
    """Yield the names and numbers of an address that are said again in a short turn."""
    for place, token in enumerate(own):
        if (token.digits or token.text) in said and _tells_apart(token):
            end = max(_number_end(own, place, bare=True), place + 1)
            if end == len(own) or not places.UNITS.fullmatch(own[end].text):
                yield place, end


def _tells_apart(token: Token) -> bool:
    """Return whether a token is what one address has and others have not."""
    if token.digits:
        return token.digits != "1" and len(token.digits) <= _DOOR_DIGITS
    listed = token.text in places.ROUTE | places.THINGS | places.NUMBERED | places.COLOURS or places.is_side(token.text)
    general = places.STREET.fullmatch(token.text) or places.LANDMARKS.fullmatch(token.text) or places.places().is_place(token.text)
    return len(token.text) >= _LONG_ENOUGH and not listed and not general and token.text not in places.FLOOR and _may_be_part(token)


def _answer(own: Sequence[Token], question: str) -> Iterator[tuple[int, int]]:
    """Yield a bare answer: a name where a street or a district was asked for, a number where a door or a floor was."""
    first = 0
    while first < len(own) and own[first].text in STOPS:
        first += 1
    numbers = _numbers_end(own, first)
    if places.ASKS_NUMBER.search(question) and numbers > first:
        yield first, numbers
        return
    end = first
    while end < len(own) and _may_be_part(own[end]):
        end += 1
    rest = [token.text for token in own[end:]]
    texts = [token.text for token in own[first:end]]
    if all(text in places.ROUTE | places.COLOURS for text in texts):
        return
    if end - first > _SHORT_ANSWER or len(own) > _SHORT_TURN or not all(text in STOPS for text in rest):
        return
    other = places.OTHER_TOPICS.search(" ".join(texts)) or not naming.TITLES_NEAR.isdisjoint(rest + texts)
    if not other and numbers == first and places.ASKS_NAMED.search(question) and not naming.ASKS_NAME.search(question):
        yield first, end


def _numbers_end(own: Sequence[Token], first: int) -> int:
    """Return the place after the door number or the floor that begins at a place, corrected or not."""
    end = place = first
    while place < len(own):
        after = _number_end(own, place)
        if after > place:
            while after < len(own) and own[after].text in places.NUMBERED_AFTER | places.FLOOR:
                after += 1
        elif own[place].text in places.FLOORS and own[place].text not in {"alt", "en"}:
            after = place + 1
            while after < len(own) and own[after].text in places.FLOORS | places.FLOOR:
                after += 1
        if after > place:
            digits = sum(len(token.digits) for token in own[place:after])
            if digits > _DOOR_DIGITS or (after < len(own) and places.UNITS.fullmatch(own[after].text)):
                break
            place = end = after
        elif own[place].text in places.CORRECTS:
            place += 1
        else:
            break
    return end


def _may_be_part(token: Token) -> bool:
    return token.text not in STOPS and "[" not in token.text and not places.VERB.fullmatch(token.text)


def _may_name(token: Token) -> bool:
    """Return whether a word may be the name of the street that follows: a verb (``çıkmaz``) may, too."""
    return (
        token.text not in STOPS
        and token.text.isalnum()
        and "yor" not in token.text
        and not places.STREET.fullmatch(token.text)
    )


def _parts(own: Sequence[Token]) -> list[_Part]:
    """Return the parts of an address that a turn says, in order and disjoint."""
    found: list[_Part] = []
    place = 0
    while place < len(own):
        part = _part_at(own, place)
        if part and found and part.first < found[-1].end:
            part = _Part(found[-1].end, part.end, part.sign) if part.end > found[-1].end else None
        if part:
            while part.sign in {_Sign.STREET, _Sign.NUMBER} and (end := _bare_number(own, part.end)):
                part = _Part(part.first, end, part.sign)
            found.append(part)
        place = max(place + 1, part.end if part else 0)
    return found


def _part_at(own: Sequence[Token], place: int) -> _Part | None:
    text = own[place].text
    before = own[place - 1].text if place else ""
    if places.STREET.fullmatch(text) and place and (own[place - 1].digits or _may_name(own[place - 1])):
        return _Part(place, place + 1, _Sign.STREET)
    if text in places.NUMBERED and (end := _number_end(own, place + 1)) > place + 1:
        return _Part(place, end, _Sign.NUMBER)
    if text == "altı" and place and _is_possessor(own, place):
        return _Part(place - 1, place + 1, _Sign.SIDE)
    if text in {"bölü", "taksim"} and place + 1 < len(own) and (_is_number(own, place + 1) or len(own[place + 1].text) == 1):
        return _Part(place, place + 2, _Sign.NUMBER)
    if (end := _number_end(own, place)) > place:
        if end < len(own) and places.is_numbered_after(own[end].text):
            named = own[end].text in {"nolu", "numaralı"} and end + 1 < len(own) and _may_name(own[end + 1])
            return _Part(place, end + 1 + named, _Sign.NUMBER)
        if any(token.text in places.SLASH for token in own[place:end]):
            return _Part(place, end, _Sign.NUMBER)
        return None
    if text in places.FLOORS:
        end = place + 1
        while end < len(own) and own[end].text in places.FLOORS:
            end += 1
        if end < len(own) and own[end].text in places.FLOOR:
            return _Part(place, end + 1, _Sign.NUMBER)
    if places.is_side(text) and place and (places.LANDMARKS.fullmatch(before) or _is_possessor(own, place)):
        return _Part(place - 1, place + 1, _Sign.SIDE)
    if text in places.THINGS and before in places.ROUTE:
        return _Part(
            place - 1, place + 1, _Sign.SIDE if before not in {"ilk", "son", "iki", "üç", "tek"} else _Sign.WAY
        )
    if places.places().is_place(text):
        return _Part(place, place + 1 + (own[place + 1 : place + 2] != [] and own[place + 1].text == "merkez"), _Sign.PLACE)
    if text in places.ROUTE or places.LANDMARKS.fullmatch(text) or places.is_side(text):
        return _Part(place, place + 1, _Sign.WAY)
    return None


def _bare_number(own: Sequence[Token], place: int) -> int:
    """Return the place after a door number that nothing announces: ``altıncı kat yirmi üç``; 0: none is there."""
    end = _number_end(own, place, bare=True)
    if place < end < len(own) and (places.is_numbered_after(own[end].text) or own[end].text in places.FLOOR):
        end += not (own[end].text in places.NUMBERED and _is_number(own, end + 1))
    digits = sum(len(token.digits) for token in own[place:end])
    unit = end < len(own) and places.UNITS.fullmatch(own[end].text)
    return end if end > place and digits <= _DOOR_DIGITS and not unit and not own[place].after_comma else 0


def _is_possessor(own: Sequence[Token], place: int) -> bool:
    """Return whether the word before a side is what something lies beside: ``pastanenin``, ``eczane'nin``."""
    before = own[place - 1].text
    return before.endswith(("nın", "nin", "nun", "nün", "ın", "in", "un", "ün")) and before not in STOPS and not places.OTHER_TOPICS.match(before)


def _is_number(own: Sequence[Token], place: int) -> bool:
    if place >= len(own):
        return False
    token = own[place]
    return bool(token.digits) or bool(places.NUMBER_WORD.fullmatch(token.text))


def _number_end(own: Sequence[Token], place: int, *, bare: bool = False) -> int:
    """Return the place after a number with what is added to it: ``on yedi bölü a``, ``22 b``, ``dokuz yüz kırk ikinci``."""
    end = place
    while end - place < _NUMBER_WORDS and _is_number(own, end):
        end += 1
    if end == place and not bare and end < len(own):
        after, letter = letters_at(own, end)
        follows = after < len(own) and (bool(own[after].digits) or own[after].text in places.NUMBERED_AFTER)
        placed = follows or (place > 0 and own[place - 1].text in places.NUMBERED)
        if letter and placed and len(own[end].text) < _LONGEST_LETTER and own[end].text not in _NO_BLOCK:
            end = after
    while end > place and end + 1 < len(own) and own[end].text in places.SLASH:
        after = _number_end(own, end + 1) if _is_number(own, end + 1) else end + 2
        if after == end + 2 and len(own[end + 1].text) > 2 and not _is_number(own, end + 1):
            break
        end = after
    if end > place and end < len(own) and own[end].text in _SUFFIXES:
        end += 1
    return end


def _clusters(own: Sequence[Token], parts: Sequence[_Part], gap: int) -> list[list[_Part]]:
    """Return the parts that stand together; a name of a street before its word counts as a part of it."""
    clusters: list[list[_Part]] = []
    for part in parts:
        between = own[clusters[-1][-1].end : part.first] if clusters else ()
        words = [token for token in between if token.text not in places.FILLS]
        broken = any(
            "[" in token.text or places.VERB.fullmatch(token.text) or places.OTHER_TOPICS.match(token.text)
            for token in words
        )
        if clusters and len(words) <= gap and not broken:
            clusters[-1].append(part)
        else:
            clusters.append([part])
    return clusters


def _name_start(own: Sequence[Token], part: _Part, longest: int) -> int:
    """Return where a part begins with the name before it."""
    first = part.first
    if part.sign is _Sign.NUMBER:
        return first
    street = part.sign is _Sign.STREET
    while first and part.first - first < longest:
        nearest = street and first == part.first and _may_name(own[first - 1])
        corrects = longest > _NAME_WORDS and own[first - 1].text in places.CORRECTS and first > 1
        if not (nearest or corrects or _may_be_part(own[first - 1]) or own[first - 1].digits):
            break
        if places.OTHER_TOPICS.match(own[first - 1].text):
            break
        first -= 1
    while first < part.first and own[first].text in places.CORRECTS:
        first += 1
    return first


def _tail(own: Sequence[Token], end: int) -> int:
    """Return the end moved over what is described, and over the district and the province after it."""
    last = own[end - 1].text
    if last.endswith(_OPEN_ENDS) or last in places.COLOURS:
        for length in range(1, _ATTRIBUTE_WORDS + 1):
            thing = end + length <= len(own) and own[end + length - 1].text in places.THINGS
            if end + length > len(own) or not (thing or _may_be_part(own[end + length - 1])):
                break
            if own[end + length - 1].text in places.THINGS or length == 1:
                end, last = end + length, own[end + length - 1].text
                if not (last.endswith(_OPEN_ENDS) or last in places.COLOURS):
                    break
    for length in range(3, 0, -1):
        named = own[end : end + length]
        if len(named) == length and places.places().is_place(named[-1].text) and all(map(_may_be_part, named)):
            return end + length
    return end


def _merged(own: Sequence[Token], found: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, end in sorted(found):
        if merged and first <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((first, end))
    return merged
