"""A world in which the machine's accuracy and the reviewers' errors are known, for ``benchmarks.review_simulation``."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from review.adjudication import gold
from review.drawing import Candidate, Frame, draw_late, draw_stratified
from review.reviewed import Drawn, DrawnBy, Reading, ReviewedCall
from review.strata import neyman, stratified, stratum_of

FRAME = Frame(date(2026, 11, 23), date(2026, 11, 29))
CATEGORIES = {"price": 0.34, "complaint": 0.24, "booked": 0.22, "call_back": 0.12, "fee_refused": 0.08}
"""Share of each; one in twelve is the rarest."""
BANDS = {(0.30, 0.60): (0.14, 0.62), (0.60, 0.85): (0.32, 0.87), (0.85, 1.0): (0.54, 0.975)}
"""Confidence from and to: share of the calls, and how many of them the machine has right."""
HARDER = {"price": 0.0, "complaint": 0.0, "booked": 0.02, "call_back": -0.06, "fee_refused": -0.10}
"""What a category adds to that."""
PERSON_ERRS = {0.30: 0.10, 0.60: 0.05, 0.85: 0.02}
"""How often one person is wrong, by where the band begins: what is hard for the machine is hard for people."""
LATE = 0.08
"""Share of the calls that come after the draw."""
LATE_BANDS = (0.35, 0.40, 0.25)
"""Share of those in each band: a call that took long to come through is a hard one more often."""
READ = 0.9
"""How much of the draw is read when the figure is asked for."""


@dataclass(frozen=True)
class Call:
    """A call, what it is, what the machine says, and what each of three people would say, were they asked."""

    candidate: Candidate
    truth: str
    readings: tuple[Reading, Reading, Reading]

    def reviewed(self, drawn: Drawn, people: int) -> ReviewedCall:
        """Return the call as this many people read it; the third is asked only where two differ."""
        first, second, third = self.readings
        asked = (first,) if people == 1 else (first, second) if first.first == second.first else (first, second, third)
        return ReviewedCall(self.candidate.call_id, drawn, self.candidate.category, asked)


def calls_of(chance: random.Random, n: int) -> list[Call]:
    """Make ``n`` calls; the last ones come late."""
    truths = chance.choices(list(CATEGORIES), list(CATEGORIES.values()), k=n)
    on_time = _on_time(n)
    bands = chance.choices(list(BANDS), [share for share, _ in BANDS.values()], k=on_time)
    bands += chance.choices(list(BANDS), LATE_BANDS, k=n - on_time)
    return [_call(chance, f"call-{number}", *made) for number, made in enumerate(zip(truths, bands, strict=True))]


def _on_time(n: int) -> int:
    return int(n * (1 - LATE))


def _call(chance: random.Random, call_id: str, truth: str, band: tuple[float, float]) -> Call:
    right = min(0.995, BANDS[band][1] + HARDER[truth])
    machine = truth if chance.random() < right else _mistaken(chance, truth)
    errs = PERSON_ERRS[band[0]]
    said = [_mistaken(chance, truth) if chance.random() < rate else truth for rate in (errs, errs, errs / 2)]
    first, second, third = (Reading(name, label) for name, label in zip("ABC", said, strict=True))
    return Call(Candidate(call_id, machine, chance.uniform(*band)), truth, (first, second, third))


def _mistaken(chance: random.Random, truth: str) -> str:
    """Two of three errors, of people and machine alike, go to the next more frequent category: rare ones are missed."""
    names = list(CATEGORIES)
    like = names[names.index(truth) - 1] if truth != names[0] else names[1]
    return like if chance.random() < 2 / 3 else chance.choice([name for name in names if name != truth])


def gold_of(call: Call) -> str:
    """Return what the call would be called, were it read twice and adjudicated."""
    label = gold(call.reviewed(Drawn("random"), 2))
    assert label is not None
    return label


@dataclass(frozen=True)
class Reviewed:
    """All labels of a week: the drawn ones, and what flooded in."""

    calls: list[ReviewedCall]
    sizes: dict[tuple[str, str], int]
    closed: dict[tuple[str, str], int]
    """As they were when the list was closed."""


def reviewed(chance: random.Random, calls: Sequence[Call], n: int, second: float) -> Reviewed:
    """Draw ``n`` calls by strata and from those that come late, read nine in ten, and add Uncertain and corrections."""
    on_time, late = calls[: _on_time(len(calls))], calls[_on_time(len(calls)) :]
    strata = stratified(call.candidate for call in on_time)
    draw = draw_stratified(FRAME, strata, neyman(strata, n), str(chance.getrandbits(64)), second)
    came = draw_late(draw, [call.candidate for call in late], stratum_of)
    whole = replace(draw, late=Counter(stratum_of(call.candidate) for call in late))
    by_id = {call.candidate.call_id: call for call in calls}
    places = [(place / len(draw.taken), one) for place, one in enumerate(draw.taken)]
    order = sorted([*places, *((one.part, one) for one in came)], key=lambda entry: entry[0])
    taken = [one for _, one in order[: int(READ * len(order))]]
    labels = [by_id[one.call_id].reviewed(one.drawn, 2 if one.drawn.second else 1) for one in taken]
    flood = _flood(chance, calls, {one.call_id for one in taken})
    return Reviewed([*labels, *flood], whole.group_sizes, draw.group_sizes)


def _flood(chance: random.Random, calls: Sequence[Call], drawn: set[str]) -> list[ReviewedCall]:
    """Return labels of calls that were chosen: half of all unsure ones, one in ten of the wrong ones."""
    found = []
    for call in calls:
        by: DrawnBy | None = None
        if call.candidate.confidence < 0.6 and chance.random() < 0.5:
            by = "uncertain"
        elif call.candidate.category != call.truth and chance.random() < 0.1:
            by = "correction"
        if by and call.candidate.call_id not in drawn:
            found.append(call.reviewed(Drawn(by), 1))
    return found
