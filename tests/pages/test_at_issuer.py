"""Signing in at a real issuer on this machine, there and back again, and whatever else may come back."""

import json
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from api.access.sessions import COOKIE, token_of
from api.services import Services
from api.settings import OidcSettings
from pages.settings import PageSettings
from store.calls import OutcomeStore
from streams.errors import SettingsError
from tests.pages.conftest import OWN, app_of
from tests.servers.oidc import AUDIENCE, CLIENT, SECRET, OidcIssuer, oidc_issuer
from tests.store.outcomes import done

pytestmark = pytest.mark.integration
PAGES = "https://localhost"
ATTEMPT = "callsift_sign_in"


@pytest.fixture
def issuer() -> Iterator[OidcIssuer]:
    with oidc_issuer() as running:
        yield running


@dataclass
class Person:
    """Somebody with a browser, on their way to the issuer and back."""

    browser: httpx.AsyncClient
    issuer: OidcIssuer

    async def goes(self, wanted: str = "/calls?queue=a") -> str:
        """Go to the issuer; returns the address that it sends the browser back to."""
        there = await self.browser.get(f"/login/issuer?next={quote(wanted, safe='')}")
        assert there.status_code == 303, there.text
        async with httpx.AsyncClient() as elsewhere:
            return (await elsewhere.get(there.headers["location"])).headers["location"]

    async def comes(self, back: str, **changed: str | None) -> httpx.Response:
        """Come back, with parts of the address changed."""
        parts = urlsplit(back)
        query = {name: one for name, one in (dict(parse_qsl(parts.query)) | changed).items() if one is not None}
        from_there = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
        return await self.browser.get(f"{parts.path}?{urlencode(query)}", headers=from_there)

    async def signs_in(self, wanted: str = "/calls?queue=a") -> httpx.Response:
        return await self.comes(await self.goes(wanted))

    async def is_in(self) -> bool:
        return (await self.browser.get("/calls")).status_code == 200


def settings_of(issuer: OidcIssuer, **oidc: str) -> tuple[PageSettings, OidcSettings]:
    pages = PageSettings(oidc_client=SecretStr(CLIENT if issuer.takes == "none" else f"{CLIENT}:{SECRET}"))
    return pages, OidcSettings(issuer=issuer.address, audience=AUDIENCE, **oidc)  # type: ignore[arg-type]


def browser_of(services: Services, issuer: OidcIssuer, **oidc: str) -> httpx.AsyncClient:
    app = app_of(services, *settings_of(issuer, **oidc))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("192.0.2.7", 4711))
    return httpx.AsyncClient(transport=transport, base_url=PAGES, headers={"Accept-Language": "en"})


@pytest.fixture
async def person(services: Services, issuer: OidcIssuer) -> AsyncIterator[Person]:
    async with browser_of(services, issuer) as browser:
        yield Person(browser, issuer)


@pytest.mark.parametrize("takes", ["client_secret_basic", "client_secret_post", "none"])
async def test_who_signs_in_at_the_issuer_is_who_it_says_and_lands_where_they_wanted(
    services: Services, issuer: OidcIssuer, takes: str
) -> None:
    issuer.takes, issuer.claims = takes, {"callsift_role": "viewer", "agent_id": "7"}
    mine = done("a", "mine").model_copy(update={"agent_id": "7"})
    for call in (mine, done("b", "theirs")):
        await OutcomeStore(services.database).save(call)
    async with browser_of(services, issuer, agents_claim="agent_id") as browser:
        person = Person(browser, issuer)
        login = await browser.get("/calls")
        assert login.headers["location"].startswith("/login?next=")
        assert f"Sign in at {urlsplit(issuer.address).netloc}" in (await browser.get(login.headers["location"])).text
        answer = await person.signs_in()
        assert (answer.status_code, answer.headers["location"]) == (303, "/calls?queue=a")
        text = (await browser.get("/calls?when=all")).text
        assert "/calls/mine" in text and "/calls/theirs" not in text
        assert f"ayse of {issuer.address}" in text
        assert (await browser.get("/operations")).status_code == 403


async def test_the_session_is_a_cookie_that_says_nothing_and_ends_by_signing_out_and_with_its_hours(
    person: Person, services: Services
) -> None:
    answer = await person.signs_in()
    cookies = answer.headers.get_list("set-cookie")
    [session] = [one for one in cookies if one.startswith(COOKIE)]
    assert all(said in session for said in ("HttpOnly", "SameSite=lax", "Secure", "Max-Age=43200"))
    assert ATTEMPT not in person.browser.cookies, "the attempt is over"
    kept = [one async for one in services.database.beside("sessions").find({})]
    assert len(kept) == 1 and kept[0]["person"]["rights"] == ["view"]
    assert not any(secret in json.dumps(kept[0]) for secret in (*person.issuer.given, person.browser.cookies[COOKIE]))

    cookie = person.browser.cookies[COOKIE]
    assert (
        await person.browser.post("/logout", data={"csrf_token": token_of(cookie)}, headers=OWN_TLS)
    ).status_code == 303
    person.browser.cookies.set(COOKIE, cookie)
    assert not await person.is_in()
    person.browser.cookies.clear()
    await person.signs_in()
    assert await person.is_in()
    ended = (datetime.now(UTC) - timedelta(seconds=1)).isoformat(timespec="seconds")
    await services.database.beside("sessions").update_many({}, {"$set": {"expires_at": ended}})
    assert not await person.is_in()


OWN_TLS = OWN | {"Origin": PAGES}


LOST, DENIED, INVALID = "not the answer to a sign-in", "did not sign you in", "does not hold"
OTHERS: list[tuple[dict[str, str | None], str]] = [
    ({"state": "another"}, LOST),
    ({"state": None}, LOST),
    ({"state": "é"}, LOST),
    ({"iss": "https://another.example"}, LOST),
    ({"code": None}, DENIED),
    ({"code": "guessed"}, INVALID),
]
"""What is changed in the issuer's answer, and what the page says then."""


async def test_another_answer_than_the_issuers_signs_nobody_in(person: Person) -> None:
    for changed, said in OTHERS:
        answer = await person.comes(await person.goes(), **changed)
        assert answer.status_code in {401, 403} and said in answer.text, changed
        assert COOKIE not in person.browser.cookies and ATTEMPT not in person.browser.cookies


async def test_an_answer_counts_once_and_only_in_the_browser_that_began(
    person: Person, services: Services, issuer: OidcIssuer
) -> None:
    back = await person.goes()
    attempt = person.browser.cookies[ATTEMPT]
    async with browser_of(services, issuer) as another:
        victim = Person(another, issuer)
        assert (await victim.comes(back)).status_code == 401
        await victim.goes()
        assert (await victim.comes(back)).status_code == 401, "another attempt than theirs"
        assert COOKIE not in another.cookies
    assert (await person.comes(back)).status_code == 303
    person.browser.cookies.clear()
    assert (await person.comes(back)).status_code == 401
    person.browser.cookies.set(ATTEMPT, attempt, domain="localhost.local", path="/login/issuer")
    replayed = await person.comes(back)
    assert replayed.status_code == 401 and "was used before" in replayed.text, "the issuer takes a code once"
    assert COOKIE not in person.browser.cookies


WRONG: list[dict[str, object]] = [
    {"nonce": "another"},
    {"nonce": None},
    {"exp": 1},
    {"aud": AUDIENCE},
    {"aud": [CLIENT, "another"], "azp": "another"},
    {"iss": "https://another.example"},
    {"sub": None},
]
"""Claims of tokens that are over, or for another attempt or client."""


async def test_a_token_that_is_over_or_for_another_attempt_or_client_signs_nobody_in(person: Person) -> None:
    for claims in WRONG:
        person.issuer.claims = {"callsift_role": "admin"} | claims
        answer = await person.signs_in()
        assert answer.status_code == 401 and INVALID in answer.text, claims
        assert not await person.is_in()


async def test_who_has_no_role_that_is_known_is_told_so(person: Person) -> None:
    for role in (None, "root", ["root"]):
        person.issuer.claims = {"callsift_role": role}
        answer = await person.signs_in()
        assert answer.status_code == 403 and "nothing is allowed to you" in answer.text and "ayse" in answer.text
        assert COOKIE not in person.browser.cookies


async def test_what_the_issuer_says_in_place_of_a_code_is_shown_and_is_inert(person: Person) -> None:
    person.issuer.denial = {"error": "access_denied", "error_description": "<img src=x> not today" + "!" * 900}
    answer = await person.signs_in()
    assert answer.status_code == 401
    assert "access_denied · &lt;img src=x&gt; not today!" in answer.text and "!" * 300 not in answer.text
    told_by_a_stranger = await person.comes("/login/issuer/back", error="access_denied", error_description="call 0900")
    assert "0900" not in told_by_a_stranger.text, "nobody puts words into our page with a link"


async def test_an_issuer_that_is_away_is_told_as_a_page(person: Person) -> None:
    back = await person.goes()
    person.issuer.is_down = True
    answer = await person.comes(back)
    assert answer.status_code == 503 and "does not answer" in answer.text
    assert "code=" not in answer.text and "state=" not in answer.text
    assert COOKIE not in person.browser.cookies


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
async def test_nobody_is_sent_to_another_site(person: Person, wanted: str) -> None:
    answer = await person.signs_in(wanted)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize(
    "changed",
    [
        {"token_endpoint": "http://localhost:1/token"},
        {"authorization_endpoint": "http://evil.example"},
        {"token_endpoint": 7},
    ],
    ids=str,
)
async def test_a_code_goes_to_the_issuer_or_over_tls(
    services: Services, issuer: OidcIssuer, changed: dict[str, object]
) -> None:
    issuer.changed = changed
    async with browser_of(services, issuer) as browser:
        assert (await browser.get("/login/issuer")).status_code == 503


async def test_no_log_has_a_code_a_token_a_secret_or_a_verifier(
    person: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await person.signs_in()
    person.issuer.claims["exp"] = 1
    await person.signs_in()
    await person.comes(await person.goes(), code="guessed-code")
    said = [f"{record.getMessage()} {vars(record)}" for record in caplog.records]
    text = "".join(one for one in said if PAGES not in one and "/authorize" not in one)  # those are the browser's own
    assert "an ID token is not valid" in text and "the issuer does not take a code" in text
    secrets = [*person.issuer.given, SECRET, quote(SECRET), "guessed-code"]
    assert len(secrets) > 8 and [one for one in secrets if one in text] == []


async def test_a_session_of_another_issuer_holds_no_more(
    person: Person, services: Services, issuer: OidcIssuer
) -> None:
    await person.signs_in()
    cookie = person.browser.cookies[COOKIE]
    with oidc_issuer() as other:
        async with browser_of(services, other) as browser:
            browser.cookies.set(COOKIE, cookie)
            assert (await browser.get("/calls")).status_code == 303
    assert await person.is_in()


async def test_who_forges_the_attempts_cookie_gets_nowhere(person: Person) -> None:
    back = await person.goes()
    for forged in ("", "e30=", "bm9uc2Vuc2U=", "W10=", "%%%", "x" * 3000):
        person.browser.cookies.delete(ATTEMPT)
        person.browser.cookies.set(ATTEMPT, forged, domain="localhost.local", path="/login/issuer")
        assert (await person.comes(back, state="a")).status_code == 401


async def test_where_no_client_is_named_nobody_is_sent_to_the_issuer(browser: httpx.AsyncClient) -> None:
    for path in ("/login/issuer", "/login/issuer/back?code=a&state=b"):
        assert (await browser.get(path)).status_code == 404


async def test_people_are_sent_back_over_tls_or_on_this_machine(services: Services, issuer: OidcIssuer) -> None:
    async with browser_of(services, issuer) as browser:
        for own, back in (
            ("http://calls.example.com", "https://calls.example.com"),  # a proxy speaks TLS
            ("http://localhost:8080", "http://localhost:8080"),
            ("https://localhost", "https://localhost"),
        ):
            there = (await browser.get(f"{own}/login/issuer")).headers["location"]
            assert parse_qs(urlsplit(there).query)["redirect_uri"] == [f"{back}/login/issuer/back"]


@pytest.mark.parametrize("client", ["", ":secret", " :secret"])
def test_a_client_has_an_identifier(client: str) -> None:
    with pytest.raises(SettingsError, match="CALLSIFT_PAGE_OIDC_CLIENT") as refused:
        PageSettings.read(oidc_client=client)
    assert "secret" not in str(refused.value).lower().replace("id:secret", "")


async def test_each_attempt_has_a_state_a_nonce_and_a_challenge_of_its_own(person: Person) -> None:
    asked = [
        parse_qs(urlsplit((await person.browser.get("/login/issuer")).headers["location"]).query) for _ in range(2)
    ]
    for name in ("state", "nonce", "code_challenge"):
        assert len({one[name][0] for one in asked}) == 2 and all(len(one[name][0]) >= 43 for one in asked)
    assert asked[0]["redirect_uri"] == [f"{PAGES}/login/issuer/back"]
