"""Who may see which page, and from where."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.access import Right, Role, Scope
from api.access.keys import new_key
from api.access.sessions import COOKIE, token_of
from api.services import Services
from pages.app import ROUTERS
from store.api_keys import ApiKeyStore
from store.calls import OutcomeStore
from store.sessions import Session, SessionStore
from tests.api.routes import rights_of
from tests.pages.conftest import OWN, SignIn
from tests.store.outcomes import done

pytestmark = pytest.mark.integration
OPEN = {"/login", "/logout", "/preferences"}
ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
SALES = Scope(queues=frozenset({"sales"}))
ALL_TIMES = "/calls?when=all"


def method_of(route: APIRoute) -> str:
    return min(route.methods or {"GET"})


async def keep(services: Services, call_id: str, queue: str) -> None:
    call = done(f"outcome-of-{call_id}", call_id).model_copy(update={"queue": queue})
    await OutcomeStore(services.database).save(call)


def token(browser: httpx.AsyncClient) -> dict[str, str]:
    return {"csrf_token": token_of(browser.cookies[COOKIE])}


def test_every_page_but_those_to_sign_in_says_which_right_it_needs() -> None:
    assert {route.path for route in ROUTES if not rights_of(route)} == OPEN
    looked_at = {route.path: rights_of(route) for route in ROUTES if method_of(route) == "GET" and rights_of(route)}
    operating = {path for path in looked_at if path.startswith("/operations")}
    assert operating and all(
        rights <= {Right.OPERATE} if path in operating else rights <= {Right.VIEW, Right.REVIEW}
        for path, rights in looked_at.items()
    )


async def test_this_machine_needs_no_key_until_there_is_one(
    browser: httpx.AsyncClient, services: Services, signed_in: SignIn
) -> None:
    assert (await browser.get("/calls")).status_code == 200
    await signed_in(Role.VIEWER)
    answer = await browser.get("/calls?queue=a")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Fcalls%3Fqueue%3Da")


@pytest.mark.parametrize("route", [route for route in ROUTES if route.path not in OPEN], ids=lambda one: one.path)
async def test_a_page_answers_who_has_its_right_and_nobody_else(
    signed_in: SignIn, services: Services, route: APIRoute
) -> None:
    await keep(services, "call-1", "sales")
    [right], method, path = rights_of(route), method_of(route), route.path.replace("{call_id}", "call-1")
    for role in Role:
        browser = await signed_in(role)
        data = None if method == "GET" else token(browser)
        answer = await browser.request(method, path, data=data, headers=OWN)
        assert (answer.status_code == 403) == (right not in role.rights), (role, answer.text)
        assert answer.status_code < 500


@pytest.mark.parametrize("route", [route for route in ROUTES if "{call_id}" in route.path], ids=lambda one: one.path)
async def test_a_call_out_of_scope_is_as_one_that_is_not_there(
    signed_in: SignIn, services: Services, route: APIRoute
) -> None:
    await keep(services, "hidden-call", "another")
    [role] = [one for one in (Role.ADMIN, Role.OPERATOR) if rights_of(route) <= one.rights][:1]
    browser, method = await signed_in(role, SALES), method_of(route)
    for call_id in ("hidden-call", "no-call"):
        path = route.path.replace("{call_id}", call_id)
        answer = await browser.request(method, path, data=token(browser) if method == "POST" else None, headers=OWN)
        assert answer.status_code == 404


async def test_the_list_shows_no_call_out_of_scope(signed_in: SignIn, services: Services) -> None:
    await keep(services, "seen-call", "sales")
    await keep(services, "hidden-call", "another")
    text = (await (await signed_in(Role.VIEWER, SALES)).get(ALL_TIMES)).text
    assert "seen-call" in text
    assert "hidden-call" not in text and "another" not in text


async def test_a_number_is_masked_for_who_may_not_see_it(signed_in: SignIn, services: Services) -> None:
    await keep(services, "call-1", "sales")
    for path in (ALL_TIMES, "/calls/call-1"):
        assert "+905550000012" not in (await (await signed_in(Role.ADMIN)).get(path)).text
        assert "+905550000012" in (await (await signed_in(Role.VIEWER, None, Right.SEE_NUMBER)).get(path)).text


async def test_who_may_not_listen_is_told_so_and_gets_no_sound(signed_in: SignIn, services: Services) -> None:
    await keep(services, "call-1", "sales")
    text = (await (await signed_in(Role.ADMIN)).get("/calls/call-1")).text
    assert "<audio" not in text
    assert "right to listen" in text


async def test_reading_a_call_is_noted(signed_in: SignIn, services: Services) -> None:
    await keep(services, "call-1", "sales")
    await (await signed_in(Role.VIEWER)).get("/calls/call-1")
    notes = [note async for note in services.database.beside("audit").find({"action": "read_transcript"})]
    assert [note["call_id"] for note in notes] == ["call-1"]


async def test_a_wrong_key_signs_nobody_in(browser: httpx.AsyncClient, signed_in: SignIn) -> None:
    await signed_in(Role.VIEWER)
    answer = await browser.post("/login", data={"key": "cs_live_0000000000000000_" + "x" * 43}, headers=OWN)
    assert (answer.status_code, COOKIE in answer.cookies) == (401, False)
    assert "xxxx" not in answer.text


async def test_a_session_says_nothing_of_its_key_and_scripts_cannot_read_it(
    app: FastAPI, services: Services, signed_in: SignIn
) -> None:
    await signed_in(Role.VIEWER)
    key, text = new_key("own", Role.VIEWER, frozenset(), Scope(), datetime.now(UTC), None)
    await ApiKeyStore(services.database).add(key)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://localhost") as browser:
        answer = await browser.post("/login", data={"key": text}, headers=OWN | {"Origin": "https://localhost"})
    cookie = answer.headers["set-cookie"]
    assert all(said in cookie for said in ("HttpOnly", "SameSite=lax", "Secure", "Path=/"))
    assert text.split("_", 3)[3] not in cookie
    kept = [str(one) async for one in services.database.beside("sessions").find({})]
    assert kept and not any(answer.cookies[COOKIE] in one for one in kept)


async def test_a_session_ends_with_its_key_its_hours_and_by_signing_out(
    signed_in: SignIn, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.access.keys.REMEMBERED_S", 0.0)
    revoked, over, left = [await signed_in(Role.VIEWER) for _ in range(3)]
    keys = await ApiKeyStore(services.database).all()
    await ApiKeyStore(services.database).revoke(keys[0].id, datetime.now(UTC))
    ended = (datetime.now(UTC) - timedelta(seconds=1)).isoformat(timespec="seconds")
    await services.database.beside("sessions").update_many({"key_id": keys[1].id}, {"$set": {"expires_at": ended}})
    cookie = left.cookies[COOKIE]
    assert (await left.post("/logout", data=token(left), headers=OWN)).status_code == 303
    left.cookies.set(COOKIE, cookie)
    for browser in (revoked, over, left):
        assert (await browser.get("/calls")).status_code == 303


FOREIGN: dict[str, tuple[dict[str, str], bool]] = {
    "another site": ({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, True),
    "a neighbour": ({"Origin": "http://other.localhost", "Sec-Fetch-Site": "same-site"}, True),
    "another site in an old browser": ({"Origin": "https://evil.example"}, True),
    "a page in a sandbox": ({"Origin": "null"}, True),
    "who hides where they are": ({}, True),
    "our site, without the token": (OWN, False),
}
"""Requests that no page of ours makes, by who makes them; and whether they know the token."""


@pytest.mark.parametrize(
    "path", ["/calls/call-1/forget", "/calls/call-1/reprocess", "/preferences", "/logout", "/v1/erasures"]
)
async def test_another_sites_form_changes_nothing(signed_in: SignIn, services: Services, path: str) -> None:
    await keep(services, "call-1", "sales")
    browser = await signed_in(Role.ADMIN)
    for whose, (headers, has_token) in FOREIGN.items():
        data = {"language": "tr"} | (token(browser) if has_token else {})
        answer = await browser.post(path, data=data, headers=headers)
        assert answer.status_code == 403, f"{whose}: {answer.text}"
        assert "set-cookie" not in answer.headers
    assert (await browser.get("/calls")).status_code == 200
    assert await services.database.beside("operations").find_one({}) is None


async def test_another_sites_form_changes_nothing_where_a_proxy_or_this_machine_says_who_asks(
    browser: httpx.AsyncClient, services: Services
) -> None:
    await keep(services, "call-1", "sales")
    foreign = {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-site"}
    assert (await browser.post("/calls/call-1/forget", headers=foreign)).status_code == 403
    key, text = new_key("proxy", Role.ADMIN, frozenset(), Scope(), datetime.now(UTC), None)
    await ApiKeyStore(services.database).add(key)
    said_by_a_proxy = {"Authorization": f"Bearer {text}"}
    assert (await browser.post("/calls/call-1/forget", headers=said_by_a_proxy | foreign)).status_code == 403
    assert (await browser.post("/calls/call-1/forget", headers=said_by_a_proxy | OWN)).status_code == 202


async def test_a_form_of_ours_does_what_it_says(signed_in: SignIn, services: Services) -> None:
    await keep(services, "call-1", "sales")
    browser = await signed_in(Role.ADMIN)
    answer = await browser.post("/calls/call-1/forget", data=token(browser), headers=OWN)
    assert answer.status_code == 202
    operation = await services.database.beside("operations").find_one({})
    assert operation is not None
    assert (operation["kind"], operation["request"]["call_ids"]) == ("erasure", ["call-1"])


async def test_what_a_page_loads_comes_with_the_session_and_what_another_site_loads_does_not(
    signed_in: SignIn, services: Services
) -> None:
    await keep(services, "call-1", "sales")
    browser = await signed_in(Role.VIEWER)
    assert (await browser.get("/v1/calls/call-1", headers={"Sec-Fetch-Site": "same-origin"})).status_code == 200
    for site in ("same-site", "cross-site"):
        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}
        assert (await browser.get("/v1/calls/call-1", headers=headers)).status_code == 403
    linked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert (await browser.get("/calls/call-1", headers=linked)).status_code == 200


@pytest.mark.parametrize(
    "wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:1", "/a\nb"]
)
async def test_signing_in_leads_nowhere_but_to_our_pages(signed_in: SignIn, wanted: str) -> None:
    browser = await signed_in(Role.VIEWER)
    answer = await browser.post("/preferences", data=token(browser) | {"theme": "dark", "next": wanted}, headers=OWN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_sessions_that_have_ended_are_removed(services: Services) -> None:
    store, now = SessionStore(services.database), datetime.now(UTC)
    await store.add(Session(digest="old", key_id="k", expires_at=now - timedelta(minutes=1)), now)
    await store.add(Session(digest="new", key_id="k", expires_at=now + timedelta(minutes=1)), now)
    assert (await store.find("old"), (await store.find("new")) is not None) == (None, True)


async def test_a_link_that_somebody_signed_in_clicks_on_hands_in_no_call(signed_in: SignIn) -> None:
    asking = await signed_in(Role.ADMIN)
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert (await asking.get("/calls", headers=headers)).status_code == 200  # the cookie came with it
    assert (await asking.get("/v1/webhooks/phone?CallSid=1", headers=headers)).status_code == 401
