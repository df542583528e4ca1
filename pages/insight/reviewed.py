"""The machine's shares, corrected by what people read of the same days (``review.corrected``). Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pages.insight.question import Span
from pages.words import Language
from review.corrected import corrected_shares
from review.estimates import Estimate
from review.proportions import ENOUGH
from review.reviewed import ReviewedCall
from review.sample import Sample
from schemas import Taxonomies

UNCERTAIN = "uncertain"
"""What people never say, so that nothing corrects it."""


@dataclass(frozen=True)
class Reviewed:
    """A sample of all calls of some days."""

    span: Span
    calls: int
    """All calls of the days that the machine had decided, of which some were drawn."""
    machine: Mapping[str, float]
    """By category: its share of them as the machine has it."""
    corrected: Mapping[str, Estimate]
    """By category: its share of them as people have it."""

    def title(self, language: Language) -> str:
        """Return the days."""
        return " – ".join(dict.fromkeys(map(language.short_day, (self.span.first, self.span.last))))


def reviewed(
    span: Span, calls: Iterable[ReviewedCall], sizes: Mapping[tuple[str, str], int], machine: Mapping[str, int]
) -> Reviewed | None:
    """Return what a sample says of the categories; None: too few of its calls were read, or a stratum not at all.

    Args:
        span: The days of its frame.
        calls: Its calls that were read.
        sizes: Calls in the frame, by frame and stratum.
        machine: Calls in the frame, by the leaf that the machine says.
    """
    sample, counted = Sample(map(_by_category, calls), sizes), Counter[str]()
    for leaf, n in machine.items():
        counted[_category(leaf)] += n
    total = counted.total()
    if len(sample.calls) < ENOUGH or sample.unread_groups or not total:
        return None
    shares = {category: n / total for category, n in counted.items()}
    return Reviewed(span, total, shares, corrected_shares(sample, counted))


def side_by_side(found: Iterable[Reviewed], span: Span) -> list[Reviewed]:
    """Return those of which some days are within, in the order of their days; of two of the same day the first one."""
    chosen: list[Reviewed] = []
    for one in found:
        if overlap(one.span, span) and not any(overlap(one.span, other.span) for other in chosen):
            chosen.append(one)
    return sorted(chosen, key=lambda one: one.span.first)


def overlap(one: Span, other: Span) -> bool:
    """Tell whether there is a day in both."""
    return one.first <= other.last and other.first <= one.last


def written(share: Estimate, say: Language) -> str:
    """Return a share with its interval."""
    low, high = map(say.percent, share.interval)
    return f"{say.percent(share.share)} ({low} – {high})"


def notes(code: str, found: Sequence[Reviewed], say: Language) -> tuple[str, ...]:
    """Return in words what the samples make of a category's share; that there are none, where there are none."""
    if code == UNCERTAIN:
        return ()
    return tuple(
        say.t(
            "trends.corrected_on",
            days=one.title(say),
            share=written(share, say),
            machine=say.percent(one.machine.get(code, 0.0)),
        )
        for one in found
        if (share := one.corrected.get(code)) is not None
    ) or (say.t("trends.not_reviewed_all"),)


def cell(code: str, found: Sequence[Reviewed], days: Span, say: Language) -> str:
    """Return what the row of some days says of it: a share speaks for just the days of its sample."""
    for one in found:
        if one.span == days and code in one.corrected:
            return written(one.corrected[code], say)
        if one.span.first <= days.first and days.last <= one.span.last and code in one.corrected:
            return say.t("trends.within_review", days=one.title(say))
    return say.t("trends.not_reviewed")


def _category(leaf: str) -> str:
    known = Taxonomies.load().leaves.get(leaf)
    return known.category if known else leaf


def _by_category(call: ReviewedCall) -> ReviewedCall:
    readings = tuple(
        replace(one, first=_category(one.first), final=one.final and _category(one.final)) for one in call.readings
    )
    counted = call.counted and _category(call.counted)
    return replace(call, machine=_category(call.machine), readings=readings, counted=counted)
