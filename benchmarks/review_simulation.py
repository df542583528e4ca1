"""Whether the review's intervals hold the truth in 95 of 100 worlds, while chosen labels flood in (docs/review.md)."""

import argparse
import json
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import NamedTuple

from benchmarks.review_world import calls_of, gold_of, reviewed
from review.accuracy import accuracy, by_category, naive
from review.agreement import agreement
from review.corrected import corrected_shares
from review.estimates import Estimate
from review.proportions import ENOUGH, Interval, wilson
from review.sample import Sample
from review.sequential import verdict

_LOOKS, _TARGET = 1000, 0.9
"""Labels after each of which somebody looks whether the share is this one."""


class Trial(NamedTuple):
    """One figure in one world."""

    figure: str
    truth: float
    share: float
    interval: Interval


class Row(NamedTuple):
    """One figure over all worlds: means, and in what share of them the interval holds the truth."""

    figure: str
    truth: float
    share: float
    width: float
    holds: float
    worlds: int


def world(seed: int, calls: int, drawn: int, second: float) -> list[Trial]:
    """Make a world of ``calls``, review it, and return each figure beside the truth."""
    chance = random.Random(seed)
    made = calls_of(chance, calls)
    found = reviewed(chance, made, drawn, second)
    sample = Sample(found.calls, found.sizes)
    in_time = Sample((call for call in found.calls if not call.drawn.late), found.closed)
    against, people = accuracy(sample), agreement(sample)
    machine, golden = [call.candidate.category for call in made], [gold_of(call) for call in made]
    person, other = ([call.readings[who].first for call in made] for who in (0, 1))
    by_gold = _same(machine, golden)
    return [
        *_trial("machine against gold", by_gold, against.gold),
        *_trial("machine against one person", _same(machine, person), against.person),
        *_trial("person against person", _same(person, other), people.raw if people else None),
        *_trial(
            "machine against gold, and what the calls are", _same(machine, [call.truth for call in made]), against.gold
        ),
        *_trial("machine against one person, late calls left out", _same(machine, person), accuracy(in_time).person),
        *_trial("naive: every label counts", by_gold, naive(found.calls)),
        *_trial("naive: drawn labels, without their weights", _same(machine, person), naive(sample.calls)),
        *_counts(sample, machine, golden),
        *_categories(sample, machine, person),
    ]


def _counts(sample: Sample, machine: Sequence[str], golden: Sequence[str]) -> list[Trial]:
    counted, trials = Counter(machine), []
    for name, share in corrected_shares(sample, counted).items():
        truth = golden.count(name) / len(golden)
        trials += _trial(f"count, corrected: {name}", truth, share)
        own = counted[name] / len(machine)
        trials.append(Trial(f"count, the machine's: {name}", truth, own, wilson(counted[name], len(machine))))
    return trials


def _categories(sample: Sample, machine: Sequence[str], person: Sequence[str]) -> list[Trial]:
    trials = []
    both = Counter(said for said, label in zip(machine, person, strict=True) if said == label)
    for name, own in by_category(sample).items():
        trials += _trial(f"precision: {name}", both[name] / machine.count(name), own.precision.person)
        trials += _trial(f"recall: {name}", both[name] / person.count(name), own.recall.person)
    return trials


def _same(one: Sequence[str], other: Sequence[str]) -> float:
    return sum(a == b for a, b in zip(one, other, strict=True)) / len(one)


def _trial(figure: str, truth: float, found: Estimate | None) -> list[Trial]:
    return [Trial(figure, truth, found.share, found.interval)] if found else []


def peeked(seed: int) -> tuple[bool, bool]:
    """Look after each label whether the share is 90 %, which it is.

    Return whether Wilson's interval and whether the confidence sequence ever denies it.
    """
    chance, right, one_look, sequence = random.Random(seed), 0, False, False
    for n in range(1, _LOOKS + 1):
        right += chance.random() < _TARGET
        low, high = wilson(right, n)
        one_look = one_look or (n >= ENOUGH and not low <= _TARGET <= high)
        sequence = sequence or verdict(right, n, _TARGET) != "open"
    return one_look, sequence


def rows_of(worlds: Sequence[Sequence[Trial]]) -> list[Row]:
    """Return a row for each figure, over the worlds that have it."""
    by_figure: dict[str, list[Trial]] = defaultdict(list)
    for trials in worlds:
        for trial in trials:
            by_figure[trial.figure].append(trial)
    return [
        Row(
            figure,
            sum(trial.truth for trial in trials) / len(trials),
            sum(trial.share for trial in trials) / len(trials),
            sum(trial.interval[1] - trial.interval[0] for trial in trials) / len(trials),
            sum(trial.interval[0] <= trial.truth <= trial.interval[1] for trial in trials) / len(trials),
            len(trials),
        )
        for figure, trials in by_figure.items()
    ]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=1000)
    parser.add_argument("--calls", type=int, default=4000, help="in each world")
    parser.add_argument("--drawn", type=int, default=400, help="of which nine in ten are read")
    parser.add_argument("--second", type=float, default=0.25, help="share of them that two people read")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    seeds = range(asked.seed * 1_000_000, asked.seed * 1_000_000 + asked.worlds)
    one = partial(world, calls=asked.calls, drawn=asked.drawn, second=asked.second)
    with ProcessPoolExecutor(asked.processes) as pool:
        rows = rows_of(list(pool.map(one, seeds, chunksize=10)))
        looks = list(pool.map(peeked, seeds, chunksize=10))
    denied = [sum(look[which] for look in looks) / len(looks) for which in (0, 1)]
    if asked.json:
        print(json.dumps({"figures": [row._asdict() for row in rows], "peeking": denied}, indent=2))
        return
    print("| figure | truth | found | width | interval holds the truth |\n|---|---|---|---|---|")
    for row in rows:
        print(f"| {row.figure} | {row.truth:.1%} | {row.share:.1%} | {row.width:.1%} | {row.holds:.1%} |")
    print(f"\nLooked at after each of {_LOOKS} labels, a true share of {_TARGET:.0%} was denied at some time")
    print(f"by Wilson's interval in {denied[0]:.1%} of {len(looks)} worlds,")
    print(f"by the confidence sequence in {denied[1]:.1%}.")


if __name__ == "__main__":
    main()
