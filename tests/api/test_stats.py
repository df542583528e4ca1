"""Counts and figures, beside the same ones computed with Python's own means and medians."""

from collections.abc import Callable
from datetime import timedelta
from statistics import mean, median
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from api.access import Principal, Right, Scope
from api.services import Services
from schemas import CallOutcome
from store import stats
from store.calls import OutcomeStore
from tests.api.asking import asking
from tests.store import annotations
from tests.store.calls import CALLS, fill
from tests.store.outcomes import corrected, done, unrecorded

pytestmark = pytest.mark.integration
OUTCOMES = [outcome for outcome, _ in CALLS]
ISTANBUL = ZoneInfo("Europe/Istanbul")


def day(outcome: CallOutcome) -> str | None:
    return str(outcome.ended_at.astimezone(ISTANBUL).date()) if outcome.ended_at else None


def week(outcome: CallOutcome) -> str | None:
    if outcome.ended_at is None:
        return None
    local = outcome.ended_at.astimezone(ISTANBUL).date()
    return str(local - timedelta(days=local.isoweekday() - 1))


def month(outcome: CallOutcome) -> str | None:
    return f"{outcome.ended_at.astimezone(ISTANBUL):%Y-%m}-01" if outcome.ended_at else None


KEYS: dict[str, Callable[[CallOutcome], str | None]] = {
    "day": day,
    "week": week,
    "month": month,
    "queue": lambda outcome: outcome.queue,
    "agent": lambda outcome: outcome.agent_id,
    "category": lambda outcome: outcome.category,
    "sub_category": lambda outcome: outcome.sub_category,
    "hour": lambda outcome: f"{outcome.ended_at.astimezone(ISTANBUL):%H}" if outcome.ended_at else None,
    "taxonomy": lambda outcome: outcome.versions.taxonomy if outcome.versions else None,
    "prompt": lambda outcome: outcome.versions.prompt if outcome.versions else None,
    "model": lambda outcome: outcome.versions.model if outcome.versions else None,
}


@pytest.mark.parametrize(
    "by",
    [
        ["day"],
        ["week", "queue"],
        ["month"],
        ["agent", "category"],
        ["day", "queue", "sub_category"],
        ["hour", "taxonomy"],
        ["prompt", "model"],
        [],
    ],
)
async def test_each_call_counts_once_where_it_belongs(
    client: httpx.AsyncClient, services: Services, by: list[str]
) -> None:
    await fill(OutcomeStore(services.database))
    answer = (await client.get("/v1/stats", params={"group_by": by, "time_zone": "Europe/Istanbul"})).json()
    assert answer["total"]["calls"] == len(OUTCOMES)
    counted = {tuple(group["group"][name] for name in by): group["calls"] for group in answer["groups"]}
    keys = [tuple(KEYS[name](outcome) for name in by) for outcome in OUTCOMES]
    assert counted == ({key: keys.count(key) for key in keys} if by else {})
    assert list(counted) == sorted(counted, key=lambda key: [(name is not None, name or "") for name in key])
    assert sum(group["share"] for group in answer["groups"]) == pytest.approx(1 if by else 0, abs=1e-4)


async def test_figures_are_those_of_the_calls(client: httpx.AsyncClient, services: Services) -> None:
    store = OutcomeStore(services.database)
    outcomes = []
    for number, (outcome, turns) in enumerate(CALLS):
        if outcome.recording_facts is not None and outcome.usage is not None:
            facts = outcome.recording_facts.model_copy(update={"duration_s": 12.3 + 17.1 * number})
            currency = ("USD", "EUR")[number % 2]
            usage = outcome.usage.model_copy(update={"cost": 0.00123 * number, "currency": currency})
            outcome = outcome.model_copy(update={"recording_facts": facts, "usage": usage})  # noqa: PLW2901
        await store.save(outcome, turns)
        outcomes.append(outcome)
    total = (await client.get("/v1/stats")).json()["total"]
    lengths = [one.recording_facts.duration_s for one in outcomes if one.recording_facts]
    silent = [one.figures.silence_s for one in outcomes if one.figures and one.recording_facts]
    silences = [silence_s / length_s for silence_s, length_s in zip(silent, lengths, strict=True)]
    assert total["duration_s"]["mean"] == pytest.approx(mean(lengths))
    assert total["duration_s"]["median"] == pytest.approx(median(lengths), abs=0.06)
    assert total["silence_share"]["mean"] == pytest.approx(mean(silences), abs=1e-6)
    assert total["silence_share"]["median"] == pytest.approx(median(silences), abs=0.0006)
    assert total["talk_share"]["undivided"] == {"mean": None, "median": None}
    assert total["talk_share"]["customer"]["mean"] == pytest.approx(0.303)
    usages = [one.usage for one in outcomes if one.usage]
    for paid in total["costs"]:
        costs = [usage.cost or 0.0 for usage in usages if usage.currency == paid["currency"]]
        assert paid["micros"] == round(sum(costs) * 1e6)
    assert [paid["currency"] for paid in total["costs"]] == ["EUR", "USD"]
    assert total["failed"] == sum(one.state == "failed" for one in outcomes)
    assert total["provisional"] == sum(one.provisional for one in outcomes)


async def test_what_became_of_calls_is_counted_where_it_is_known(client: httpx.AsyncClient, services: Services) -> None:
    store = OutcomeStore(services.database)
    told: list[dict[str, Any]] = [
        {"job_booked": True, "value": 1450.5, "currency": "TRY"},
        {"job_booked": True, "value": 80, "currency": "EUR"},
        {"job_booked": False},
        {"value": 0.25, "currency": "TRY"},
        {"rooms": 3},
    ]
    for number, facts in enumerate([*told, None]):
        await store.save(done("a", f"call-{number}"))
        if facts is not None:
            await store.annotate(annotations.facts("f", call_id=f"call-{number}", **facts))
    total = (await client.get("/v1/stats")).json()["total"]
    assert (total["calls"], total["booked"], total["booked_share"]) == (6, 2, pytest.approx(2 / 3, abs=1e-6))
    assert total["values"] == [{"currency": "EUR", "micros": 80_000_000}, {"currency": "TRY", "micros": 1_450_750_000}]
    nothing = (await client.get("/v1/stats?queue=nobody")).json()["total"]
    assert (nothing["booked"], nothing["booked_share"], nothing["values"]) == (0, None, [])


async def test_nothing_out_of_scope_is_counted(services: Services) -> None:
    await fill(OutcomeStore(services.database))
    who = Principal("ann", frozenset({Right.VIEW}), Scope(queues=frozenset({"q1"})))
    async with asking(services, who) as client:
        answer = (await client.get("/v1/stats?group_by=queue&state=done")).json()
        none = (await client.get("/v1/stats?group_by=queue&queue=q2")).json()
    assert [group["group"] for group in answer["groups"]] == [{"queue": "q1"}]
    assert answer["total"]["calls"] == sum(one.queue == "q1" and one.state == "done" for one in OUTCOMES)
    assert (none["total"]["calls"], none["total"]["share"], none["groups"]) == (0, None, [])


@pytest.mark.parametrize(
    "question",
    [
        "group_by=day&group_by=week",
        "group_by=queue&group_by=queue",
        "group_by=caller",
        "time_zone=../etc",
        "time_zone=X",
    ],
)
async def test_a_question_that_means_nothing_is_refused(client: httpx.AsyncClient, question: str) -> None:
    answer = await client.get(f"/v1/stats?{question}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"].startswith(question.split("=", maxsplit=1)[0])


async def test_more_groups_than_an_answer_holds_are_refused(
    client: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(OutcomeStore(services.database))
    monkeypatch.setattr(stats, "_MOST_GROUPS", 2)
    answer = await client.get("/v1/stats?group_by=queue")
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, "group_by" in problem["cure"]) == (422, True)


async def test_a_call_that_was_corrected_counts_in_the_period_in_which_it_ended(
    client: httpx.AsyncClient, services: Services
) -> None:
    store = OutcomeStore(services.database)
    for outcome in (done("a"), corrected("a", "sales")):
        assert await store.save(outcome) is not None
    answer = await client.get("/v1/stats", params={"group_by": "day"})
    assert answer.status_code == 200, answer.text
    [group] = answer.json()["groups"]
    assert (group["group"], group["calls"]) == ({"day": "2026-10-05"}, 1)


async def test_calls_without_a_recording_are_counted_by_how_they_went_and_are_no_empty_calls(
    client: httpx.AsyncClient, services: Services
) -> None:
    store = OutcomeStore(services.database)
    for outcome in (unrecorded("1", "missed", "a"), unrecorded("2", "missed", "b"), unrecorded("3", "busy", "c")):
        await store.save(outcome)
    await store.save(done("4", "d").model_copy(update={"category": "empty_call", "sub_category": None}))
    answer = (await client.get("/v1/stats", params={"group_by": ["state", "disposition"]})).json()
    counted = {(one["group"]["state"], one["group"]["disposition"]): one["calls"] for one in answer["groups"]}
    assert counted == {("unrecorded", "missed"): 2, ("unrecorded", "busy"): 1, ("done", "answered"): 1}
    assert (answer["total"]["unrecorded"], answer["total"]["failed"]) == (3, 0)
    by_category = (await client.get("/v1/stats", params={"group_by": "category"})).json()
    assert {one["group"]["category"]: one["calls"] for one in by_category["groups"]} == {None: 3, "empty_call": 1}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"state": "unrecorded"}, {"a", "b"}),
        ({"disposition": "missed"}, {"a"}),
        ({"disposition": ["missed", "busy"], "state": "unrecorded"}, {"a", "b"}),
        ({"state": "failed"}, set()),
        ({"disposition": "answered"}, {"c"}),
    ],
)
async def test_calls_are_found_by_how_they_went(
    client: httpx.AsyncClient, services: Services, asked: dict[str, Any], found: set[str]
) -> None:
    store = OutcomeStore(services.database)
    for outcome in (unrecorded("1", "missed", "a"), unrecorded("2", "busy", "b"), done("3", "c")):
        await store.save(outcome)
    answer = await client.get("/v1/calls", params=asked)
    assert {one["call_id"] for one in answer.json()["calls"]} == found


async def test_a_disposition_that_there_is_not_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/calls", params={"disposition": "lost"})).status_code == 422
