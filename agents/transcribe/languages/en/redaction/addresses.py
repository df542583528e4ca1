"""Addresses: what leads to somebody's door."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

from agents.transcribe.languages.en.redaction.cues import Cue, Topic
from agents.transcribe.languages.en.redaction.names import known_names
from agents.transcribe.languages.en.redaction.tokens import Token
from agents.transcribe.languages.text import words
from agents.transcribe.redaction import Kind, Span

_STREETS = words(
    "street st road rd avenue ave lane drive close court crescent terrace gardens grove mews boulevard blvd parkway "
    "circle highway place square walk way row hill rise view park parade quay wharf trail pike turnpike loop alley "
    "broadway green villas cottages heights gate"
)
_OFTEN_OTHER = words(
    "close place way hill view park walk row court drive square gate green st rise loop trail gardens circle"
)
"""Which need a number before the name: ``a nice place``, ``on the way``."""
_UNITS = words("flat apartment apt unit suite floor house cottage block building lot")
_STOPS = words(
    "the a an is it's its at on in to of for and my your our i i'm live lives living we that's that this you there "
    "yes yeah yep um uh er erm okay ok so by near with from off was be just old new next down up along across main "
    "what which no not any whole right left one side same some do did every all or but long short little big nice "
    "good wrong car"
) - {"old", "new", "main", "long", "little", "right", "left"}
_ORDINAL = re.compile(r"first|second|third|[a-z]{2,}th|\d+(?:st|nd|rd|th)")
_NAMES_BEFORE = 3
_PLACE_WORDS = 3
_FILLERS = words("um uh er erm in and that's it's the at near then of flat is just")
_CLAUSE = words("and but so because which can could i we you is that it's please thanks thank where when if for")
_LEAD = words(
    "um uh er erm yes yeah sure it's its it is that's i'm at we're my address of course okay ok so right i live "
    "in on well"
)
_LONGEST_ANSWER = 16
_NEAR_TURNS = 3
_NEAR_WORDS = 9
"""Words between a street or a postcode and the town."""
_BETWEEN = 4


def address_spans(
    turns: Sequence[Sequence[Token]], cues: Sequence[Sequence[Cue]], taken: Sequence[Sequence[Span]]
) -> Iterator[Span]:
    """Yield every street with its numbers and places, and what answers a question for an address.

    Args:
        turns: Tokens of the conversation.
        cues: What is announced in it.
        taken: The postcodes of each turn.
    """
    told = -_NEAR_TURNS
    for at, turn in enumerate(turns):
        announced = any(cue.topic in {Topic.ADDRESS, Topic.POSTCODE} for cue in cues[at])
        found = [*_streets(turn), *_flats(turn, taken[at]), *_postcodes(turn, taken[at])]
        if found or announced or at - told < _NEAR_TURNS:
            found += _towns(turn, found)
        if found or announced:
            told = at
        if answer := _answer(turn, cues, found):
            found.append(answer)
        yield from (Span(at, turn[start].start, turn[end - 1].end, Kind.ADDRESS) for start, end in _merged(turn, found))


Stretch = tuple[int, int]


def _streets(turn: Sequence[Token]) -> Iterator[Stretch]:
    for at, token in enumerate(turn):
        if token.text not in _STREETS or not at:
            continue
        start = at
        while start > 0 and at - start < _NAMES_BEFORE and _is_name(turn[start - 1]):
            start -= 1
        numbered = start > 0 and _is_number(turn[start - 1])
        if start == at and not (numbered and token.text in {"broadway", "avenue", "street"}):
            ordinal = _ORDINAL.fullmatch(turn[at - 1].text) is not None
            if not ordinal:
                continue
            start = at - 1
        if not numbered and token.text in _OFTEN_OTHER:
            continue
        if (
            not numbered
            and at - start > 1
            and turn[start].text not in {"saint", "st", "old", "new", "north", "south", "east", "west"}
        ):
            start = max(start, at - 2)
        while (
            start > 0
            and (turn[start - 1].digits or turn[start - 1].letters not in {"", "i"})
            and not turn[start - 1].measures
        ):
            start -= 1
        yield start, at + 1


def _is_number(token: Token) -> bool:
    """Return whether a token is a house number: ``14``, ``2a``."""
    return not token.measures and any(letter.isdecimal() for letter in token.code)


def _is_name(token: Token) -> bool:
    return (
        not _is_number(token)
        and not token.digits
        and token.text not in _STOPS
        and not token.text.startswith("[")
        and len(token.text) > 1
    )


def _flats(turn: Sequence[Token], taken: Sequence[Span]) -> Iterator[Stretch]:
    for at, token in enumerate(turn[:-1]):
        following = turn[at + 1 + (turn[at + 1].text == "number" and at + 2 < len(turn))]
        is_unit = token.text in _UNITS | {"number"} and following.code and not following.measures
        if is_unit and (token.text not in {"number", "floor", "block", "building", "lot", "house", "unit"} or taken):
            end = following.place + 1
            while end < len(turn) and len(turn[end].code) == 1 and turn[end].text != "i":
                end += 1
            yield _before_unit(turn, at), end


def _before_unit(turn: Sequence[Token], at: int) -> int:
    """Return the place of a number and a name before a flat, else of the flat: ``fourteen larkspur apartment two``."""
    start = at
    while start > 0 and at - start < _NAMES_BEFORE and _is_name(turn[start - 1]):
        start -= 1
    if start == at or not start or not turn[start - 1].digits:
        return at
    while start > 0 and turn[start - 1].digits and not turn[start - 1].measures:
        start -= 1
    return start


def _postcodes(turn: Sequence[Token], taken: Sequence[Span]) -> Iterator[Stretch]:
    for span in taken:
        start, end = (bisect_left(turn, place, key=lambda token: token.start) for place in (span.start, span.end))
        if start < end:
            yield start, end


def _towns(turn: Sequence[Token], anchors: Sequence[Stretch]) -> Iterator[Stretch]:
    towns = _places()
    near = {place for _, end in anchors for place in range(end - _NEAR_WORDS, end + _NEAR_WORDS + 1)}
    at = 0
    while at < len(turn):
        for length in range(_PLACE_WORDS, 0, -1):
            fits = at + length <= len(turn)
            if fits and " ".join(token.text for token in turn[at : at + length]) in towns:
                if at in near:
                    yield at, _after_zip(turn, at + length)
                at += length
                break
        else:
            at += 1


def _after_zip(turn: Sequence[Token], at: int) -> int:
    """Return the place after a ZIP code that follows a place, else the place."""
    digits, end = "", at
    while end < len(turn) and turn[end].digits and not turn[end].measures:
        digits, end = digits + turn[end].digits, end + 1
    return end if len(digits) in {5, 9} else at


def _merged(turn: Sequence[Token], found: Sequence[Stretch]) -> Iterator[Stretch]:
    """Yield the stretches, those with only a few words in between that begin nothing else as one."""
    run: list[int] = []
    for start, end in sorted(found):
        between = turn[run[1] : start] if run else ()
        if run and len(between) <= _BETWEEN and not any(token.text in _CLAUSE for token in between):
            run[1] = max(run[1], end)
            continue
        if run:
            yield run[0], run[1]
        run = [start, end]
    if run:
        yield run[0], run[1]


def _answer(turn: Sequence[Token], cues: Sequence[Sequence[Cue]], found: Sequence[Stretch]) -> Stretch | None:
    """Return what a turn says that answers a question for an address, or goes on after announcing one."""
    if not turn:
        return None
    at = turn[0].turn
    own = [cue for cue in cues[at] if cue.topic is Topic.ADDRESS]
    asked = not cues[at] and at > 0 and bool(cues[at - 1]) and cues[at - 1][-1].topic is Topic.ADDRESS
    if not own and not asked:
        return None
    start = next((token.place for token in turn if not own or token.start >= own[-1].end), len(turn))
    while start < len(turn) and turn[start].text in _LEAD:
        start += 1
    if start < len(turn) and turn[start].text in known_names().given:
        start = next((token.place for token in turn[start:] if token.digits), start)
    end = start
    while end < len(turn) and end - start < _LONGEST_ANSWER and turn[end].text not in _CLAUSE:
        end += 1
    end = max([end, *(other for begin, other in found if start <= begin <= end + 1)])
    told = any(start <= begin < end for begin, _ in found)
    digits = any(token.digits and not token.measures for token in turn[start:end])
    return (start, end) if end > start and (told or (digits and asked)) else None


@cache
def _places() -> frozenset[str]:
    folder = files("agents.transcribe.languages.en.redaction")
    text = (folder / "places.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return frozenset(name.strip() for line in lines for name in line.split(",") if name.strip())
