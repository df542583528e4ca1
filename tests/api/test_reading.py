"""Reading calls: one, its revisions and transcript, and lists page by page."""

import threading
from itertools import chain
from typing import Any

import httpx
import pytest

from api.access import Principal, Right, Scope
from api.services import Services
from schemas import CallOutcome, Speaker
from store.calls import OutcomeStore
from store.search import CallQuery
from tests.api.asking import asking
from tests.schemas.examples import call_transcribed
from tests.store.calls import FIRST, expected, fill
from tests.store.outcomes import done, failed

pytestmark = pytest.mark.integration
VIEW = frozenset({Right.VIEW})
ALL = expected(CallQuery())


async def audited(services: Services) -> list[tuple[str, str, str | None]]:
    entries = services.database.beside("audit").find({})
    return [(one["who"], one["action"], one["call_id"]) async for one in entries]


async def every(client: httpx.AsyncClient, url: str) -> list[list[str]]:
    """Follow the links from page to page, and return the calls of each."""
    pages, following = [], url
    while following:
        answer = await client.get(following)
        assert answer.status_code == 200, answer.text
        pages.append([call["call_id"] for call in answer.json()["calls"]])
        assert bool(answer.links) == (answer.json()["next_page_token"] is not None)
        following = answer.links.get("next", {}).get("url", "")
    return pages


async def test_a_call_is_shown_with_its_revision_and_not_again_while_it_is_the_same(
    client: httpx.AsyncClient, services: Services
) -> None:
    store = OutcomeStore(services.database)
    await store.save(done("a"), call_transcribed().turns)
    answer = await client.get("/v1/calls/call-1")
    assert (answer.status_code, answer.headers["etag"]) == (200, '"r1"')
    call = answer.json()
    assert (call["state"], call["revision"], call["progress"]) == ("done", 1, None)
    assert CallOutcome.model_validate(call["outcome"]) == done("a")
    for condition in ('"r1"', 'W/"r1"', '"r7", "r1"', "*"):
        again = await client.get("/v1/calls/call-1", headers={"If-None-Match": condition})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", '"r1"'), condition
    await store.save(done("b"))
    assert (await client.get("/v1/calls/call-1", headers={"If-None-Match": '"r1"'})).headers["etag"] == '"r2"'


async def test_a_call_that_failed_says_where_why_and_what_can_be_done(
    client: httpx.AsyncClient, services: Services
) -> None:
    await OutcomeStore(services.database).save(failed("x"))
    call = (await client.get("/v1/calls/call-1")).json()
    assert call["state"] == "failed"
    assert call["outcome"]["failure"].keys() >= {"stage", "error_type", "message", "cure"}
    assert all(call["outcome"]["failure"].values())


@pytest.mark.parametrize("part", ["", "/revisions", "/transcript"])
async def test_a_call_that_is_not_there_is_not_told_from_one_out_of_scope(services: Services, part: str) -> None:
    await OutcomeStore(services.database).save(done("a"), call_transcribed().turns)
    async with asking(services, Principal("ann", VIEW, Scope(queues=frozenset({"other"})))) as client:
        theirs, nobodys = [await client.get(f"/v1/calls/{call_id}{part}") for call_id in ("call-1", "call-2")]
    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert theirs.json()["detail"].replace("call-1", "call-2") == nobodys.json()["detail"]
    assert await audited(services) == []


async def test_revisions_are_all_that_the_call_ended_as(client: httpx.AsyncClient, services: Services) -> None:
    store = OutcomeStore(services.database)
    await store.save(done("a").model_copy(update={"queue": "wrong"}))
    await store.save(done("b"))
    answer = (await client.get("/v1/calls/call-1/revisions")).json()
    assert [(one["revision"], one["outcome_id"]) for one in answer["revisions"]] == [(1, "a"), (2, "b")]
    mine = Principal("ann", VIEW, Scope(queues=frozenset({str(done("b").queue)})))
    async with asking(services, mine) as scoped:
        answer = (await scoped.get("/v1/calls/call-1/revisions")).json()
    assert [one["revision"] for one in answer["revisions"]] == [2]


async def test_who_reads_a_transcript_is_noted(client: httpx.AsyncClient, services: Services) -> None:
    await OutcomeStore(services.database).save(done("a"), call_transcribed().turns)
    answer = (await client.get("/v1/calls/call-1/transcript")).json()
    assert [turn["text"] for turn in answer["turns"]] == [turn.text for turn in call_transcribed().turns]
    assert (answer["revision"], answer["language"]) == (1, "tr")
    assert await audited(services) == [("this machine", "read_transcript", "call-1")]


@pytest.mark.parametrize("path", ["/v1/calls", "/v1/calls/call-1", "/v1/calls/call-1/revisions", "/v1/calls:export"])
async def test_a_number_is_shown_only_to_whoever_may_see_it(services: Services, path: str) -> None:
    await OutcomeStore(services.database).save(done("a"))
    number = str(done("a").caller)
    for rights, is_shown in ((VIEW, False), (VIEW | {Right.SEE_NUMBER}, True)):
        async with asking(services, Principal("ann", rights)) as client:
            answer = await client.get(path)
        assert (answer.status_code, number in answer.text) == (200, is_shown)


@pytest.mark.parametrize("size", [1, 7, len(ALL), 1000])
async def test_pages_follow_each_other_to_the_last_call(
    client: httpx.AsyncClient, services: Services, size: int
) -> None:
    await fill(OutcomeStore(services.database))
    pages = await every(client, f"/v1/calls?page_size={size}")
    assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)
    assert list(chain.from_iterable(pages)) == ALL


AMONG: dict[str, dict[str, list[Any]]] = {
    "queue=q0&queue=q1": {"outcome.queue": ["q0", "q1"]},
    "metadata.brand=3&provisional=false": {"outcome.metadata.brand": ["3", 3], "outcome.provisional": [False]},
    "state=failed": {"state": ["failed"]},
    "urgency=soon&agent=elif&source=machine": {"outcome.insights.urgency": ["soon"], "outcome.agent_id": ["elif"]},
}
QUESTIONS = {question: CallQuery(among=among) for question, among in AMONG.items()} | {
    "words=FIYAT&speaker=customer": CallQuery(words="fiyat", speaker=Speaker.CUSTOMER),
    "confidence.lt=0.5&confidence.gte=0.1": CallQuery(confidence_from=0.1, confidence_below=0.5),
    f"ended_at.gte={FIRST:%Y-%m-%dT%H:%M:%S}Z&brand=ar%C3%A7elik": CallQuery(ended_since=FIRST, brand="Arçelik"),
    f"callback_at.gte={FIRST:%Y-%m-%dT%H:%M:%S}Z&service=klima": CallQuery(callback_since=FIRST, service="klima"),
}


@pytest.mark.parametrize("question", QUESTIONS)
async def test_parameters_mean_what_the_reference_says_and_hold_from_page_to_page(
    client: httpx.AsyncClient, services: Services, question: str
) -> None:
    query = QUESTIONS[question]
    await fill(OutcomeStore(services.database))
    assert expected(query)
    pages = await every(client, f"/v1/calls?page_size=4&{question}")
    assert list(chain.from_iterable(pages)) == expected(query)


async def test_a_token_with_other_parameters_is_refused_but_the_size_may_change(
    client: httpx.AsyncClient, services: Services
) -> None:
    await fill(OutcomeStore(services.database))
    token = (await client.get("/v1/calls?queue=q1&page_size=2")).json()["next_page_token"]
    for changed in ({"queue": "q2"}, {"queue": "q1", "state": "done"}, {}):
        answer = await client.get("/v1/calls", params={"page_token": token, **changed})
        assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "page_token")
    larger = await client.get("/v1/calls", params={"page_token": token, "queue": "q1", "page_size": 1000})
    theirs = expected(CallQuery(among={"outcome.queue": ["q1"]}))
    assert [call["call_id"] for call in larger.json()["calls"]] == theirs[2:]


async def test_a_token_gives_nobody_the_scope_of_somebody_else(services: Services) -> None:
    await fill(OutcomeStore(services.database))
    scopes: list[Any] = [frozenset({"q0", "q1"}), frozenset({"q1"})]
    wide, narrow = (Principal("ann", VIEW, Scope(queues=queues)) for queues in scopes)
    async with asking(services, wide) as client:
        token = (await client.get("/v1/calls?page_size=1")).json()["next_page_token"]
    async with asking(services, narrow) as client:
        calls = (await client.get("/v1/calls", params={"page_token": token})).json()["calls"]
    assert calls
    assert {call["outcome"]["queue"] for call in calls} == {"q1"}


@pytest.mark.parametrize("path", ["/v1/calls", "/v1/calls:export", "/v1/stats"])
@pytest.mark.parametrize(
    "question", ["foo=1", "ended_at.gte=2026-10-05", "confidence.lt=2", "speaker=agent", "state=x"]
)
async def test_what_means_nothing_is_refused(client: httpx.AsyncClient, path: str, question: str) -> None:
    answer = await client.get(f"{path}?{question}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"].startswith(question.split("=", maxsplit=1)[0])


@pytest.mark.parametrize("question", ["", ":export?format=csv", ":export"])
async def test_pages_are_written_beside_the_event_loop(
    client: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    """A page of a thousand calls takes a tenth of a second."""
    await OutcomeStore(services.database).save(done("o-1", "call-1"))
    read, threads = CallOutcome.model_validate, list[int]()

    def noted(content: Any) -> CallOutcome:
        threads.append(threading.get_ident())
        return read(content)

    monkeypatch.setattr(CallOutcome, "model_validate", noted)
    assert "call-1" in (await client.get(f"/v1/calls{question}")).text
    assert threads and threading.get_ident() not in threads
