"""The control chart of a share as it is drawn, and its table. Pure."""

from collections.abc import Sequence

from pages.categories import filter_of
from pages.insight.chart import Chart, Dot, made
from pages.insight.picture import PERCENT, WIDE, Row
from pages.insight.question import InsightQuestion, Span
from pages.words import Language
from review.control_chart import Point

_VERDICTS = {
    "too few calls": "trends.too_few",
    "usual": "trends.usual",
    "high": "trends.high",
    "low": "trends.low",
}


def drawn(points: Sequence[Point], say: Language) -> Chart:
    """Return the chart of days of which some have limits."""
    slots = [say.short_day(one.day) for one in points]
    shares = [one.share if one.limits else None for one in points]
    highest = [max(one.limits[1], one.share or 0.0) for one in points if one.limits]
    chart = made(WIDE, highest, PERCENT, slots, say.percent)
    chart.add_band("limits", [one.limits for one in points])
    learnt_anew = {slot for slot, one in enumerate(points) if one.mark}
    chart.add_line("centre", [one.centre if one.limits else None for one in points], learnt_anew)
    chart.add_line("average", [one.average for one in points], learnt_anew)
    chart.add_line("share", shares)
    for slot, (point, share) in enumerate(zip(points, shares, strict=True)):
        if share is not None:
            kind = "usual" if point.verdict == "usual" else "shift"
            verdict = say.t(_VERDICTS[point.verdict])
            title = f"{slots[slot]}: {say.percent(share)}, {verdict}"
            chart.dots.append(Dot(chart.x(slot + 0.5), chart.y(share), title, kind))
    return chart


def row(point: Point, question: InsightQuestion, say: Language) -> Row:
    """Return the row of a day."""
    none = "–"
    cells = (
        say.number(point.n),
        none if point.share is None or not point.limits else say.percent(point.share),
        " – ".join(map(say.percent, point.limits)) if point.limits else none,
        none if point.average is None else say.percent(point.average),
        say.t(_VERDICTS[point.verdict]),
    )
    one = Span(point.day, point.day)
    return Row(say.short_day(point.day), question.calls(one, filter_of(question.category)), cells)
