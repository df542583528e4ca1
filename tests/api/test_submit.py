"""Handing calls in: what is answered 202 is on Kafka, and what is not leaves nothing behind."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import httpx
import pytest
from confluent_kafka import KafkaError

from api.access import Principal, Right, Scope
from api.calls.uploads import sweep
from api.services import Services
from schemas import CallEnded, ClaimCheck
from store.calls import OutcomeStore
from store.errors import MongoUnavailable
from store.idempotency import IdempotencyStore
from store.uploads import Upload, UploadStore
from streams.decoding import readable_call_id
from streams.kafka import AwaitedProducer, OutgoingMessage, TopicReader
from streams.settings import KafkaSettings
from streams.topics import ENDED
from tests.api.asking import As, asking
from tests.api.conftest import pointers
from tests.patience import PATIENCE_S
from tests.store.outcomes import done

pytestmark = pytest.mark.integration
RECORDING = Path(__file__).parents[2] / "demo" / "recordings" / "leaking-washing-machine.wav"
EVENT: dict[str, Any] = {"ended_at": "2026-11-28T10:00:00+03:00", "recording": {"uri": "https://pbx.example/1.wav"}}


def of(kafka: KafkaSettings, call_id: str) -> list[CallEnded]:
    """Return what calls.ended has of a call; other tests put other things there."""
    with closing(TopicReader(kafka, ENDED.name, from_start=True)) as reader:
        theirs = [value for value in reader.up_to_now() if readable_call_id(value, None) == call_id]
    return [CallEnded.model_validate_json(value) for value in theirs]


def stored_files(services: Services) -> list[Path]:
    folder = Path(services.audio._root.removeprefix("file://"))
    return [path for path in folder.rglob("*") if path.is_file()]


def contents(event: CallEnded) -> list[bytes]:
    assert event.recording is not None
    return [Path(uri.removeprefix("file://")).read_bytes() for uri in event.recording.uris]


async def test_an_event_that_is_accepted_is_on_kafka_with_fields_that_nobody_here_knows(
    client: httpx.AsyncClient, services: Services
) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    body = EVENT | {"call_id": "submitted-1", "queue": "sales", "campaign": {"id": 7}}
    answer = await client.post("/v1/calls", json=body, headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    assert (answer.status_code, answer.headers["location"]) == (202, "/v1/calls/submitted-1")
    assert int(answer.headers["retry-after"]) > 0
    assert (answer.json()["call_id"], answer.json()["state"]) == ("submitted-1", "in_work")
    [event] = of(services.kafka, "submitted-1")
    assert (event.queue, event.model_extra, event.trace_id) == ("sales", {"campaign": {"id": 7}}, trace)


async def test_whoever_waits_gets_no_outcome_out_of_their_scope(services: Services) -> None:
    call = done("o-1", "of-another-queue").model_copy(update={"queue": "support"})
    await OutcomeStore(services.database).save(call)
    told = EVENT | {"call_id": call.call_id, "queue": "sales"}
    sales = Principal("pbx", frozenset({Right.INGEST}), Scope(queues=frozenset({"sales"})))
    theirs = replace(services, authentication=As(sales))
    async with theirs.running(), asking(theirs) as client:
        answer = await client.post("/v1/calls", json=told, headers={"prefer": "wait=1"})
    assert (answer.status_code, "category" in answer.text) == (202, False)


@pytest.mark.parametrize("call_id", ["çağrı 1", "a+b%20?#", "a/b", "a%2Fb/recording", "../x", "x" * 200])
async def test_any_identifier_has_a_location_that_leads_to_its_call(
    client: httpx.AsyncClient, services: Services, call_id: str
) -> None:
    answer = await client.post("/v1/calls", json=EVENT | {"call_id": call_id})
    assert (answer.status_code, answer.json()["call_id"]) == (202, call_id)
    await OutcomeStore(services.database).save(done("o-1", call_id))
    assert (await client.get(answer.headers["location"])).json()["call_id"] == call_id


async def test_a_call_without_an_identifier_gets_one(client: httpx.AsyncClient, services: Services) -> None:
    first, second = [(await client.post("/v1/calls", json=EVENT)).json()["call_id"] for _ in range(2)]
    assert first != second
    assert len(of(services.kafka, first)) == 1


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"ended_at": "yesterday"}, "#/ended_at"),
        ({"recording": {}}, "#/recording/uri"),
        ({"call_id": ""}, "#/call_id"),
        ({"recording": {"agent": {"uri": "a"}}}, "#/recording/customer"),
        ({"recording": {"uri": ""}}, "#/recording/uri"),
    ],
)
async def test_an_event_that_breaks_a_rule_is_refused_by_its_place(
    client: httpx.AsyncClient, change: dict[str, Any], pointer: str
) -> None:
    answer = await client.post("/v1/calls", json=EVENT | change)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert pointer in pointers(answer)


@pytest.mark.parametrize(("body", "kind"), [(b"{", "application/json"), (b"[" * 99_999, "application/json")])
async def test_what_is_no_json_is_refused(client: httpx.AsyncClient, body: bytes, kind: str) -> None:
    answer = await client.post("/v1/calls", content=body, headers={"content-type": kind})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")


async def test_another_kind_of_body_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/calls", content=b"a", headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_beyond_the_limit_is_refused_however_it_comes(client: httpx.AsyncClient, announced: bool) -> None:
    body = json.dumps(EVENT | {"metadata": {"a": "b" * 1_100_000}}).encode()

    async def in_pieces() -> Any:
        for start in range(0, len(body), 100_000):
            yield body[start : start + 100_000]

    content = body if announced else in_pieces()
    answer = await client.post("/v1/calls", content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert "CALLSIFT_API_BODY_LIMIT_KB" in answer.json()["detail"]


async def test_an_upload_is_stored_whole_and_its_event_names_it(client: httpx.AsyncClient, services: Services) -> None:
    event = {"call_id": "uploaded-1", "agent_id": "ayşe", "recording": {"channels": {"customer": 1, "agent": 0}}}
    answer = await client.post(
        "/v1/calls", data={"event": json.dumps(event)}, files={"recording": ("call.WAV", RECORDING.read_bytes())}
    )
    assert answer.status_code == 202, answer.text
    [sent] = of(services.kafka, "uploaded-1")
    [file] = stored_files(services)
    assert file.read_bytes() == RECORDING.read_bytes()
    assert sent.recording is not None
    assert sent.recording.uris == (file.as_uri(),)
    assert (file.suffix, sent.agent_id, sent.recording.model_dump()["channels"]) == (
        ".WAV",
        "ayşe",
        {"customer": 1, "agent": 0},
    )
    assert await services.uploads.condemn_abandoned(datetime.now(UTC) + timedelta(days=1)) == []


async def test_a_file_for_each_side_may_be_uploaded(client: httpx.AsyncClient, services: Services) -> None:
    files = {"customer": ("c.mp3", b"customer's"), "agent": ("a.mp3", b"agent's")}
    event = {"call_id": "uploaded-2", "recording": {"agent": {"offset_s": 1.5}}}
    answer = await client.post("/v1/calls", data={"event": json.dumps(event)}, files=files)
    assert answer.status_code == 202, answer.text
    [sent] = of(services.kafka, "uploaded-2")
    assert contents(sent) == [b"customer's", b"agent's"]
    assert sent.recording is not None
    assert sent.recording.model_dump()["agent"]["offset_s"] == 1.5


@pytest.mark.parametrize(
    "files",
    [
        {"customer": ("c.wav", b"a")},
        {"recording": ("r.wav", b"")},
        {"other": ("r.wav", b"a")},
        {"recording": ("r.wav", b"a"), "agent": ("a.wav", b"a")},
    ],
)
async def test_parts_that_are_no_recording_of_a_call_are_refused_and_leave_nothing(
    client: httpx.AsyncClient, services: Services, files: dict[str, Any]
) -> None:
    answer = await client.post("/v1/calls", files=files)
    assert (answer.status_code, stored_files(services)) == (422, [])


async def test_a_key_has_its_first_answer_again(client: httpx.AsyncClient, services: Services) -> None:
    headers = {"Idempotency-Key": '"8e03978e-40d5-43e8-bc93-6894a57f9324"'}
    bare = {"Idempotency-Key": "8e03978e-40d5-43e8-bc93-6894a57f9324"}
    first = await client.post("/v1/calls", json=EVENT, headers=headers)
    again = await client.post("/v1/calls", json=EVENT, headers=bare)
    assert (first.status_code, again.status_code, again.json()) == (202, 202, first.json())
    assert again.headers["location"] == first.headers["location"]
    assert len(of(services.kafka, first.json()["call_id"])) == 1
    other = await client.post("/v1/calls", json=EVENT | {"queue": "b"}, headers=bare)
    assert (other.status_code, other.json()["code"]) == (422, "key-reused")


async def test_of_ten_requests_with_one_key_at_once_one_does_the_work(
    client: httpx.AsyncClient, services: Services
) -> None:
    body, headers = EVENT | {"call_id": "at-once"}, {"Idempotency-Key": "k-at-once"}
    answers = await asyncio.gather(*(client.post("/v1/calls", json=body, headers=headers) for _ in range(10)))
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len(of(services.kafka, "at-once")) == 1


async def test_a_request_that_takes_long_is_not_taken_over_by_another_with_its_key(
    client: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, said, may_end = asyncio.Event(), asyncio.Event(), asyncio.Event()
    renew, begin = IdempotencyStore.renew, UploadStore.begin

    async def renewed(*given: Any) -> None:
        if ended.is_set():
            await renew(*given)
            said.set()

    async def slow(*given: Any) -> None:
        await services.database.beside("idempotency").update_many({"answer": None}, {"$set": {"leased_until": 1}})
        ended.set()
        await may_end.wait()
        await begin(*given)

    monkeypatch.setattr("api.idempotency._RENEWED_EVERY_S", 0.0)
    monkeypatch.setattr(IdempotencyStore, "renew", renewed)
    monkeypatch.setattr(UploadStore, "begin", slow)
    sent: dict[str, Any] = {"files": {"recording": ("r.wav", b"sound")}, "headers": {"Idempotency-Key": "k-slow"}}
    first = asyncio.create_task(client.post("/v1/calls", **sent))
    async with asyncio.timeout(PATIENCE_S):
        await said.wait()
    second = await client.post("/v1/calls", **sent)
    may_end.set()
    assert (second.status_code, second.json()["code"], (await first).status_code) == (409, "conflict", 202)


async def test_a_key_whose_request_was_refused_may_be_used_again(client: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "k-refused"}
    assert (await client.post("/v1/calls", json={"a": 1}, headers=headers)).status_code == 422
    assert (await client.post("/v1/calls", json=EVENT, headers=headers)).status_code == 202


async def test_whoever_prefers_to_wait_gets_the_outcome(client: httpx.AsyncClient, services: Services) -> None:
    body, headers = EVENT | {"call_id": "waited-for"}, {"Prefer": "respond-async, wait=20"}
    asking = asyncio.create_task(client.post("/v1/calls", json=body, headers=headers))
    await asyncio.sleep(0.5)
    await OutcomeStore(services.database).save(done("o-1", "waited-for"))
    answer = await asking
    assert (answer.status_code, answer.headers["preference-applied"]) == (200, "wait=20")
    assert (answer.headers["etag"], answer.json()["state"]) == ('"r1"', "done")


async def test_whoever_waits_in_vain_is_told_where_to_ask(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/calls", json=EVENT, headers={"Prefer": "wait=1"})
    assert (answer.status_code, answer.headers["preference-applied"]) == (202, "wait=1")


async def test_of_a_batch_each_call_is_taken_or_refused_by_itself(
    client: httpx.AsyncClient, services: Services
) -> None:
    good = [EVENT | {"call_id": f"batch-{number}"} for number in range(3)]
    answer = await client.post("/v1/calls:batchCreate", json={"requests": [good[0], {"a": 1}, good[1], good[2]]})
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [result["call"] and result["call"]["call_id"] for result in results] == [
        "batch-0",
        None,
        "batch-1",
        "batch-2",
    ]
    assert results[1]["problem"]["code"] == "invalid-request"
    assert [len(of(services.kafka, call["call_id"])) for call in good] == [1, 1, 1]


async def test_a_batch_beyond_the_limit_is_refused_as_a_whole(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/calls:batchCreate", json={"requests": [EVENT] * 501})
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


async def test_an_upload_that_nobody_finished_is_swept_unless_its_call_is_on_kafka(
    client: httpx.AsyncClient, services: Services
) -> None:
    names = {call: f"recordings/{call}" for call in ("lost", "kept")}
    for call, name in names.items():
        claim = services.audio.put(name, b"sound")
        await services.uploads.begin(Upload(call, call, (name,)), datetime.now(UTC) - timedelta(hours=1))
        if call == "kept":
            body = EVENT | {"call_id": call, "recording": {"uri": claim.uri}}
            assert (await client.post("/v1/calls", json=body)).status_code == 202
    assert await sweep(services, datetime.now(UTC)) == 1
    assert [path.name for path in stored_files(services)] == ["kept"]
    assert await sweep(services, datetime.now(UTC)) == 0


async def test_the_draft_of_a_writer_that_died_is_swept_too(client: httpx.AsyncClient, services: Services) -> None:
    upload = Upload("dead", "dead", ("recordings/dead.wav",))
    await services.uploads.begin(upload, datetime.now(UTC) - timedelta(hours=1))
    services.audio.put(f"recordings/dead.wav.{uuid4().hex}", b"half a sound")
    services.audio.put("recordings/alive.wav", b"sound")
    assert await sweep(services, datetime.now(UTC)) == 1
    assert [path.name for path in stored_files(services)] == ["alive.wav"]


async def test_an_upload_that_was_swept_meanwhile_is_not_published(
    client: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = services.audio.put_stream

    def slowly(name: str, source: BinaryIO) -> ClaimCheck:
        claim = put(name, source)
        asyncio.run_coroutine_threadsafe(sweep(services, datetime.now(UTC) + timedelta(days=1)), loop).result(20)
        return claim

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(services.audio, "put_stream", slowly)
    event = json.dumps({"call_id": "slow-1"})
    answer = await client.post("/v1/calls", data={"event": event}, files={"recording": ("r.wav", b"sound")})
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert (stored_files(services), of(services.kafka, "slow-1")) == ([], [])


class Unheard(AwaitedProducer):
    """Publishes, and nobody hears that it did."""

    async def publish(self, messages: Sequence[OutgoingMessage]) -> list[KafkaError | None]:
        """Publish, and say that no confirmation came."""
        await super().publish(messages)
        return [KafkaError(KafkaError._MSG_TIMED_OUT) for _ in messages]


@pytest.mark.parametrize("uploaded", [False, True])
async def test_a_repetition_with_a_key_hands_in_the_same_call(
    client: httpx.AsyncClient, services: Services, uploaded: bool
) -> None:
    mark, headers = uuid4().hex, {"Idempotency-Key": uuid4().hex}
    event = {"metadata": {"mark": mark}}
    sent: dict[str, Any] = {"json": EVENT | event}
    if uploaded:
        sent = {"data": {"event": json.dumps(event)}, "files": {"recording": ("r.wav", b"sound")}}
    heard, services.producer = services.producer, Unheard(services.kafka)
    assert (await client.post("/v1/calls", headers=headers, **sent)).status_code == 503
    services.producer.close()
    services.producer = heard
    answer = await client.post("/v1/calls", headers=headers, **sent)
    assert answer.status_code == 202
    published = of(services.kafka, answer.json()["call_id"])
    assert len({call.event_id for call in published}) == 1
    assert [call.metadata["mark"] for call in published] == [mark, mark]


async def test_what_the_brokers_have_is_taken_though_the_store_went_away(
    client: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise MongoUnavailable("the store is away", "Wait")

    monkeypatch.setattr(UploadStore, "finished", away)
    monkeypatch.setattr(IdempotencyStore, "answered", away)
    headers = {"Idempotency-Key": "k-store-away"}
    answer = await client.post("/v1/calls", files={"recording": ("r.wav", b"sound")}, headers=headers)
    assert answer.status_code == 202
    [event] = of(services.kafka, answer.json()["call_id"])
    assert contents(event) == [b"sound"]


async def test_brokers_that_do_not_confirm_are_told_as_unavailable(services: Services) -> None:
    services.kafka = services.kafka.model_copy(update={"bootstrap_servers": "127.0.0.1:9"})
    async with services.running():
        services.producer.close()
        services.producer = type(services.producer)(services.kafka, timeout_s=0.5)
        async with asking(services) as client:
            answer = await client.post("/v1/calls", json=EVENT, headers={"Idempotency-Key": "k-away"})
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
