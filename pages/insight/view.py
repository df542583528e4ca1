"""Insight as its template shows it: pictures, each with its table, and tables of reasons and of what became of calls.

Pure. What is shown of fewer than 30 calls is their number.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from pages.categories import choices, filter_of, how_it_went, title_of
from pages.insight import control
from pages.insight.chart import Chart, Dot, Label, made
from pages.insight.lost import by_first, lost_before, lost_jobs
from pages.insight.picture import PERCENT, SMALL, WIDE, Mark, Picture, Row
from pages.insight.question import InsightQuestion, Span, Step
from pages.insight.reviewed import UNCERTAIN, Reviewed, cell, notes, written
from pages.insight.shares import Counted, Share, share_of
from pages.insight.versions import Change, changes
from pages.words import Language
from review.control_chart import Day, control_chart
from review.proportions import ENOUGH
from schemas import Taxonomies
from store.stats import Dimension, Key, Survey

WAYS: tuple[tuple[Dimension, ...], ...] = (
    ("day", "category", "sub_category"),
    ("week", "category", "sub_category"),
    ("hour", "category", "sub_category"),
    ("queue", "category", "sub_category"),
    ("day", "taxonomy", "prompt", "model"),
    ("state", "disposition"),
)
"""How the calls of the days are counted."""
_HOURS = tuple(f"{hour:02}" for hour in range(24))


@dataclass(frozen=True)
class Insight:
    """All of it."""

    calls: int
    chosen: str
    """The category whose share is looked at."""
    volume: Picture
    categories: tuple[Picture, ...]
    marks: tuple[Mark, ...]
    lost: tuple[Share, ...]
    queues: tuple[Share, ...]
    hours: Picture
    control: Picture


class _Maker:
    """Makes pictures of counts."""

    def __init__(
        self, found: Survey, question: InsightQuestion, span: Span, language: Language, reviews: Sequence[Reviewed]
    ) -> None:
        self.reviews = reviews
        self.by_day, self.by_week, self.by_hour, self.by_queue = map(by_first, found.counts[:4])
        by_version, self.unrecorded = found.counts[4], by_first(found.counts[5])["unrecorded"]
        self.question, self.span, self.language = question, span, language
        self.step: Step = question.step_of(span)
        self.steps = span.starts(self.step)
        by_mark: dict[date, list[Change]] = {}
        # several taxonomies decide side by side, and which of them most calls of a day is no change
        may_mark = len(Taxonomies.load().all) == 1 or question.queue is not None
        for change in changes(by_version) if may_mark else ():
            by_mark.setdefault(change.day, []).append(change)
        self.marks = tuple(Mark(n, day, tuple(all_)) for n, (day, all_) in enumerate(by_mark.items(), 1))

    def volume(self) -> Picture:
        say = self.language
        n = [self._of(start).total() for start in self.steps]
        titles = [self._title(start) for start in self.steps]
        chart = made(WIDE, n, 1.0, self._slots(), say.number)
        chart.add_bars(n, [f"{title}: {say.t('calls.count', n=calls)}" for title, calls in zip(titles, n, strict=True)])
        self._mark(chart)
        rows = tuple(
            Row(title, self._address(start), (say.number(calls),))
            for title, start, calls in zip(titles, self.steps, n, strict=True)
        )
        return Picture(
            "volume",
            say.t("trends.volume"),
            say.t("calls.count", n=sum(n)),
            say.t("trends.alt_volume", steps=len(n), most=say.number(max(n, default=0))),
            self.question.calls(self.span),
            chart if sum(n) >= ENOUGH else None,
            (say.t(f"trends.{self.step}"), say.t("section.calls")),
            rows,
        )

    def over_time(self, code: str) -> Picture:
        counted = [_calls(self._of(start), _is(code)) for start in self.steps]
        titles = [self._title(start) for start in self.steps]
        more = filter_of(code)
        addresses = [self._address(start, more) for start in self.steps]
        title = title_of(code, self.language.code)
        corrected = [one.corrected[code].interval[1] for one in self.reviews if code in one.corrected]
        picture = self._shares(code, title, counted, titles, addresses, self._slots(), SMALL, more, corrected)
        if picture.chart:
            self._mark(picture.chart)
        return picture if code == UNCERTAIN else self._reviewed(picture, code)

    def _reviewed(self, picture: Picture, code: str) -> Picture:
        """Put beside the machine's shares what people make of them."""
        say = self.language
        rows = [
            replace(row, cells=(*row.cells, cell(code, self.reviews, self.span.of(start, self.step), say)))
            for row, start in zip(picture.rows, self.steps, strict=True)
        ]
        days, first = (7, self.steps[0]) if self.step == "week" else (1, self.span.first)
        for one in self.reviews:
            share = one.corrected.get(code)
            if share is None:
                continue
            if picture.chart:
                begins, ends = (
                    (day - first).days / days for day in (one.span.first, one.span.last + timedelta(days=1))
                )
                picture.chart.add_level("reviewed", begins, ends, share.share, share.interval)
            counted = (say.number(one.calls), say.percent(one.machine.get(code, 0.0)), "–", written(share, say))
            title = say.t("trends.reviewed", days=one.title(say))
            rows.append(Row(title, self.question.calls(one.span, filter_of(code)), counted))
        head = (*picture.head, say.t("trends.corrected"))
        return replace(picture, head=head, rows=tuple(rows), notes=notes(code, self.reviews, say))

    def hours(self) -> Picture:
        code = self.question.category
        counted = [_calls(self.by_hour[hour], _is(code)) for hour in _HOURS]
        titles = [f"{hour}:00–{hour}:59" for hour in _HOURS]
        title = self.language.t("trends.by_hour")
        return self._shares("hours", title, counted, titles, [None] * 24, _HOURS, WIDE, filter_of(code))

    def control(self) -> Picture:
        say, code = self.language, self.question.category
        starts = self.span.starts("day")
        counted = [_calls(self.by_day[str(start)], _is(code)) for start in starts]
        days = [Day(start, one.of, one.count) for start, one in zip(starts, counted, strict=True)]
        points = control_chart(days, {mark.day: str(mark.number) for mark in self.marks})
        judged = [one for one in points if one.limits]
        shifts = sum(one.verdict in {"high", "low"} for one in points)
        rows = tuple(control.row(one, self.question, say) for one in points)
        chart = control.drawn(points, say) if judged else None
        if chart:
            self._mark(chart, "day")
        return Picture(
            "control",
            say.t("trends.control", category=title_of(code, say.code)),
            say.t("trends.shifts", n=shifts) if judged else "",
            say.t("trends.alt_control", days=len(judged), shifts=shifts),
            self.question.calls(self.span, filter_of(code)),
            chart,
            tuple(say.t(f"trends.{name}") for name in ("day", "calls", "share", "limits", "average", "verdict")),
            rows,
        )

    def queues(self) -> tuple[Share, ...]:
        is_it, more = _is(self.question.category), filter_of(self.question.category)
        rows = []
        for queue, leaves in sorted(self.by_queue.items(), key=lambda one: (-one[1].total(), str(one[0]))):
            where = self.question.calls(self.span, more, ("queue", queue)) if queue else None
            title, counted = queue or self.language.t("trends.no_queue"), _calls(leaves, is_it)
            rows.append(share_of(title, where, counted, self.language))
        return tuple(rows)

    def lost(self, before: Survey) -> tuple[Share, ...]:
        now, then = lost_jobs(self._leaves(), self.unrecorded), lost_before(before)
        rows = []
        for sub in {*now.reasons, *then.reasons}:
            one, was = Counted(now.reasons[sub], now.total), Counted(then.reasons[sub], then.total)
            where = self.question.calls(self.span, ("sub_category", sub))
            rows.append(share_of(title_of(sub, self.language.code), where, one, self.language, was))
        for disposition in {*now.dispositions, *then.dispositions}:
            one, was = (
                Counted(now.dispositions[disposition], now.total),
                Counted(then.dispositions[disposition], then.total),
            )
            where = self.question.calls(self.span, ("state", "unrecorded"), ("disposition", disposition))
            rows.append(share_of(how_it_went(disposition, self.language).title, where, one, self.language, was))
        return tuple(sorted(rows, key=lambda row: (-row.count, row.title)))

    def _leaves(self) -> Counter[Key]:
        return sum(self.by_day.values(), Counter[Key]())

    def _shares(
        self,
        name: str,
        title: str,
        counted: Sequence[Counted],
        titles: Sequence[str],
        addresses: Sequence[str | None],
        slots: Sequence[str],
        size: tuple[int, int],
        more: tuple[str, str],
        further: Sequence[float] = (),
    ) -> Picture:
        say = self.language
        total = Counted(sum(one.count for one in counted), sum(one.of for one in counted))
        shown = [one.share if one.is_enough else None for one in counted]
        limits = [one.interval if one.is_enough else None for one in counted]
        chart = made(size, [*(high for _, high in filter(None, limits)), *further], PERCENT, slots, say.percent)
        chart.add_band("interval", limits)
        chart.add_line("share", shown)
        for slot, (text, share) in enumerate(zip(titles, shown, strict=True)):
            if share is not None:
                chart.dots.append(Dot(chart.x(slot + 0.5), chart.y(share), f"{text}: {say.percent(share)}"))
        rows = tuple(
            Row(text, where, (say.number(one.of), *_written(one, say)))
            for text, where, one in zip(titles, addresses, counted, strict=True)
        )
        all_of_them = say.percent(total.share) if total.share is not None and total.is_enough else ""
        steps = sum(one is not None for one in shown)
        return Picture(
            name,
            title,
            all_of_them,
            say.t("trends.alt_share", title=title, share=all_of_them, steps=steps),
            self.question.calls(self.span, more),
            chart if steps else None,
            tuple(say.t(f"trends.{one}") for one in ("time", "calls", "share", "interval")),
            rows,
        )

    def _of(self, start: date) -> Counter[Key]:
        return (self.by_day if self.step == "day" else self.by_week)[str(start)]

    def _title(self, start: date) -> str:
        days = self.span.of(start, self.step)
        return " – ".join(dict.fromkeys(map(self.language.short_day, (days.first, days.last))))

    def _slots(self) -> list[str]:
        return [self.language.short_day(self.span.of(start, self.step).first) for start in self.steps]

    def _address(self, start: date, *more: tuple[str, str]) -> str:
        return self.question.calls(self.span.of(start, self.step), *more)

    def _mark(self, chart: Chart, step: Step | None = None) -> None:
        days, first = (7, self.steps[0]) if (step or self.step) == "week" else (1, self.span.first)
        chart.marks += [Label(chart.x((mark.day - first).days / days), str(mark.number)) for mark in self.marks]


def insight(
    found: Survey,
    before: Survey,
    question: InsightQuestion,
    span: Span,
    language: Language,
    reviews: Sequence[Reviewed] = (),
) -> Insight:
    """Return what is shown of the calls of some days, of as many days before, and of what people read of them."""
    maker = _Maker(found, question, span, language, reviews)
    return Insight(
        calls=found.everything.calls,
        chosen=title_of(question.category, language.code),
        volume=maker.volume(),
        categories=tuple(maker.over_time(choice.code) for choice in choices(language.code)),
        marks=maker.marks,
        lost=maker.lost(before),
        queues=maker.queues(),
        hours=maker.hours(),
        control=maker.control(),
    )


def _calls(leaves: Counter[Key], fits: Callable[[Key], bool]) -> Counted:
    """Count those that fit, of those that have a category: none has a call that failed, or that nobody recorded."""
    decided = {leaf: n for leaf, n in leaves.items() if leaf[0] is not None}
    return Counted(sum(n for leaf, n in decided.items() if fits(leaf)), sum(decided.values()))


def _is(code: str) -> Callable[[Key], bool]:
    return lambda leaf: code in leaf


def _written(one: Counted, say: Language) -> tuple[str, str]:
    if one.share is None or not one.is_enough:
        return "–", say.t("trends.too_few")
    return say.percent(one.share), " – ".join(map(say.percent, one.interval))
