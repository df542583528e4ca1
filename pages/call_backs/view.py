"""Who has to be called back, told from the outcomes of their calls. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from pages.categories import Category, category_of
from pages.words import Language
from schemas import CallOutcome
from schemas.taxonomy import EMPTY_CALL
from streams.callers import forms_of

State = Literal["open", "done", "came_back", "lost"]
STATES: tuple[State, ...] = ("open", "done", "came_back", "lost")
LOST_AFTER = timedelta(days=2)
"""How long after its time a call-back is lost of which nothing is known."""
CALLED, NOTE, BY = "called_back", "called_back_note", "called_back_by"
"""The facts of a call (POST /v1/calls/{id}/facts) that say that its customer was called back."""
_FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class CallBack:
    """What became of a caller's latest wish to be called back."""

    wish: CallOutcome
    """The call in which they wished it."""
    due_at: datetime
    state: State
    calls: int
    """In how many calls they wished it."""
    at: datetime | None = None
    """When they were called, or came back; null while neither is so."""
    by_call: str | None = None
    """The later call that shows it."""


@dataclass(frozen=True)
class Row:
    """One line of the page: one caller."""

    call_id: str
    due_at: datetime
    late_s: float
    """Seconds since it was due; 0: its time has not come."""
    caller: str | None
    """As the looker may see it."""
    line: str | None
    wanted: str
    """Service, brand and place."""
    category: Category | None
    queue: str | None
    agent: str | None
    calls: int
    at: datetime | None
    by_call: str | None
    by: str | None
    """Who called back."""
    note: str | None


def call_backs(wishes: Iterable[CallOutcome], calls: Iterable[CallOutcome], now: datetime) -> list[CallBack]:
    """Return what became of the wishes, one for each caller.

    Args:
        wishes: Outcomes whose customer asked to be called back.
        calls: All calls of these callers and to them, as far as they may be seen.
        now: The time.
    """
    of_caller: dict[str, list[CallOutcome]] = defaultdict(list)
    for wish in wishes:  # whoever hides their number has a line for each call
        of_caller[customer(wish) or f"call {wish.call_id}"].append(wish)
    later: dict[str | None, list[CallOutcome]] = defaultdict(list)
    for call in sorted(calls, key=_ended):
        if reached(call):
            later[customer(call)].append(call)
    return [_of_caller(sorted(theirs, key=_ended), later[who], now) for who, theirs in of_caller.items()]


def customer(call: CallOutcome) -> str | None:
    """Return the number of a call's customer, the same however PBXs write it; None: it is not known."""
    number = customers_number(call)
    return None if number is None else forms_of(number)[0]


def customers_number(call: CallOutcome) -> str | None:
    """Return the number of a call's customer as its source wrote it; None: it is not known.

    Of a call that went out some sources know only what was dialled, and say so in ``metadata.called``.
    """
    called = call.metadata.get("called") if is_outbound(call) else None
    return call.caller or (called if isinstance(called, str) else None)


def is_outbound(call: CallOutcome) -> bool:
    """Tell whether the customer was called."""
    return (call.direction or "").lower() == "outbound"


def reached(call: CallOutcome) -> bool:
    """Tell whether both sides talked, as far as anybody knows: a call that nobody answered ends nobody's waiting."""
    if call.state == "unrecorded":
        return call.disposition == "answered"
    return call.disposition in (None, "answered") and call.category != EMPTY_CALL


def row(found: CallBack, shown: CallOutcome, language: Language, now: datetime) -> Row:
    """Return a line of the page; ``shown`` is the call as the looker may see it."""
    insights = shown.insights
    wanted = () if insights is None else (insights.service, insights.brand, insights.place)
    return Row(
        call_id=shown.call_id,
        due_at=found.due_at,
        late_s=max(0.0, (now - found.due_at).total_seconds()),
        caller=shown.caller,
        line=shown.summary or shown.justification,
        wanted=" · ".join(filter(None, wanted)),
        category=category_of(shown, language),
        queue=shown.queue,
        agent=shown.agent_id,
        calls=found.calls,
        at=found.at,
        by_call=found.by_call,
        by=_text(shown.facts.get(BY)),
        note=_text(shown.facts.get(NOTE)),
    )


def in_order(found: Iterable[CallBack], state: State) -> list[CallBack]:
    """Return those of a state: what is open by when it is due, else the latest first."""
    chosen = [one for one in found if one.state == state]
    return sorted(chosen, key=lambda one: one.due_at, reverse=state != "open")


def _of_caller(wishes: Sequence[CallOutcome], calls: Iterable[CallOutcome], now: datetime) -> CallBack:
    wish = wishes[-1]
    assert wish.insights is not None and wish.insights.callback_at is not None  # noqa: S101 - what makes it a wish
    due_at = wish.insights.callback_at
    if wish.facts.get(CALLED) is True:
        return CallBack(wish, due_at, "done", len(wishes), wish.facts_at.get(CALLED))
    for call in calls:
        if _ended(call) > _ended(wish):
            state: State = "done" if is_outbound(call) else "came_back"
            return CallBack(wish, due_at, state, len(wishes), call.ended_at, call.call_id)
    return CallBack(wish, due_at, "lost" if now - due_at > LOST_AFTER else "open", len(wishes))


def _ended(call: CallOutcome) -> datetime:
    return call.ended_at or _FIRST


def _text(fact: object) -> str | None:
    return fact if isinstance(fact, str) else None
