"""What became of calls, what was said in them and what they took: by category. Pure."""

from dataclasses import dataclass

from pages.categories import title_of
from pages.insight.question import InsightQuestion, Span
from pages.insight.shares import Counted
from pages.words import Language
from schemas import Speaker
from store.spread import Spread
from store.stats import Dimension, Figures, Survey

BY: tuple[Dimension, ...] = ("category", "sub_category", "state")
"""How the calls are grouped that a table is made of."""


@dataclass(frozen=True)
class Became:
    """Figures of some calls as they are shown."""

    title: str
    address: str | None
    calls: str
    booked: str
    """Of those of which it is known whether a job followed."""
    known: str
    """How many these are."""
    value: str
    length: str
    customer: str
    silence: str
    cost: str


@dataclass(frozen=True)
class Tile:
    """A figure of all calls."""

    name: str
    value: str
    hint: str


def became(found: Survey, question: InsightQuestion, span: Span, language: Language) -> list[Became]:
    """Return a row for each category and sub-category, those with most calls first, and one for all calls."""
    rows = []
    for (category, sub, state), figures in sorted(found.groups.items(), key=lambda one: (-one[1].calls, str(one[0]))):
        code = sub or category
        title = title_of(code, language.code) if code else language.t(f"state.{state}")
        more = ("sub_category" if sub else "category", code) if code else ("state", str(state))
        rows.append(_row(title, question.calls(span, more), figures, language))
    return [*rows, _row(language.t("period.all"), question.calls(span), found.everything, language)]


def tiles(found: Survey, before: Survey, language: Language) -> list[Tile]:
    """Return the figures of all calls, beside those of the days before."""
    now, then, say = found.everything, before.everything, language

    def tile(name: str, value: str, was: str) -> Tile:
        return Tile(name, value, say.t("trends.before", value=was))

    return [
        tile("calls", say.number(now.calls), say.number(then.calls)),
        tile("booked", _booked(now, say), _booked(then, say)),
        tile("value", _money(now.values, say), _money(then.values, say)),
        tile("length", _length(now.duration_s, say), _length(then.duration_s, say)),
        tile("cost", _money(now.costs, say), _money(then.costs, say)),
    ]


def _row(title: str, address: str, figures: Figures, say: Language) -> Became:
    return Became(
        title=title,
        address=address,
        calls=say.number(figures.calls),
        booked=_booked(figures, say),
        known=say.number(figures.booked + figures.not_booked),
        value=_money(figures.values, say),
        length=_length(figures.duration_s, say),
        customer=_share(figures.talk_shares[Speaker.CUSTOMER], say),
        silence=_share(figures.silence_share, say),
        cost=_money(figures.costs, say),
    )


def _booked(figures: Figures, say: Language) -> str:
    counted = Counted(figures.booked, figures.booked + figures.not_booked)
    if not counted.of:
        return "–"
    if counted.share is None or not counted.is_enough:
        return say.t("trends.of", count=say.number(counted.count), of=say.number(counted.of))
    return say.percent(counted.share)


def _money(micros: dict[str, int], say: Language) -> str:
    return ", ".join(say.money(sum_, currency) for currency, sum_ in sorted(micros.items())) or "–"


def _length(spread: Spread, say: Language) -> str:
    return "–" if spread.median is None else say.length(spread.median)


def _share(spread: Spread, say: Language) -> str:
    return "–" if spread.median is None else say.percent(spread.median)
