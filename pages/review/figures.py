"""The figures of a sample as their page shows them. Pure; made in a thread, for they take their time."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pages.review.view import of_code
from pages.words import Language
from review.planner import more_labels
from review.proportions import ENOUGH
from review.report import figures
from review.reviewed import ReviewedCall

TARGETS = (0.8, 0.9, 0.95)
"""What a supervisor wants to know of the machine: whether it is as right as this."""


@dataclass(frozen=True)
class Share:
    """A share with its interval."""

    text: str
    interval: str
    value: float
    n: int
    """Labels that it rests on."""

    @property
    def is_enough(self) -> bool:
        """Whether there are enough labels to show it."""
        return self.n >= ENOUGH


@dataclass(frozen=True)
class Line:
    """A line of a table."""

    name: str
    shares: Sequence[Share | None]


@dataclass(frozen=True)
class Plan:
    """How many more labels decide whether the machine is right as often as a target."""

    target: str
    decided: str | None
    """above or below; None: it is open."""
    more: int | None
    """None: no number of labels that anybody would read."""


@dataclass(frozen=True)
class Figures:
    """All of them."""

    labels: int
    measured: int
    doubled: int
    waiting: int
    unread_groups: int
    """Strata that nobody has read a call of: no figure speaks for them."""
    person: Share | None
    people: Share | None
    kappa: str | None
    alpha: str | None
    gold: Share | None
    naive: Share | None
    categories: Sequence[Line]
    """Precision and recall."""
    periods: Sequence[Line]
    versions: Sequence[Line]
    causes: Sequence[Line]
    corrected: Sequence[tuple[Line, str]]
    """Share of each category, corrected, with what the machine counted."""
    plans: Sequence[Plan]


def figures_view(
    drawn: Sequence[ReviewedCall],
    chosen: Sequence[ReviewedCall],
    sizes: Mapping[tuple[str, str], int],
    machine: Mapping[str, int],
    language: Language,
) -> Figures:
    """Return the figures of a sample.

    Args:
        drawn: Its calls that were read.
        chosen: Calls that people labelled for other reasons: they count in the naive figure alone.
        sizes: Calls in the frame, by frame and stratum.
        machine: Calls in the frame, by what the machine says.
        language: What numbers and names are written in.
    """
    found, to = figures([*drawn, *chosen], sizes, machine), language
    gold = _share(found["accuracy"]["gold"], to)
    people, right = found["people"] or {}, found["accuracy"]
    categories = [
        Line(
            of_code(code, language.code).title,
            [_share(one["precision"]["person"], to), _share(one["recall"]["person"], to)],
        )
        for code, one in found["categories"].items()
    ]
    return Figures(
        labels=found["labels"],
        measured=found["measured"],
        doubled=found["doubled"],
        waiting=found["waiting_for_third"],
        unread_groups=len(found["groups_without_labels"]),
        person=_share(right["person"], to),
        people=_share(people.get("raw"), to),
        kappa=_coefficient(people.get("kappa"), to),
        alpha=_coefficient(people.get("alpha"), to),
        gold=gold and replace(gold, n=found["doubled"]),  # those alone tell it apart from one person's
        naive=_share(found["all_labels"], to),
        categories=categories,
        periods=[Line(name, [_share(one["person"], to)]) for name, one in found["periods"].items()],
        versions=[Line(name.strip(" ·"), [_share(one["person"], to)]) for name, one in found["versions"].items()],
        causes=[Line(_cause(name, to), [_share(one, to)]) for name, one in found["causes"].items()],
        corrected=[
            (Line(of_code(code, language.code).title, [_share(one, to)]), language.percent(one["machine"]))
            for code, one in sorted(found["corrected"].items(), key=lambda pair: -pair[1]["share"])
        ],
        plans=_plans(right["person"], to),
    )


def _share(found: Mapping[str, Any] | None, language: Language) -> Share | None:
    if found is None:
        return None
    low, high = found["interval"]
    return Share(language.percent(found["share"]), _interval(low, high, language), found["share"], found["n"])


def _interval(low: float, high: float, language: Language) -> str:
    return f"{language.percent(low)} – {language.percent(high)}"


def _coefficient(found: Mapping[str, Any] | None, language: Language) -> str | None:
    if found is None or found["value"] is None:
        return None
    text = language.number(found["value"], 2)
    if found["interval"] is None:
        return text
    low, high = (language.number(bound, 2) for bound in found["interval"])
    return f"{text} ({low} – {high})"


def _cause(name: str, language: Language) -> str:
    return language.t("cause.none") if name == "not named" else language.t(f"cause.{name}")


def _plans(found: Mapping[str, Any] | None, language: Language) -> list[Plan]:
    if found is None or found["n"] < ENOUGH:
        return []
    low, high = found["interval"]
    n = found["effective_n"] or math.inf
    plans = []
    for target in TARGETS:
        decided = "above" if low >= target else "below" if high < target else None
        more = None
        if decided is None and math.isfinite(n):
            more = more_labels(target, found["share"], right=found["share"] * n, n=n)
        plans.append(Plan(language.percent(target), decided, more))
    return plans
