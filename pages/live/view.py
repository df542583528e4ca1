"""The live page as its templates show it. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

from pages.calls.view import Row, stage_title
from pages.categories import Category, category_named
from pages.confidence import HIGH, LOW, confidence_of
from pages.pipeline import Look
from pages.words import Language
from schemas import DISPOSITIONS, Leaf, Taxonomies, Taxonomy
from streams.topics import PIPELINE

MOST_ROWS = 200
COLUMNS = ("queue",)
State = Literal["failed", "unrecorded"]
STATES: tuple[State, ...] = get_args(State)
"""The states in which a call has no category."""
_COLOURS: dict[State, str] = {"failed": "failed", "unrecorded": "plain"}


@dataclass(frozen=True)
class Count:
    """How many of today's calls are of one kind."""

    category: Category
    address: str
    calls: int
    share: float


@dataclass(frozen=True)
class StageFlow:
    """How many calls are in one stage, or wait for it."""

    title: str
    waiting: int
    oldest_s: float | None
    """Age of the one that waits longest; None: none does."""
    per_minute: float | None
    """Calls finished in a minute; None: not known yet."""
    is_braked: bool


def leaves() -> Sequence[Leaf]:
    """Return what calls are counted by."""
    return tuple(dict.fromkeys(leaf for one in Taxonomies.load().all for leaf in one.leaves.values()))


def counts(found: Mapping[Leaf | State, int], language: Language) -> list[Count]:
    """Return today's counts, the most frequent first; a state stands for the calls without a category."""
    total = sum(found.values())
    shown = []
    for leaf, calls in sorted(found.items(), key=lambda one: -one[1]):
        if not calls:
            continue
        if not isinstance(leaf, Leaf):
            category, query = Category(language.t(f"state.{leaf}"), _COLOURS[leaf]), f"state={leaf}"
        else:
            category = category_named(leaf.category, leaf.sub_category, language.code)
            query = f"sub_category={leaf.sub_category}" if leaf.sub_category else f"category={leaf.category}"
        shown.append(Count(category, f"/calls?{query}", calls, calls / total))
    return shown


def flow(look: Look, language: Language) -> list[StageFlow]:
    """Return the stages that every call passes."""
    groups = {group.name: group for group in look.status.groups}
    return [
        StageFlow(
            title=stage_title(name, language),
            waiting=groups[name].lag,
            oldest_s=look.status.age_s(groups[name].waiting_since),
            per_minute=look.per_minute.get(name),
            is_braked=name in look.brakes,
        )
        for name in PIPELINE
    ]


def example() -> Row:
    """Return a row that has every part: the script fills copies of it."""
    return Row(
        call_id="_",
        ended_at=datetime.now(UTC),
        is_today=False,
        caller=None,
        agent=None,
        queue="_",
        duration_s=0.0,
        category=Category("_", "plain"),
        is_human=True,
        confidence=confidence_of(0.0),
        line="_",
        failure=None,
        callback_at=datetime.now(UTC),
    )


def names(language: Language) -> str:
    """Return what the script needs to fill a row as the server would, as JSON."""
    taxonomies = Taxonomies.load()
    categories = {"": _titles(taxonomies.leaves.values(), language)}
    if len(taxonomies.all) > 1:
        categories |= {one.version: _titles(one.leaves.values(), language, one) for one in taxonomies.all}
    return json.dumps(
        {
            "zone": language.zone.key,
            "low": LOW,
            "high": HIGH,
            "categories": categories,
            "failed": language.t("state.failed"),
            "went": {one: language.t(f"disposition.{one}") for one in DISPOSITIONS},
            "no_time": language.t("calls.no_time"),
            "callback": language.t("calls.callback"),
            "stages": {one: language.t("calls.given_up", stage=stage_title(one, language)) for one in PIPELINE},
            "confidence": {one: language.t(f"confidence.{one}") for one in ("low", "middle", "high")},
        }
    )


def _titles(leaves: Iterable[Leaf], language: Language, taxonomy: Taxonomy | None = None) -> dict[str, list[str]]:
    named = {leaf.code: category_named(leaf.category, leaf.sub_category, language.code, taxonomy) for leaf in leaves}
    return {code: [one.title, one.colour] for code, one in named.items()}
