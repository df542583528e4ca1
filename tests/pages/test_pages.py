"""The pages as a browser gets them."""

import re
from datetime import timedelta
from html.parser import HTMLParser

import httpx
import pytest

from api.services import Services
from schemas import AnsweredQuestion, CallOutcome, Evidence
from store.calls import OutcomeStore
from tests.pages.conftest import OWN
from tests.schemas.examples import ENDED_AT, call_failed, turn
from tests.store.outcomes import done

pytestmark = pytest.mark.integration
HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(2) hx-get=/logout>{{7*7}}"""
ALL_TIMES = "/calls?when=all"


class Marks(HTMLParser):
    """Which elements and attributes a page has."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(sorted(name for name, _ in attrs))))


def hostile(call_id: str) -> CallOutcome:
    outcome = done("outcome-1", call_id)
    assert outcome.insights is not None and outcome.versions is not None
    insights = dict.fromkeys(("service", "brand", "fault", "place"), HOSTILE)
    told = ("queue", "agent_id", "direction", "caller", "justification", "summary", "classifier", "best_guess")
    return outcome.model_copy(
        update=dict.fromkeys(told, HOSTILE)
        | {"metadata": {HOSTILE: HOSTILE}, "insights": outcome.insights.model_copy(update=insights)}
        | {"answers": {HOSTILE: AnsweredQuestion(kind="text", value=HOSTILE, evidence=_told(outcome))}}
        | {"evidence": _told(outcome)}
        | {"versions": outcome.versions.model_copy(update={"model": HOSTILE, "policy": HOSTILE})}
    )


def _told(outcome: CallOutcome) -> tuple[Evidence, ...]:
    return tuple(one.model_copy(update={"quote": HOSTILE}) for one in outcome.evidence)


def tame(outcome: CallOutcome) -> CallOutcome:
    return CallOutcome.model_validate_json(outcome.model_dump_json().replace(_in_json(HOSTILE), "tame"))


def _in_json(text: str) -> str:
    return text.replace('"', '\\"')


async def test_hostile_text_in_every_free_field_is_inert(browser: httpx.AsyncClient, services: Services) -> None:
    store = OutcomeStore(services.database)
    said = turn("customer", HOSTILE)  # type: ignore[arg-type]
    outcome = hostile("call-1")
    await store.save(outcome, (said,))
    await store.save(tame(outcome).model_copy(update={"call_id": "call-2"}), (turn("customer", "a b c d"),))  # type: ignore[arg-type]
    pages = {call_id: await browser.get(f"/calls/{call_id}") for call_id in ("call-1", "call-2")}
    assert [page.status_code for page in pages.values()] == [200, 200]
    marks = {call_id: Marks(page.text).found for call_id, page in pages.items()}
    assert marks["call-1"] == marks["call-2"], "hostile text has become elements or attributes"
    assert pages["call-1"].text.count("&lt;script&gt;") > 10
    listed = Marks((await browser.get(ALL_TIMES, params={"queue": HOSTILE, "when": "all"})).text)
    assert not {"img"} & {tag for tag, _ in listed.found}
    assert sum(tag == "tr" for tag, _ in listed.found) == 2


async def test_a_hostile_address_is_inert(browser: httpx.AsyncClient) -> None:
    for params in ({"words": HOSTILE}, {"metadata.a": HOSTILE}, {HOSTILE: "1"}, {"when": HOSTILE}):
        text = (await browser.get("/calls", params=params)).text
        assert "<script>alert" not in text and "<img" not in text
    text = (await browser.get("/calls/<script>alert(1)<%2Fscript>")).text
    assert "<script>alert" not in text


async def test_a_call_that_failed_shows_why_and_what_to_do(browser: httpx.AsyncClient, services: Services) -> None:
    failed = call_failed()
    await OutcomeStore(services.database).save(failed)
    assert failed.failure is not None
    text = (await browser.get(f"/calls/{failed.call_id}")).text
    assert failed.failure.cure in text
    assert "Failed" in (await browser.get(ALL_TIMES)).text


@pytest.mark.parametrize("order", ["", "&order=oldest"])
async def test_pages_lead_on_through_every_call_in_the_order_that_was_chosen(
    browser: httpx.AsyncClient, services: Services, order: str
) -> None:
    for number in range(51):
        call = done(f"outcome-{number}", f"call-{number:02}")
        ended_at = ENDED_AT + timedelta(minutes=number)
        await OutcomeStore(services.database).save(call.model_copy(update={"ended_at": ended_at}))
    first = (await browser.get(ALL_TIMES + order)).text
    [following] = re.findall('rel="next" href="(.+?)"', first)
    second = (await browser.get(following.replace("&amp;", "&"))).text
    listed = [re.findall('href="/calls/(call-..)"', page) for page in (first, second)]
    assert [len(page) for page in listed] == [50, 1]
    both = [*listed[0], *listed[1]]
    assert both == sorted(both, reverse=not order)
    assert 'rel="next"' not in second


async def test_an_empty_list_says_what_to_do(browser: httpx.AsyncClient) -> None:
    assert "callsift emit" in (await browser.get("/calls")).text
    filtered = (await browser.get("/calls?queue=none&when=yesterday")).text
    way_out = filtered.partition('<div class="panel empty">')[2]
    assert "No filter, all days" in way_out
    assert 'href="/calls?queue=none&amp;when=7d"' in way_out, "other days keep the filter"


async def test_what_was_not_chosen_is_not_in_the_address(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/calls?words=&queue=a%20b&speaker=")
    assert (answer.status_code, answer.headers["location"]) == (303, "/calls?queue=a+b")


async def test_language_and_theme_are_kept(browser: httpx.AsyncClient) -> None:
    assert '<html lang="en" data-theme="system">' in (await browser.get("/calls")).text
    assert '<html lang="tr"' in (await browser.get("/calls", headers={"Accept-Language": "tr"})).text
    await browser.post("/preferences", data={"language": "tr"}, headers=OWN)
    await browser.post("/preferences", data={"theme": "dark"}, headers=OWN)
    text = (await browser.get("/calls")).text
    assert '<html lang="tr" data-theme="dark">' in text
    assert "Çağrılar" in text


async def test_pages_load_only_our_own_files_and_these_are_kept(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/calls")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert page.headers["cache-control"] == "no-store"
    [address] = [part.split('"')[0] for part in page.text.split('rel="stylesheet" href="')[1:]]
    style = await browser.get(address)
    assert (style.status_code, style.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
    assert style.headers["x-content-type-options"] == "nosniff"


async def test_what_is_no_page_of_ours_is_told_as_a_page_and_the_api_answers_as_before(
    browser: httpx.AsyncClient,
) -> None:
    assert (await browser.get("/nothing")).headers["content-type"].startswith("text/html")
    assert (await browser.get("/v1/nothing")).headers["content-type"] == "application/problem+json"
    assert (await browser.get("/static/vendor/nothing.js")).status_code == 404
    assert (await browser.get("/static/..%2fapp.py")).status_code == 404
