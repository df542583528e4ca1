"""Call-backs: what becomes of a wish to be called back, and who may see and note it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from api.access import Right, Role, Scope
from api.access.sessions import COOKIE, token_of
from api.services import Services
from pages.call_backs import finding
from pages.call_backs.finding import find_call_backs
from pages.call_backs.view import LOST_AFTER, call_backs, in_order, row
from pages.words import Language
from schemas import CallOutcome
from store.calls import OutcomeStore
from store.search import CallQuery, CallSearch
from tests.api.sinking import said_of, sinking
from tests.pages.conftest import OWN, SignIn
from tests.store.outcomes import done

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
CALLER = "+905321112233"
ENGLISH = Language("en", ZoneInfo("Europe/Istanbul"))


def call(name: str, hours: float, wish: float | None = None, now: datetime = NOW, **facts: Any) -> CallOutcome:
    """Make a call that ended some hours from now, whose customer may wish to be called some hours from now."""
    outcome = done(f"outcome-{name}", name)
    assert outcome.insights is not None
    at = None if wish is None else now + timedelta(hours=wish)
    return outcome.model_copy(
        update={
            "ended_at": now + timedelta(hours=hours),
            "caller": CALLER,
            "direction": "inbound",
            "insights": outcome.insights.model_copy(update={"callback_at": at}),
            **facts,
        }
    )


def dialled(number: str, direction: str = "outbound") -> CallOutcome:
    """Make a call of two hours ago of which only the number that was dialled is known, as Asterisk's are."""
    return call("dialled", -2, direction=direction, caller=None, metadata={"called": number})


def wished_when_we_called(hours: float, wish: float) -> CallOutcome:
    """Make a call that went out, in which the customer wished to be called again."""
    return call("out", hours, wish, direction="outbound", caller=None, metadata={"called": "0532 111 22 33"})


def states(*calls: CallOutcome) -> list[str]:
    wishes = [one for one in calls if one.insights and one.insights.callback_at]
    return [one.state for one in call_backs(wishes, calls, NOW)]


LOST_H = LOST_AFTER / timedelta(hours=1)


@pytest.mark.parametrize(
    ("calls", "state"),
    [
        ([call("a", -1, 2)], "open"),
        ([call("a", -9, -1)], "open"),
        ([call("a", -90, -LOST_H + 0.1)], "open"),
        ([call("a", -90, -LOST_H - 0.1)], "lost"),
        ([call("a", -9, -1), call("b", -2)], "came_back"),
        ([call("a", -90, -LOST_H - 0.1), call("b", -2)], "came_back"),
        ([call("a", -9, -1), call("b", -2, direction="Outbound")], "done"),
        ([call("a", -9, -1), call("b", -2, state="unrecorded", disposition="answered")], "came_back"),
        ([call("a", -9, -1), call("b", -2, direction="outbound", state="unrecorded", disposition="answered")], "done"),
        ([call("a", -9, -1), call("b", -2, state="unrecorded", disposition="missed")], "open"),
        ([call("a", -9, -1), call("b", -2, direction="outbound", state="unrecorded", disposition="busy")], "open"),
        ([call("a", -9, -1), call("b", -2, disposition="voicemail")], "open"),
        ([call("a", -9, -1), call("b", -2, direction="outbound", category="empty_call", sub_category=None)], "open"),
        ([call("a", -9, -1), call("b", -3, state="unrecorded", disposition="abandoned"), call("c", -2)], "came_back"),
        ([call("a", -9, -1), call("b", -2, caller="0532 111 22 33")], "came_back"),
        ([call("a", -9, -1), dialled("05321112233")], "done"),
        ([call("a", -9, -1), dialled("05321119999")], "open"),
        ([call("a", -9, -1), dialled("05321112233", direction="inbound")], "open"),
        ([wished_when_we_called(-9, -1), call("b", -2)], "came_back"),
        ([wished_when_we_called(-9, -1), dialled("05321112233")], "done"),
        ([wished_when_we_called(-9, -1), dialled("05321119999")], "open"),
        ([call("b", -20), call("a", -9, -1)], "open"),
        ([call("a", -9, -1), call("b", -2, caller="+905321119999")], "open"),
        ([call("a", -9, -1, facts={"called_back": True})], "done"),
        ([call("a", -9, -1, facts={"called_back": False})], "open"),
        ([call("a", -9, -1, facts={"called_back": True}), call("b", -2, 3)], "open"),
        ([call("a", -9, -1), call("b", -2, 3, facts={"called_back": True})], "done"),
    ],
    ids=[
        "its time has not come",
        "overdue",
        "overdue for long",
        "nobody called for two days",
        "they called again",
        "they called again, late",
        "we called",
        "they called again, and there is no recording",
        "we called, and there is no recording",
        "nobody answered when they called again",
        "nobody answered when we called",
        "they reached a mailbox",
        "nobody said anything when we called",
        "they gave up, and were answered later",
        "the PBX writes their number in another way",
        "we dialled their number",
        "we dialled another number",
        "somebody else dialled their number",
        "they wished it when we called, and called",
        "they wished it when we called, and we called again",
        "they wished it when we called, and we called somebody else",
        "they had called before",
        "somebody else called",
        "noted",
        "noted that nobody was reached",
        "they wish it again",
        "their last wish is done",
    ],
)
def test_what_becomes_of_a_wish(calls: list[CallOutcome], state: str) -> None:
    assert states(*calls) == [state]
    assert states(*reversed(calls)) == [state]


def test_whoever_asks_often_has_one_line_and_who_hides_their_number_one_each() -> None:
    often = [call(name, hours, 2) for name, hours in (("a", -9), ("b", -5))]
    hidden = [call(name, -3, 2, caller=None) for name in "cd"]
    found = call_backs([*often, *hidden], [*often, *hidden], NOW)
    assert [(one.wish.call_id, one.calls, one.state) for one in found] == [
        ("b", 2, "open"),
        ("c", 1, "open"),
        ("d", 1, "open"),
    ]


def test_what_is_due_first_comes_first() -> None:
    wishes = [call(name, -30, hours, caller=name) for name, hours in (("a", 3), ("b", -20), ("c", -1))]
    order = [one.wish.call_id for one in in_order(call_backs(wishes, wishes, NOW), "open")]
    assert order == ["b", "c", "a"]
    [late] = [one for one in call_backs(wishes, wishes, NOW) if one.wish.call_id == "c"]
    assert row(late, late.wish, ENGLISH, NOW).late_s == 3600


def now_call(name: str, hours: float, wish: float | None = None, **facts: Any) -> CallOutcome:
    return call(name, hours, wish, datetime.now(UTC), **facts)


async def keep(services: Services, *calls: CallOutcome) -> None:
    for one in calls:
        await OutcomeStore(services.database).save(one)


@pytest.mark.integration
async def test_all_calls_of_whoever_wishes_to_be_called_are_looked_at(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "MOST", 3)
    other = [now_call(f"other-{number}", -number, caller="+905329999999") for number in range(1, 5)]
    other.append(now_call("other", -20, 2, caller="+905329999999"))
    out = now_call("out", -25, -1, direction="outbound", caller=None, metadata={"called": "05321112233"})
    await keep(services, out, now_call("again", -24), *other)
    found, _ = await find_call_backs(CallSearch(services.database), CallQuery(), datetime.now(UTC))
    assert {one.wish.call_id: one.state for one in found} == {"out": "came_back", "other": "came_back"}


@pytest.mark.integration
async def test_the_page_knows_later_calls_only_in_scope_and_masks_numbers(
    signed_in: SignIn, services: Services
) -> None:
    await keep(
        services,
        now_call("wished", -9, -1, queue="sales"),
        now_call("again", -2, queue="another"),
        now_call("hidden-call", -9, -1, queue="another", caller="+905320000000"),
    )
    everything = await signed_in(Role.VIEWER, None, Right.SEE_NUMBER)
    some = await signed_in(Role.VIEWER, Scope(queues=frozenset({"sales"})))
    assert CALLER in (await everything.get("/call-backs?state=came_back")).text
    text = (await some.get("/call-backs")).text
    assert 'href="/calls?sub_category=call_later&amp;when=30d">Call Later</a>' in text  # who named no time
    assert "wished" in text and "hidden-call" not in text
    assert CALLER not in text and "•33" in text
    assert "wished" not in (await some.get("/call-backs?state=came_back")).text


@pytest.mark.integration
async def test_a_call_to_the_number_closes_the_call_back(browser: httpx.AsyncClient, services: Services) -> None:
    outgoing = {"caller": None, "direction": "outbound", "metadata": {"called": "05321112233"}}
    unrecorded: dict[str, Any] = {"state": "unrecorded", "category": None, "sub_category": None, **outgoing}
    await keep(
        services,
        now_call("wished", -9, -1),
        now_call("in-vain", -3, disposition="missed", **unrecorded),
    )
    assert CALLER in (await browser.get("/call-backs")).text
    await keep(services, now_call("talked", -2, disposition="answered", **unrecorded))
    assert CALLER not in (await browser.get("/call-backs")).text
    assert "/calls/talked" in (await browser.get("/call-backs?state=done")).text


async def note(browser: httpx.AsyncClient, call_id: str) -> int:
    data = {"csrf_token": token_of(browser.cookies[COOKIE]), "note": "tomorrow at two"}
    return (await browser.post(f"/call-backs/{call_id}/done", data=data, headers=OWN)).status_code


@pytest.mark.integration
async def test_done_with_a_note_is_a_fact_of_the_call(signed_in: SignIn, services: Services) -> None:
    await keep(services, now_call("wished", -9, -1))
    viewer, reviewer = await signed_in(Role.VIEWER), await signed_in(Role.REVIEWER)
    assert "/call-backs/wished/done" not in (await viewer.get("/call-backs")).text
    assert await note(viewer, "wished") == 403
    async with sinking(services, "wished"):
        assert await note(reviewer, "wished") == 303
    text = (await viewer.get("/call-backs?state=done")).text
    assert "tomorrow at two" in text and "test" in text
    assert "wished" not in (await viewer.get("/call-backs")).text
    [said] = await asyncio.to_thread(said_of, services.kafka, "wished")
    assert said.facts is not None and said.facts["called_back"] is True


@pytest.mark.integration
async def test_what_the_sink_has_not_taken_yet_is_said_to_be_on_its_way(
    signed_in: SignIn, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.call_backs.routes._ASKED", 1)
    await keep(services, now_call("on-its-way", -9, -1))
    reviewer = await signed_in(Role.REVIEWER)
    assert await note(reviewer, "on-its-way") == 303
    assert "Noted." in (await reviewer.get("/call-backs?noted=on-its-way")).text
