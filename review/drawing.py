"""Drawing calls to review: every call's chance is known, and anyone can draw again and get the same calls.

The order of a draw is that of HMAC-SHA256 over the call's id, with the seed as key. It hangs on no database, no clock
and no generator of random numbers, so an auditor needs the list of calls and the seed alone.
"""

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from review.reviewed import Drawn, DrawnBy


@dataclass(frozen=True)
class Candidate:
    """A call that may be drawn, with what strata are made of."""

    call_id: str
    category: str = ""
    confidence: float = 1.0
    """The machine's, 0 to 1."""


@dataclass(frozen=True)
class Frame:
    """Which calls a draw is about. Its list of calls is closed before the seed is chosen."""

    first_day: date
    last_day: date
    filters: tuple[tuple[str, str], ...] = ()
    """Name and value of each, e.g. ``("queue", "sales")``."""

    @property
    def name(self) -> str:
        """Period and filters in one line: what a label keeps."""
        filters = "".join(f";{name}={value}" for name, value in sorted(self.filters))
        return f"{self.first_day.isoformat()}/{self.last_day.isoformat()}{filters}"


@dataclass(frozen=True)
class Taken:
    """A drawn call."""

    call_id: str
    drawn: Drawn
    part: float = 0.0
    """Of a call that came late: before what share of its stratum's drawn calls it is to be read, 0 to 1."""


@dataclass(frozen=True)
class Draw:
    """What was drawn, and what an auditor needs to draw it again."""

    frame: Frame
    seed: str
    by: DrawnBy
    digest: str
    """SHA-256 of the sorted ids of all candidates: shows that a list is the same."""
    sizes: Mapping[str, int]
    """Candidates by stratum."""
    chances: Mapping[str, float]
    """Chance of each candidate, by stratum."""
    second: float
    """Share of the drawn calls that two people read."""
    taken: tuple[Taken, ...]
    """In the order of reading. Whoever stops early has read about the same share of every stratum."""
    late: Mapping[str, int] = field(default_factory=dict)
    """Calls that came after the list was closed, by stratum: those that ``draw_late`` was asked about."""

    @property
    def group_sizes(self) -> dict[tuple[str, str], int]:
        """Calls by frame and stratum, late ones too, as ``review.sample.Sample`` takes them."""
        counts = Counter(self.sizes) + Counter(self.late)
        return {(self.frame.name, stratum): size for stratum, size in counts.items()}

    def chance(self, stratum: str) -> float:
        """Return the chance of a call of a stratum: of one that had no candidate, that of the whole frame."""
        if stratum in self.chances:
            return self.chances[stratum]
        return sum(self.chances[name] * size for name, size in self.sizes.items()) / sum(self.sizes.values())


def rank(seed: str, call_id: str, purpose: str = "draw") -> float:
    """Return where a call stands in a draw's order: uniform in 0 to 1, the same for ever, unlike for each purpose."""
    return mark(seed, call_id, purpose) / 2**64


def mark(seed: str, call_id: str, purpose: str = "listed") -> int:
    """Return 64 bits that stand for a call, the same for ever, unlike for each seed and purpose."""
    digest = hmac.digest(seed.encode(), f"{purpose}:{call_id}".encode(), hashlib.sha256)
    return int.from_bytes(digest[:8])


def ordered(seed: str, call_ids: Iterable[str]) -> list[str]:
    """Return calls in a draw's order. The first n of a stratum's calls are those that a draw of n takes."""
    return sorted(call_ids, key=lambda call_id: (rank(seed, call_id), call_id))


def digest(candidates: Iterable[Candidate]) -> str:
    """Return the SHA-256 of the candidates' ids, sorted, one a line."""
    return hashlib.sha256("\n".join(sorted(candidate.call_id for candidate in candidates)).encode()).hexdigest()


def draw_random(frame: Frame, candidates: Sequence[Candidate], n: int, seed: str, second: float = 0.2) -> Draw:
    """Draw ``n`` calls of equal chance: the first ``n`` in the seed's order.

    Raises:
        ValueError: ``n`` is 0 or there are fewer candidates, or one is there twice.
    """
    return _draw(frame, {"": candidates}, {"": n}, seed, second, "random")


def draw_stratified(
    frame: Frame,
    strata: Mapping[str, Sequence[Candidate]],
    counts: Mapping[str, int],
    seed: str,
    second: float = 0.2,
) -> Draw:
    """Draw ``counts`` calls of each stratum, of equal chance within it (``review.strata`` makes both).

    Raises:
        ValueError: A stratum has no count or fewer candidates than that, or a call is there twice.
    """
    return _draw(frame, strata, counts, seed, second, "stratum")


def draw_late(draw: Draw, late: Iterable[Candidate], stratum_of: Callable[[Candidate], str]) -> tuple[Taken, ...]:
    """Draw from calls of the frame's period that came after the draw: each by its own rank, with its stratum's chance.

    A stratum that had no candidate gets the whole frame's chance. Count the late calls in ``Draw.late``.
    """
    found = []
    for candidate in late:
        stratum = stratum_of(candidate)
        chance, own = draw.chance(stratum), rank(draw.seed, candidate.call_id)
        if own < chance:
            taken = _taken(draw.frame, candidate.call_id, draw.by, chance, draw.seed, stratum, draw.second)
            found.append(Taken(taken.call_id, replace(taken.drawn, late=True), own / chance))
    return tuple(found)


def _draw(
    frame: Frame,
    strata: Mapping[str, Sequence[Candidate]],
    counts: Mapping[str, int],
    seed: str,
    second: float,
    by: DrawnBy,
) -> Draw:
    everyone = [candidate for candidates in strata.values() for candidate in candidates]
    if len({candidate.call_id for candidate in everyone}) < len(everyone):
        raise ValueError("a call is there twice among the candidates. Draw from a list without repetitions")
    chances: dict[str, float] = {}
    order: list[tuple[float, str, Taken]] = []
    for stratum, candidates in strata.items():
        n = counts.get(stratum, 0)
        if not 1 <= n <= len(candidates):
            raise ValueError(
                f"cannot draw {n} of {len(candidates)} calls in stratum {stratum!r}: every call needs a chance"
            )
        chances[stratum] = n / len(candidates)
        for place, call_id in enumerate(ordered(seed, (candidate.call_id for candidate in candidates))[:n]):
            taken = _taken(frame, call_id, by, chances[stratum], seed, stratum, second)
            order.append(((place + 0.5) / n, stratum, taken))
    order.sort(key=lambda entry: entry[:2])
    sizes = {stratum: len(candidates) for stratum, candidates in strata.items()}
    return Draw(frame, seed, by, digest(everyone), sizes, chances, second, tuple(taken for _, _, taken in order))


def _taken(frame: Frame, call_id: str, by: DrawnBy, chance: float, seed: str, stratum: str, second: float) -> Taken:
    read_twice = rank(seed, call_id, "second reader") < second
    return Taken(call_id, Drawn(by, chance, frame.name, seed, stratum, read_twice))
