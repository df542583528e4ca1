"""Calls that differ in everything that is looked for, and what of them fits a query, told in Python."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas import CallOutcome, Insights, Speaker, Turn
from store.calls import OutcomeStore
from store.folding import folded_words
from store.search import CallQuery
from tests.schemas.examples import call_failed, call_outcome, turn

FIRST = datetime(2026, 10, 5, 21, tzinfo=UTC)
SAID = ("klimanın fiyatı ne kadar", "ÇAMAŞIR MAKİNESİ su akıtıyor", "kombi ıslık çalıyor", "Bosch buzdolabı")
BRANDS = ("Arçelik", "BOSCH", "Vestel", None)


def call(number: int) -> tuple[CallOutcome, tuple[Turn, ...]]:
    """Make the call of a number; the numbers from 0 to 59 have every combination that the tests ask for."""
    ended_at = FIRST + timedelta(minutes=37 * (number // 2))  # two at the same moment each
    if number % 10 == 9:
        failed = call_failed().model_copy(
            update={"call_id": f"call-{number}", "ended_at": None if number % 20 == 9 else ended_at, "queue": "q0"}
        )
        return failed, ()
    insights = Insights(
        service="klima" if number % 3 else "Çamaşır Makinesi",
        brand=BRANDS[number % 4],
        urgency=("urgent", "soon", None)[number % 3],
        callback_at=ended_at + timedelta(hours=number) if number % 5 == 0 else None,
    )
    facts: dict[str, Any] = {
        "call_id": f"call-{number}",
        "outcome_id": f"outcome-{number}",
        "revision": 1,
        "ended_at": ended_at,
        "category": "uncertain" if number % 4 == 0 else "unnecessary_call",
        "sub_category": None if number % 4 == 0 else ("price_research", "complaint")[number % 2],
        "confidence": number / 60,
        "queue": f"q{number % 3}",
        "agent_id": (None, "elif", "deniz")[number % 3],
        "direction": ("inbound", "outbound")[number % 2],
        "provisional": number % 7 == 0,
        "metadata": {
            "brand": ("a", "b", 3, True)[number % 4],
            "campaign": {"name": f"n{number % 2}"},
            "on": "2026-10-05",
        },
        "insights": insights,
    }
    said = (turn(Speaker.CUSTOMER, SAID[number % 4]), turn(Speaker.AGENT, SAID[(number + 1) % 4], 5.0))
    return call_outcome().model_copy(update=facts), said


CALLS = [call(number) for number in range(60)]


async def fill(store: OutcomeStore) -> None:
    """Store them all."""
    for outcome, turns in CALLS:
        await store.save(outcome, turns)


def expected(query: CallQuery) -> list[str]:
    """Return the identifiers of the calls that fit, the newest first."""
    fitting = [outcome for outcome, turns in CALLS if fits(outcome, turns, query)]
    unknown = datetime.min.replace(tzinfo=UTC)
    return [
        one.call_id for one in sorted(fitting, key=lambda one: (one.ended_at or unknown, one.call_id), reverse=True)
    ]


def fits(outcome: CallOutcome, turns: tuple[Turn, ...], query: CallQuery) -> bool:
    """Tell whether a call fits, without a store."""
    insights = outcome.insights or Insights()
    found = outcome.model_dump(mode="json")
    among = itertools.chain(query.among.items(), ((name, one["$in"]) for name, one in query.within.items()))
    return (
        all(at(found, name) in values for name, values in among)
        and within(outcome.ended_at, query.ended_since, query.ended_before)
        and within(insights.callback_at, query.callback_since, query.callback_before)
        and within(outcome.confidence, query.confidence_from, query.confidence_below)
        and (query.brand is None or folded_words([insights.brand or ""]) == folded_words([query.brand]))
        and (query.service is None or folded_words([insights.service or ""]) == folded_words([query.service]))
        and query.source != "human"
        and all(began(turns, word, query.speaker) for word in folded_words([query.words or ""]))
    )


def at(found: dict[str, Any], path: str) -> Any:
    """Return what lies at a path of the document."""
    value: Any = found
    for name in path.removeprefix("outcome.").split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def within(value: Any, least: Any, beyond: Any) -> bool:
    """Tell whether a value is between two; one that is not there is only between none."""
    if least is None and beyond is None:
        return True
    return value is not None and (least is None or value >= least) and (beyond is None or value < beyond)


def began(turns: tuple[Turn, ...], word: str, speaker: Speaker | None) -> bool:
    """Tell whether somebody said a word that begins so."""
    return any(
        said.startswith(word) for one in turns if speaker in {None, one.speaker} for said in folded_words([one.text])
    )
