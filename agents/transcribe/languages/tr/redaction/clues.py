"""What is seen of a word in its call: its signs, those of its neighbours, what was talked of, digits that check."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache

from agents.transcribe.languages.tr.redaction import grammar, signs
from agents.transcribe.languages.tr.redaction.context import Announcements
from agents.transcribe.languages.tr.redaction.identifiers import LONGEST, POSSIBLE_LENGTHS, identifier
from agents.transcribe.languages.tr.redaction.tokens import Token

_WORDS_NEAR = 4
_SIGNS_NEAR = 3
_TURNS_BACK = 6
_TOPIC_AHEAD = 5
_LEAST_CHECKED = 10
_TELLING_LETTERS = 4
_MOST_DIGITS = 26
_LENGTHS = ((1, "1"), (3, "3"), (7, "7"))
"""Words of a turn that count as alike."""
_DISTANCES = ((1, "1"), (3, "3"), (6, "6"))
_NONE = ""

Line = Sequence[Token]
Clues = list[str]


def clues(heard: Sequence[Line], announcements: Announcements) -> Iterator[tuple[Token | None, Clues]]:
    """Yield each token of a call with its clues, and after each turn None with those of the turn."""
    checked = _checked(heard)
    topics = [[signs.topic(token) for token in own] for own in heard]
    of_word = cache(signs.of_word)
    again = _Again(heard)
    for turn, own in enumerate(heard):
        if not own:
            continue
        around = _Turn(own, topics, turn)
        seen = [
            (signs.of_number(token) if token.digits else of_word(token.text)) + signs.of_spelling(own, place)
            for place, token in enumerate(own)
        ]
        for place, token in enumerate(own):
            found = [*_words(own, place), *_signs(seen, place), *around.clues(place, seen[place][0])]
            found += again.clues(token, seen[place][0])
            if token.digits:
                found += _number(token, announcements, around.run[place], checked[token])
            yield token, found
        yield None, ["turn", around.length, around.share, *{f"about={name}" for name in topics[turn] if name}]


def _words(own: Line, place: int) -> Iterator[str]:
    """Yield the words at and near a place, a number by its length."""

    def at(other: int) -> str:
        if not 0 <= other < len(own):
            return "<" if other < 0 else ">"
        return f"#{len(own[other].digits)}" if own[other].digits else own[other].text

    token, word, before, after = own[place], at(place), at(place - 1), at(place + 1)
    yield from (f"w{by}={at(place + by)}" for by in range(-_WORDS_NEAR, _WORDS_NEAR + 1))
    yield from (f"w-1,0={before} {word}", f"w0,1={word} {after}", f"w-1,1={before} {after}")
    if token.digits:
        yield f"digits={token.digits[:4]}"
    else:
        yield from (f"ends={word[-3:]}", f"ends={word[-2:]}", f"begins={word[:4]}")


def _signs(seen: Sequence[Sequence[str]], place: int) -> Iterator[str]:
    """Yield the signs at and near a place, and those of neighbours together."""
    for by in range(-_SIGNS_NEAR, _SIGNS_NEAR + 1):
        if 0 <= place + by < len(seen):
            yield from (f"s{by}={sign}" for sign in seen[place + by])
    for by in (-1, 1):
        if 0 <= place + by < len(seen):
            yield from (f"s0,{by}={sign} {other}" for sign in seen[place] for other in seen[place + by])


class _Turn:
    """A turn as a whole, and what was talked of before it."""

    def __init__(self, own: Line, topics: Sequence[Sequence[str]], turn: int) -> None:
        fills = [bool(token.digits) or token.text in grammar.FILLS for token in own]
        self.length = f"length={_bucket(len(own), _LENGTHS)}"
        self.share = f"fills={'all' if all(fills) else 'most' if 2 * sum(fills) >= len(own) else 'few'}"
        self.run = _runs(own, fills)
        """For each place the digits of the numbers around it with nothing but fillings between them."""
        self._digits = any(token.digits for token in own)
        self._before = _nearest(topics[turn])
        self._after = _nearest(topics[turn][::-1])[::-1]
        self._earlier = list(_earlier(topics, turn))

    def clues(self, place: int, sign: str) -> Iterator[str]:
        """Yield the clues of a place, also together with the first sign of its word."""
        yield from (self.length, self.share, f"{self.length} {sign}", f"{self.share} {sign}")
        for name in self._earlier:
            yield from (name, f"{name} {sign}", f"{name} {self.share} {self.length}")
        name, distance = self._before[place]
        if name:
            yield from (f"before={name}", f"before={name} {sign}", f"before={name}{_bucket(distance, _DISTANCES)}")
        name, distance = self._after[place]
        if name and distance <= _TOPIC_AHEAD:
            yield from (f"after={name}", f"after={name} {sign}")
        yield f"run={self.run[place] // 3}" if self.run[place] else "no run"
        if not self._digits:
            yield "no digits"


class _Again:
    """What is said again in the turns around: the same word, or digits inside others."""

    def __init__(self, heard: Sequence[Line]) -> None:
        self._words = [{token.digits or token.text for token in own if _tells(token)} for own in heard]
        self._digits = ["".join(token.digits for token in own) for own in heard]

    def clues(self, token: Token, sign: str) -> Iterator[str]:
        """Yield in which turns around a word's own it is said, also together with its first sign."""
        for by in (-3, -2, -1, 1, 2, 3):
            turn = token.turn + by
            if 0 <= turn < len(self._words):
                if (token.digits or token.text) in self._words[turn]:
                    yield from (f"again{by}", f"again{by} {sign}")
                elif len(token.digits) > 1 and token.digits in self._digits[turn]:
                    yield from (f"inside{by}", f"inside{by} {sign}")


def _tells(token: Token) -> bool:
    return bool(token.digits) or len(token.text) >= _TELLING_LETTERS


def _bucket(count: int, steps: Sequence[tuple[int, str]]) -> str:
    return next((name for most, name in steps if count <= most), "more")


def _runs(own: Line, fills: Sequence[bool]) -> list[int]:
    runs = [0] * len(own)
    place = 0
    while place < len(own):
        end = place
        while end < len(own) and fills[end]:
            end += 1
        runs[place:end] = [min(_MOST_DIGITS, sum(len(token.digits) for token in own[place:end]))] * (end - place)
        place = max(end, place + 1)
    return runs


def _nearest(topics: Sequence[str]) -> list[tuple[str, int]]:
    """Return for each place the nearest topic before it, and how many words before."""
    found, nearest, at = [], _NONE, 0
    for place, name in enumerate(topics):
        found.append((nearest, place - at))
        if name:
            nearest, at = name, place
    return found


def _earlier(topics: Sequence[Sequence[str]], turn: int) -> Iterator[str]:
    """Yield the topics of the turns before: how far back, and which are the last."""
    known: set[str] = set()
    for back in range(1, min(turn, _TURNS_BACK) + 1):
        names = sorted({name for name in topics[turn - back] if name})
        yield from (f"{back}back={name}" for name in names)
        if not known:
            yield from (f"last={name}" for name in names)
        yield from (f"{'other' if back % 2 else 'same'}={name}" for name in names if name not in known)
        known.update(names)


def _number(token: Token, announcements: Announcements, run: int, checked: set[str]) -> Iterator[str]:
    """Yield what a number is announced as, how many digits stand together, and what they are by checksum."""
    before, after = announcements.before(token), announcements.after(token)
    name = before.value if before else _NONE
    yield from (f"announced={name}", f"named={after.value if after else _NONE}", f"run{run}", f"run{run} {name}")
    for kind in sorted(checked) or ["none"]:
        yield from (f"checks={kind}", f"checks={kind} {name}")


def _checked(heard: Sequence[Line]) -> dict[Token, set[str]]:
    """Return what each number is a part of by checksum or numbering plan, in what its speaker says."""
    lines: dict[str, list[Token]] = {}
    for token in (token for own in heard for token in own if token.digits):
        lines.setdefault(token.speaker, []).append(token)
    found: dict[Token, set[str]] = defaultdict(set)
    for line in lines.values():
        for first in range(len(line)):
            digits = ""
            for last in range(first, min(len(line), first + LONGEST)):
                digits += line[last].digits
                if len(digits) > LONGEST or line[last].turn - line[first].turn > _TURNS_BACK + 2:
                    break
                kind = identifier(digits) if len(digits) in POSSIBLE_LENGTHS and len(digits) >= _LEAST_CHECKED else None
                if kind:
                    for token in line[first : last + 1]:
                        found[token].add(kind.value)
    return found
