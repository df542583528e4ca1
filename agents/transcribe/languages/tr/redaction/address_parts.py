"""The parts of an address in one turn: streets, doors, floors, what lies beside something, districts, ways."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from agents.transcribe.languages.text import words
from agents.transcribe.languages.tr.redaction import grammar, naming, places
from agents.transcribe.languages.tr.redaction.places import STOPS
from agents.transcribe.languages.tr.redaction.spelling import letters_at
from agents.transcribe.languages.tr.redaction.tokens import Token

NAME_WORDS = 4

DOOR_DIGITS = 4

_NUMBER_WORDS = 8

_ATTRIBUTE_WORDS = 3

_OPEN_ENDS = ("daki", "deki", "taki", "teki", "boyalı", "kapılı", "bakan", "katlı")

_LONGEST_LETTER = 4

_SLASHES = words("bölü taksim")

_NUMBERED = words("nolu numaralı")

_COUNTS = words("ilk son iki üç tek")

_SUFFIXES = words("a b c ç d f g h be ce çe cı fe ge")

_NO_BLOCK = words("o e bi ne ya de da ve se ha he ye ay si er el en")
"""Names of letters that are everyday words."""


class Sign(Enum):
    """What a part tells."""

    STREET = "street"
    NUMBER = "number"
    SIDE = "side"
    PLACE = "place"
    WAY = "way"


@dataclass(frozen=True)
class Part:
    """A part of an address in one turn."""

    first: int
    end: int
    sign: Sign


def numbers_end(own: Sequence[Token], first: int) -> int:
    """Return the place after the door number or the floor that begins at a place, corrected or not."""
    end = place = first
    while place < len(own):
        after = number_end(own, place)
        if after > place:
            while after < len(own) and own[after].text in places.NUMBERED_AFTER | places.FLOOR:
                after += 1
        elif own[place].text in places.FLOORS and own[place].text not in {"alt", "en"}:
            after = place + 1
            while after < len(own) and own[after].text in places.FLOORS | places.FLOOR:
                after += 1
        if after > place:
            digits = sum(len(token.digits) for token in own[place:after])
            if digits > DOOR_DIGITS or (after < len(own) and places.UNITS.fullmatch(own[after].text)):
                break
            place = end = after
        elif own[place].text in places.CORRECTS:
            place += 1
        else:
            break
    return end


def may_be_part(token: Token) -> bool:
    """Return whether a token may be a word of an address."""
    return token.text not in STOPS and "[" not in token.text and not places.VERB.fullmatch(token.text)


def _may_name(token: Token) -> bool:
    """Return whether a word may be the name of the street that follows: a verb (``çıkmaz``) may, too."""
    return (
        token.text not in STOPS
        and token.text.isalnum()
        and "yor" not in token.text
        and not places.STREET.fullmatch(token.text)
    )


def parts(own: Sequence[Token]) -> list[Part]:
    """Return the parts of an address that a turn says, in order and disjoint."""
    found: list[Part] = []
    place = 0
    while place < len(own):
        part = _part_at(own, place)
        if part and found and part.first < found[-1].end:
            part = Part(found[-1].end, part.end, part.sign) if part.end > found[-1].end else None
        if part:
            while part.sign in {Sign.STREET, Sign.NUMBER} and (end := _bare_number(own, part.end)):
                part = Part(part.first, end, part.sign)
            found.append(part)
        place = max(place + 1, part.end if part else 0)
    return found


def _part_at(own: Sequence[Token], place: int) -> Part | None:
    """Return the part that begins, or has its telling word, at a place."""
    if _is_street(own, place):
        return Part(place, place + 1, Sign.STREET)
    return _numbered_at(own, place) or _place_at(own, place)


def _is_street(own: Sequence[Token], place: int) -> bool:
    named = place > 0 and (bool(own[place - 1].digits) or _may_name(own[place - 1]))
    return named and bool(places.STREET.fullmatch(own[place].text))


def _numbered_at(own: Sequence[Token], place: int) -> Part | None:
    """Return the door, the floor, the flat or the block at a place."""
    text = own[place].text
    end = number_end(own, place)
    number = place + 1
    while number < len(own) and own[number].text in places.AGAIN:
        number += 1
    if text in places.NUMBERED and number_end(own, number) > number:
        end = number_end(own, number)
        of_thing = place > 0 and own[place - 1].text.startswith(grammar.OTHER)
        if of_thing or sum(len(token.digits) for token in own[place:end]) > 2 * DOOR_DIGITS:
            return None
    elif text == "altı" and place and _is_possessor(own, place):
        return Part(place - 1, place + 1, Sign.SIDE)
    elif text in _SLASHES and (_is_number(own, place + 1) or any(len(t.text) == 1 for t in own[place + 1 : place + 2])):
        end = place + 2
    elif end > place and places.CLIMBS.match(" ".join(token.text for token in own[end : end + 2])):
        return None
    elif end > place and places.NAMEPLATE.match(" ".join(token.text for token in own[end : end + 2])):
        return Part(place, end, Sign.NUMBER) if place and own[place - 1].text in places.NUMBERED else None
    elif end > place and end < len(own) and places.is_numbered_after(own[end].text):
        named = own[end].text in _NUMBERED and end + 1 < len(own) and _may_name(own[end + 1])
        end += 1 + named
    elif end > place and not any(token.text in places.SLASH for token in own[place:end]):
        end = place
    elif text in places.FLOORS:
        end = place + 1
        while end < len(own) and own[end].text in places.FLOORS:
            end += 1
        end = end + 1 if end < len(own) and own[end].text in places.FLOOR else place
    return Part(place, end, Sign.NUMBER) if end > place else None


def _place_at(own: Sequence[Token], place: int) -> Part | None:
    """Return what lies beside something, the district, or the word of a way at a place."""
    text = own[place].text
    before = own[place - 1].text if place else ""
    if _is_number(own, place):
        return None
    if places.is_side(text) and place and (places.LANDMARKS.fullmatch(before) or _is_possessor(own, place)):
        return Part(place - 1, place + 1, Sign.SIDE)
    if text in places.THINGS and before in places.ROUTE:
        return Part(place - 1, place + 1, Sign.WAY if before in _COUNTS else Sign.SIDE)
    if places.places().is_place(text):
        centre = place + 1 < len(own) and own[place + 1].text == "merkez"
        return Part(place, place + 1 + centre, Sign.PLACE)
    way = text in places.ROUTE or places.LANDMARKS.fullmatch(text) or places.is_side(text)
    return Part(place, place + 1, Sign.WAY) if way else None


def _bare_number(own: Sequence[Token], place: int) -> int:
    """Return the place after a door number that nothing announces: ``altıncı kat yirmi üç``; 0: none is there."""
    end = number_end(own, place, bare=True)
    if place < end < len(own) and (places.is_numbered_after(own[end].text) or own[end].text in places.FLOOR):
        end += not (own[end].text in places.NUMBERED and _is_number(own, end + 1))
        end += own[end - 1].text in _NUMBERED and end < len(own) and own[end].text in places.THINGS
    digits = sum(len(token.digits) for token in own[place:end])
    unit = end < len(own) and places.UNITS.fullmatch(own[end].text)
    return end if end > place and digits <= DOOR_DIGITS and not unit and not own[place].after_comma else 0


def _is_possessor(own: Sequence[Token], place: int) -> bool:
    """Return whether the word before a side is what something lies beside: ``pastanenin``, ``eczane'nin``."""
    before = own[place - 1].text
    return before.endswith(("ın", "in", "un", "ün")) and before not in STOPS and not places.OTHER_TOPICS.match(before)


def _is_number(own: Sequence[Token], place: int) -> bool:
    if place >= len(own):
        return False
    token = own[place]
    return bool(token.digits) or (token.text != "bir" and bool(places.NUMBER_WORD.fullmatch(token.text)))


def number_end(own: Sequence[Token], place: int, *, bare: bool = False) -> int:
    """Return the place after a number with what is added to it: ``on yedi bölü a``, ``22 b``, ``kırk ikinci``."""
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
        after = number_end(own, end + 1) if _is_number(own, end + 1) else end + 2
        if after == end + 2 and len(own[end + 1].text) > 2 and not _is_number(own, end + 1):
            break
        end = after
    if end > place and end < len(own) and own[end].text in _SUFFIXES:
        end += 1
    return end


def clusters(own: Sequence[Token], said: Sequence[Part], gap: int) -> list[list[Part]]:
    """Return the parts that stand together; a name of a street before its word counts as a part of it."""
    found: list[list[Part]] = []
    for part in said:
        between = own[found[-1][-1].end : part.first] if found else ()
        other = [token for token in between if token.text not in places.FILLS]
        broken = any(
            "[" in token.text or places.VERB.fullmatch(token.text) or places.OTHER_TOPICS.match(token.text)
            for token in other
        )
        broken = broken or places.NAMEPLATE.search(" ".join(token.text for token in between)) is not None
        if found and len(other) <= gap and not broken:
            found[-1].append(part)
        else:
            found.append([part])
    return found


def name_start(own: Sequence[Token], part: Part, longest: int) -> int:
    """Return where a part begins with the name before it."""
    first = part.first
    if part.sign is Sign.NUMBER:
        return first
    street = part.sign is Sign.STREET
    while first and part.first - first < longest:
        nearest = street and first == part.first and _may_name(own[first - 1])
        corrects = longest > NAME_WORDS and own[first - 1].text in places.CORRECTS and first > 1
        chain = own[first - 1].text == "a" and own[first].digits == "101"  # a market's name
        if not (nearest or corrects or chain or may_be_part(own[first - 1]) or own[first - 1].digits):
            break
        if places.OTHER_TOPICS.match(own[first - 1].text) or own[first - 1].text in naming.RELATIVES:
            break
        first -= 1
    while first < part.first and own[first].text in places.CORRECTS:
        first += 1
    introduced = 0 < first < part.first and own[first - 1].text in naming.RELATIVES
    return first + (introduced and naming.names().is_given(own[first].text))


def tail(own: Sequence[Token], end: int) -> int:
    """Return the end moved over what is described, and over the district and the province after it."""
    last = own[end - 1].text
    if last.endswith(_OPEN_ENDS) or last in places.COLOURS:
        for length in range(1, _ATTRIBUTE_WORDS + 1):
            thing = end + length <= len(own) and own[end + length - 1].text in places.THINGS
            if end + length > len(own) or not (thing or may_be_part(own[end + length - 1])):
                break
            if own[end + length - 1].text in places.THINGS or length == 1:
                end, last = end + length, own[end + length - 1].text
                if not (last.endswith(_OPEN_ENDS) or last in places.COLOURS):
                    break
    for length in range(3, 0, -1):
        named = own[end : end + length]
        if len(named) == length and places.like_place(named[-1].text) and all(map(may_be_part, named)):
            return end + length
    return end
