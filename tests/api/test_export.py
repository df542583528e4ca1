"""Exports: read back by others, noted, and recognisable where they broke off."""

import asyncio
import csv
import io
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
import uvicorn
from pydantic import SecretStr

from api.access import Principal, Right, Scope
from api.app import make_app
from api.calls.csv_table import header, row
from api.calls.export import BROKEN_OFF
from api.services import Services
from callsift.embedded import free_port
from schemas import CallOutcome
from store.calls import OutcomeStore
from store.database import Database
from store.search import CallQuery
from store.searchable import searchable
from store.settings import StoreSettings
from tests.api.asking import asking
from tests.store.calls import FIRST, expected, fill
from tests.store.outcomes import done

pytestmark = pytest.mark.integration
AWKWARD = 'a "quoted", line\r\nand\nanother\r; tab\t, ğüşıöç 👋'


@asynccontextmanager
async def served(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the API over TCP, as in production, and ask it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(make_app(services), log_config=None))
        serving = asyncio.create_task(server.serve([listener]))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
            yield client
        server.should_exit = True
        await serving


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


async def test_an_export_has_every_call_in_both_formats_and_is_noted(
    client: httpx.AsyncClient, services: Services
) -> None:
    await fill(OutcomeStore(services.database))
    table = await client.get("/v1/calls:export?format=csv")
    assert table.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert [one["call_id"] for one in rows(table.text)] == expected(CallQuery())
    lines = await client.get("/v1/calls:export")
    assert lines.headers["content-type"] == "application/jsonl"
    calls = [json.loads(line) for line in lines.text.splitlines()]
    assert [call["call_id"] for call in calls] == expected(CallQuery())
    assert [(await client.get(f"/v1/calls/{call['call_id']}")).json() for call in calls[:5]] == calls[:5]
    entries = [one async for one in services.database.beside("audit").find({})]
    assert [(one["action"], one["call_id"]) for one in entries] == [("exported", None)] * 2


async def test_an_export_takes_the_filters_of_lists_and_keeps_to_the_scope(services: Services) -> None:
    await fill(OutcomeStore(services.database))
    scope = Scope(queues=frozenset({"q1", "q2"}))
    async with asking(services, Principal("ann", frozenset({Right.VIEW}), scope)) as client:
        answer = await client.get("/v1/calls:export?words=fiyat&format=csv")
    query = CallQuery(words="fiyat", within=scope.query())
    assert [one["call_id"] for one in rows(answer.text)] == expected(query) != []


def test_a_table_is_read_back_as_it_was_by_another_reader() -> None:
    outcome = done("a").model_copy(update={"summary": AWKWARD, "queue": None, "metadata": {"tags": ["ç", 1, None]}})
    (read,) = rows(header() + row(outcome))
    assert (read["summary"], read["queue"], read["provisional"]) == (AWKWARD, "", str(outcome.provisional).lower())
    assert json.loads(read["metadata"]) == outcome.metadata
    assert outcome.ended_at is not None
    assert (read["ended_at"], float(read["confidence"])) == (outcome.ended_at.isoformat(), outcome.confidence)
    assert outcome.figures is not None
    assert float(read["customer_talk_s"]) == 12.5
    assert read["undivided_talk_s"] == ""
    answers = {code: answer.value for code, answer in (outcome.answers or {}).items()}
    assert json.loads(read["answers"]) == answers
    assert answers["owner"] is None


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(start: str) -> None:
    text = start + "SUM(A1:A9)"
    (read,) = rows(header() + row(done("a").model_copy(update={"summary": text, "agent_id": text})))
    assert (read["summary"], read["agent_id"]) == ("'" + text, "'" + text)
    assert read["confidence"] == repr(done("a").confidence), "a number is no text"


async def put(services: Services, count: int, broken: int | None = None) -> None:
    documents: list[dict[str, Any]] = []
    for number in range(count):
        outcome = done(f"o-{number}", f"call-{number}").model_copy(update={"ended_at": FIRST - timedelta(hours=number)})
        stored: dict[str, Any] = outcome.model_dump(mode="json")
        if number == broken:
            stored["state"] = "damaged"
        documents.append(
            {"_id": outcome.call_id, "revision": 1, "outcome": stored, "search": searchable(outcome), "state": "done"}
        )
    await services.database.calls.insert_many(documents)


async def test_an_export_that_breaks_off_ends_without_its_last_chunk_and_says_so(services: Services) -> None:
    """A document that is damaged, on the third page."""
    await put(services, 600, broken=500)
    async with served(services) as client:
        for form in ("csv", "jsonl"):
            received = b""
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
                async with client.stream("GET", f"/v1/calls:export?format={form}") as answer:
                    assert answer.status_code == 200
                    async for chunk in answer.aiter_bytes():
                        received += chunk
            *whole, last = received.decode().splitlines()
            assert last == f"{BROKEN_OFF}, after 400 calls"
            assert len(whole) == 400 + (form == "csv")


async def test_whole_exports_are_not_taken_for_broken_ones(services: Services) -> None:
    await put(services, 600)
    async with served(services) as client:
        answer = await client.get("/v1/calls:export")
    assert BROKEN_OFF not in answer.text
    calls = [CallOutcome.model_validate(json.loads(line)["outcome"]) for line in answer.text.splitlines()]
    assert [call.call_id for call in calls] == [f"call-{number}" for number in range(600)]


async def test_a_store_that_is_away_is_a_problem_and_not_half_an_export(services: Services) -> None:
    nobody = SecretStr(f"mongodb://127.0.0.1:{free_port()}")
    away = replace(services, database=Database(StoreSettings(uri=nobody, timeout_s=0.1)))
    async with served(away) as client:
        answer = await client.get("/v1/calls:export")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
