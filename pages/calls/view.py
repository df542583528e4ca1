"""The list of calls as its template shows it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pages.calls.question import PERIODS, Asked, CallsQuestion, Period
from pages.categories import Category, Choice, category_of, filter_of, title_of
from pages.confidence import HIGH, LOW, Confidence, confidence_of
from pages.words import Language
from schemas import SIDES, CallOutcome, Taxonomies
from streams.topics import STAGES


@dataclass(frozen=True)
class Row:
    """One call."""

    call_id: str
    ended_at: datetime | None
    is_today: bool
    caller: str | None
    """As the looker may see it."""
    agent: str | None
    queue: str | None
    duration_s: float | None
    category: Category | None
    """None: the call failed."""
    is_human: bool
    """Whether a person decided the category."""
    confidence: Confidence | None
    line: str | None
    """What it was about, or why it is what it is."""
    failure: str | None
    """Which stage gave it up."""
    callback_at: datetime | None
    """When the customer is to be called back."""


@dataclass(frozen=True)
class Link:
    """A link that may be the one that is shown."""

    text: str
    address: str
    is_current: bool = False


def _asked_often(language: Language) -> Iterator[tuple[str, str]]:
    """Yield the questions that are asked often, with their addresses; any other is a bookmark."""
    yield language.t("saved.uncertain_today"), "/calls?category=uncertain"
    taxonomies = Taxonomies.load().all
    for one in taxonomies:
        if complaint := one.code_of("complaint"):
            name, code = filter_of(complaint, one)
            whose = f" · {one.version}" if len(taxonomies) > 1 else ""
            yield language.t("saved.complaints_yesterday") + whose, f"/calls?{name}={code}&when=yesterday"
    yield language.t("saved.unsure_week"), "/calls?confidence.lt=0.6&when=7d"
    yield language.t("saved.failed_week"), "/calls?state=failed&when=7d"


def row(outcome: CallOutcome, language: Language, now: datetime) -> Row:
    """Return the row of a call."""
    ended_at = outcome.ended_at
    today = now.astimezone(language.zone).date()
    return Row(
        call_id=outcome.call_id,
        ended_at=ended_at,
        is_today=ended_at is not None and ended_at.astimezone(language.zone).date() == today,
        caller=outcome.caller,
        agent=outcome.agent_id,
        queue=outcome.queue,
        duration_s=duration_s(outcome),
        category=category_of(outcome, language),
        is_human=getattr(outcome, "source", None) == "human",
        confidence=confidence_of(outcome.confidence),
        line=outcome.summary or outcome.justification,
        failure=stage_title(outcome.failure.stage, language) if outcome.failure else None,
        callback_at=outcome.insights.callback_at if outcome.insights else None,
    )


def duration_s(outcome: CallOutcome) -> float | None:
    """Return how long a call was: by its recording, or else as the telephone system says; None: nobody knows."""
    if outcome.recording_facts is not None:
        return outcome.recording_facts.duration_s
    if outcome.started_at is not None and outcome.ended_at is not None:
        return max(0.0, (outcome.ended_at - outcome.started_at).total_seconds())
    return None


def stage_title(stage: str, language: Language) -> str:
    """Return what people call a stage; a name that is not ours stays."""
    return language.t(f"stage.of.{stage}") if stage in STAGES else stage


def periods(asked: Asked, shown: Period | None, language: Language) -> list[Link]:
    """Return links to the periods."""
    return [Link(language.t(f"period.{one}"), asked.during(one), one == shown) for one in PERIODS]


def chips(asked: Asked, language: Language) -> list[Link]:
    """Return what is filtered, each with the address of the list without it."""
    return [Link(_chip(name, value, language), asked.without(name, value)) for name, value in asked.filters]


def saved(current: str, language: Language) -> list[Link]:
    """Return links to questions that are asked often."""
    return [Link(text, to, to == current) for text, to in _asked_often(language)]


def heading(question: CallsQuestion, language: Language) -> str:
    """Return which days a resolved question is about."""
    first, last = question.ended_since, question.ended_before
    if first is None and last is None:
        return language.t("period.all_long")
    if question.period in {"today", "yesterday"} and first is not None:
        return language.day(first.astimezone(language.zone).date())
    # the last moment is one that is not meant any more
    ends = (first, last - timedelta(seconds=1) if last else None)
    return " – ".join("…" if end is None else language.short_day(end.astimezone(language.zone).date()) for end in ends)


def columns(rows: Sequence[Row]) -> list[str]:
    """Return which columns are worth their room: those that a call has something in."""
    return [name for name in ("caller", "agent", "queue") if any(getattr(row, name) for row in rows)]


def states(language: Language) -> list[Choice]:
    """Return the states that calls in the list can have."""
    return [Choice(one, language.t(f"state.{one}")) for one in ("done", "failed", "unrecorded")]


def speakers(language: Language) -> list[Choice]:
    """Return who can have said something."""
    return [Choice(one.value, language.t(f"speaker.{one.value}")) for one in SIDES]


def shares(language: Language) -> list[Choice]:
    """Return how sure a classifier may be at the most."""
    return [Choice(str(one), language.percent(one)) for one in (0.4, LOW, HIGH)]


def _chip(name: str, value: str, language: Language) -> str:
    if name in {"category", "sub_category"}:
        shown = title_of(value, language.code)
    elif name == "state":
        shown = language.t(f"state.{value}")
    elif name == "disposition":
        shown = language.t(f"disposition.{value}")
    elif name == "speaker":
        shown = language.t(f"speaker.{value}")
    elif name == "confidence.lt":
        shown = language.percent(float(value))
    else:
        shown = value
    known = {"category", "sub_category", "agent", "queue", "state", "disposition", "confidence.lt", "words", "speaker"}
    key = name.replace(".", "_")
    return f"{language.t(f'filter.{key}') if name in known else name}: {shown}"
