"""The stream of outcomes over real HTTP, read with httpx-sse and with curl."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from cryptography.fernet import Fernet
from httpx_sse import EventSource, ServerSentEvent, aconnect_sse
from prometheus_client import REGISTRY

from api.access import Principal, Right, Scope
from api.outcomes.cursor import Cursors, resumed
from api.problems import Problem
from api.services import Services
from api.settings import ApiSettings
from store.secrets import shared_key
from streams.kafka.ranges import Range
from tests.api.asking import As
from tests.api.outcomes.conftest import client, forget, publish, served
from tests.store.outcomes import done

pytestmark = pytest.mark.integration
STREAM = "/v1/outcomes/stream"


def ids(how_many: int) -> list[str]:
    return [f"{number}-{uuid4().hex}" for number in range(how_many)]


@asynccontextmanager
async def stream(address: str, **arguments: object) -> AsyncIterator[AsyncIterator[ServerSentEvent]]:
    """Open a stream; it stands at the end of the topic when this begins."""
    async with client() as asking, aconnect_sse(asking, "GET", address + STREAM, **arguments) as source:
        assert source.response.status_code == 200, await source.response.aread()
        events = source.aiter_sse()
        began = await anext(events)  # httpx-sse also gives events without data
        assert (began.id != "", began.data, began.retry) == (True, "", 3000)
        yield events


async def next_calls(events: AsyncIterator[ServerSentEvent], how_many: int) -> list[str]:
    found: list[str] = []
    async with asyncio.timeout(20):
        while len(found) < how_many:
            event = await anext(events)
            if event.data:
                found.append(json.loads(event.data)["call_id"])
    return found


async def test_an_outcome_arrives_with_an_id_and_its_caller_masked(services: Services) -> None:
    blind = Principal("blind", frozenset({Right.VIEW}))
    [call_id] = ids(1)
    async with served(replace(services, authentication=As(blind))) as address, stream(address) as events:
        await publish(services, done("one", call_id).model_copy(update={"caller": "+905321112233"}))
        event = await anext(events)
    assert (event.event, bool(event.id)) == ("outcome", True)
    assert json.loads(event.data)["call_id"] == call_id
    assert json.loads(event.data)["caller"] == "•••••••••••33"


async def test_the_answer_is_neither_kept_nor_buffered_on_the_way(services: Services) -> None:
    async with served(services) as address, client() as asking, asking.stream("GET", address + STREAM) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert (answer.headers["x-accel-buffering"], answer.headers["cache-control"]) == ("no", "no-store")


@pytest.mark.parametrize("how", ["header", "parameter"])
async def test_whoever_resumes_gets_what_came_meanwhile_and_what_comes_then(services: Services, how: str) -> None:
    first, *missed, last = ids(503)  # more than two pieces of the past
    async with served(services) as address:
        async with stream(address) as events:
            await publish(services, done("o", first))
            resume_at = (await anext(events)).id
        await publish(services, *(done("o", call_id) for call_id in missed))
        again = {"headers": {"Last-Event-ID": resume_at}} if how == "header" else {"params": {"cursor": resume_at}}
        async with stream(address, **again) as events:
            assert sorted(await next_calls(events, len(missed))) == sorted(missed)
            await publish(services, done("o", last))
            assert await next_calls(events, 1) == [last]


async def test_another_process_of_the_api_resumes_a_stream(services: Services) -> None:
    first, missed = ids(2)
    async with served(services) as one, served(replace(services)) as other:
        async with stream(one) as events:
            await publish(services, done("o", first))
            resume_at = (await anext(events)).id
        await publish(services, done("o", missed))
        async with stream(other, headers={"Last-Event-ID": resume_at}) as events:
            assert await next_calls(events, 1) == [missed]


async def test_a_forgotten_call_is_gone(services: Services) -> None:
    [call_id] = ids(1)
    async with served(services) as address, stream(address) as events:
        await forget(services, call_id)
        event = await anext(events)
    assert (event.event, json.loads(event.data)) == ("gone", {"call_id": call_id})


async def test_nothing_out_of_scope_is_streamed_neither_now_nor_from_the_past(services: Services) -> None:
    who = Principal("sales", frozenset({Right.VIEW}), Scope(queues=frozenset({"sales"})))
    theirs, others, gone, last = ids(4)

    async def all_kinds(call_id: str) -> None:
        await publish(services, done("o", others).model_copy(update={"queue": "support"}))
        await forget(services, gone)
        await publish(services, done("o", call_id).model_copy(update={"queue": "sales"}))

    async with served(replace(services, authentication=As(who))) as address:
        async with stream(address) as events:
            await publish(services, done("o", theirs).model_copy(update={"queue": "sales"}))
            resume_at = (await anext(events)).id
            await all_kinds(last)
            assert await next_calls(events, 1) == [last]
        async with stream(address, params={"cursor": resume_at}) as events:
            assert await next_calls(events, 1) == [last]


async def test_only_what_fits_the_filters_is_streamed(services: Services) -> None:
    call = done("o").model_copy(update={"queue": "sales", "agent_id": "a1"})
    wanted, other_queue, other_agent = ids(3)
    filters = {"queue": ["sales", "x"], "agent": "a1", "state": "done", "category": call.category}
    async with served(services) as address, stream(address, params=filters) as events:
        await publish(services, call.model_copy(update={"call_id": other_queue, "queue": "support"}))
        await publish(services, call.model_copy(update={"call_id": other_agent, "agent_id": "a2"}))
        await publish(services, call.model_copy(update={"call_id": wanted}))
        assert await next_calls(events, 1) == [wanted]


@pytest.mark.parametrize("parameters", [{"colour": "red"}, {"state": "open"}])
async def test_a_parameter_that_means_nothing_is_refused(services: Services, parameters: dict[str, str]) -> None:
    async with served(services) as address, client() as asking:
        assert (await asking.get(address + STREAM, params=parameters)).status_code == 422


async def test_a_cursor_that_is_none_of_ours_is_refused(services: Services) -> None:
    async with served(services) as address, client() as asking:
        answer = await asking.get(address + STREAM, headers={"Last-Event-ID": "7"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")


async def test_a_cursor_beyond_the_end_of_the_topic_is_gone_and_the_answer_says_how_to_begin(
    services: Services,
) -> None:
    key = await shared_key(services.database, "stream_cursor")
    async with served(services) as address, client() as asking:
        answer = await asking.get(address + STREAM, params={"cursor": Cursors(key).made({0: 10**9})})
    assert (answer.status_code, answer.json()["code"]) == (410, "gone")
    assert "without a cursor" in answer.json()["cure"]


HAS = {0: Range(10, 20), 1: Range(0, 5)}


def test_gaps_lose_nothing_and_new_partitions_are_read_whole() -> None:
    assert resumed({0: 15}, 0.0, HAS, 60.0) == {0: 15, 1: 0}


@pytest.mark.parametrize(("position", "age_s"), [({0: 9}, 0.0), ({0: 21}, 0.0), ({2: 0}, 0.0), ({0: 15}, 61.0)])
def test_what_may_have_lost_something_is_not_resumed(position: dict[int, int], age_s: float) -> None:
    with pytest.raises(Problem) as refused:
        resumed(position, age_s, HAS, 60.0)
    assert refused.value.kind.code == "gone"


def test_the_age_of_a_cursor_is_since_it_was_made(monkeypatch: pytest.MonkeyPatch) -> None:
    cursors = Cursors(Fernet.generate_key().decode())
    made = cursors.made({3: 7})
    later = (datetime.now(UTC) + timedelta(days=8)).timestamp()
    monkeypatch.setattr("api.outcomes.cursor.time.time", lambda: later)
    position, age_s = cursors.read(made)
    assert position == {3: 7}
    assert timedelta(seconds=age_s) > timedelta(days=7.9)


async def test_the_streams_of_one_and_of_all_are_limited_and_counted(services: Services) -> None:
    who = Principal("one", frozenset({Right.VIEW}))
    settings = ApiSettings(streams=2, streams_each=1)
    async with served(replace(services, settings=settings, authentication=As(who))) as address, client() as asking:
        async with stream(address):
            answer = await asking.get(address + STREAM)
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")
        await _until_open(asking, address)


async def test_a_reader_that_is_too_slow_is_dropped_and_resumes_without_loss(services: Services) -> None:
    before = REGISTRY.get_sample_value("callsift_api_streams_dropped_total") or 0.0
    all_ids = ids(1500)
    large = done("o").model_copy(update={"metadata": {"padding": "x" * 4000}})  # more than the sockets hold
    calls = [large.model_copy(update={"call_id": call_id}) for call_id in all_ids]
    async with served(replace(services, settings=ApiSettings(stream_buffer=20))) as address:
        found, resume_at = [], ""
        async with stream(address) as events:
            await publish(services, *calls)  # without reading
            async with asyncio.timeout(20):
                while (REGISTRY.get_sample_value("callsift_api_streams_dropped_total") or 0.0) == before:
                    await asyncio.sleep(0.05)
            async for event in events:
                resume_at = event.id
                if event.event == "outcome":
                    found.append(json.loads(event.data)["call_id"])
            assert event.event == "dropped"
            assert json.loads(event.data) == {"reason": "too slow", "cursor": resume_at}
        assert len(found) < len(all_ids)
        async with stream(address, headers={"Last-Event-ID": resume_at}) as events:
            found += await next_calls(events, len(all_ids) - len(found))
    assert sorted(found) == sorted(all_ids)


async def test_a_heartbeat_takes_the_id_past_what_others_got(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.outcomes.streams._HEARTBEAT_S", 0.3)
    others, last = ids(2)
    async with served(services) as address:
        async with stream(address, params={"queue": "nobody's"}) as events:
            await publish(services, done("o", others))
            async with asyncio.timeout(20):
                beats = [(await anext(events)).id for _ in range(12)]
        await publish(services, done("o", last))
        async with stream(address, headers={"Last-Event-ID": beats[-1]}) as events:
            assert await next_calls(events, 1) == [last]


async def _until_open(asking: httpx.AsyncClient, address: str) -> None:
    async with asyncio.timeout(10):
        while True:
            async with asking.stream("GET", address + STREAM) as answer:
                if answer.status_code == 200:
                    return
            await asyncio.sleep(0.05)


async def test_streams_end_when_the_api_does(services: Services) -> None:
    async with client() as asking:
        async with served(services) as address:
            answer = await asking.send(asking.build_request("GET", address + STREAM), stream=True)
            source = EventSource(answer).aiter_sse()
            await anext(source)
        async with asyncio.timeout(5):  # the end of the answer, and no error
            assert [event async for event in source] == []
        await answer.aclose()


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
async def test_curl_reads_the_stream(services: Services) -> None:
    [call_id] = ids(1)
    async with served(services) as address:
        curl = await asyncio.create_subprocess_exec("curl", "-sN", address + STREAM, stdout=asyncio.subprocess.PIPE)
        assert curl.stdout is not None
        try:
            async with asyncio.timeout(20):
                began = await curl.stdout.readuntil(b"\n\n")
                await publish(services, done("one", call_id))
                event = await curl.stdout.readuntil(b"\n\n")
        finally:
            curl.kill()
            await curl.wait()
    assert b"retry: 3000" in began
    kind, data, place = event.decode().strip().split("\n")
    assert (kind, place[:4]) == ("event: outcome", "id: ")
    assert json.loads(data.removeprefix("data: "))["call_id"] == call_id
