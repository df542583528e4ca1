"""Operations are done by real worker processes: to their end, once, whoever dies meanwhile."""

import asyncio
import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from pydantic import SecretStr

from api.access import Principal, Right, Scope
from api.access.authentication import Authentication
from api.operations.exports import PRINCIPALS
from api.services import Services
from api.settings import ApiSettings
from callsift.demo_files import RECORDINGS
from callsift.embedded import EmbeddedBroker, EmbeddedStore
from callsift.operations.task import in_store
from schemas import CallOutcome
from store.calls import OutcomeStore
from store.database import Database
from store.forgetting import ForgettingStore
from store.operations import Kind, Operation
from store.settings import StoreSettings
from streams.dead_letters import read_replays
from streams.kafka import produce
from streams.kafka.ranges import topic_ranges
from streams.kafka.reader import read
from streams.payloads import ClaimCheckStore
from streams.settings import KafkaSettings
from streams.topics import DEAD_LETTER, ENDED, OUTCOMES
from tests.api.asking import asking
from tests.callsift.conftest import Up
from tests.patience import PATIENCE_S, until
from tests.schemas.examples import dead_letter
from tests.store.outcomes import done

pytestmark = pytest.mark.integration
_T = TypeVar("_T")


class World:
    """A broker, a store and an audio store without stages, and the workers that a test starts."""

    def __init__(self, home: Path) -> None:
        self.broker, self._store = EmbeddedBroker(), EmbeddedStore(home / "store")
        self.mongo = StoreSettings(uri=SecretStr(self._store.uri))
        self.kafka = KafkaSettings(bootstrap_servers=self.broker.bootstrap_servers)
        self.audio = home / "audio"
        self._home, self._workers = home, list[subprocess.Popen[bytes]]()

    def worker(self) -> "subprocess.Popen[bytes]":
        """Start a worker."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("CALLSIFT_")}
        variables = {
            "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "CALLSIFT_MONGO_URI": self._store.uri,
            "CALLSIFT_AUDIO_STORE_URI": self.audio.as_uri(),
            "CALLSIFT_HTTP_PORT": "127.0.0.1:0",
        }
        with (self._home / "worker.log").open("ab") as log:
            command = [sys.executable, "-m", "callsift", "worker", "operations"]
            self._workers.append(subprocess.Popen(command, env=own | variables, stdout=log, stderr=log))
        return self._workers[-1]

    def add(self, kind: Kind, **request: Any) -> Operation:
        """Ask for an operation, as the API does."""
        return in_store(self.mongo, lambda store: store.add(kind, request, "anna", datetime.now(UTC)))

    def now(self, operation: Operation) -> Operation:
        """Return the operation as it is."""
        found = in_store(self.mongo, lambda store: store.find(operation.id))
        assert found is not None
        return found

    def until(self, operation: Operation, is_so: Callable[[Operation], bool]) -> Operation:
        """Wait for what an operation becomes."""
        until(lambda: is_so(self.now(operation)), (self._home / "worker.log").read_text, within_s=PATIENCE_S)
        return self.now(operation)

    def calls(self, ask: Callable[[OutcomeStore], Coroutine[Any, Any, _T]]) -> _T:
        """Ask the documents of calls."""

        async def asked() -> _T:
            with closing(OutcomeStore(Database(self.mongo))) as store:
                return await ask(store)

        return asyncio.run(asked())

    def stop(self) -> None:
        """End everything."""
        for worker in self._workers:
            worker.kill()
            worker.wait()
        self._store.stop()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.stop()


@pytest.mark.slow  # make test-slow
def test_an_erasure_whose_worker_is_killed_in_its_midst_is_ended_by_another_with_the_whole_certificate(
    world: World,
) -> None:
    assert world.calls(lambda store: store.save(done("outcome-1"))) is not None
    # no stage runs: the message waits, and so does the erasure
    produce(world.kafka, ENDED.name, [("call-1", b'{"call_id": "call-1"}')])
    first = world.worker()
    operation = world.add("erasure", call_ids=["call-1"], caller=None, wait_s=8)

    def is_forgotten() -> bool:
        return "forgotten_at" in (world.calls(lambda store: store.find("call-1")) or {})

    until(is_forgotten, within_s=PATIENCE_S)
    first.kill()
    assert world.now(operation).state == "working"
    world.worker()
    world.worker()
    over = world.until(operation, lambda one: one.done)
    assert (over.state, over.takeovers, over.error) == ("succeeded", 1, None)
    [call] = over.response["calls"]
    assert (call["call_id"], call["document"], over.response["by"]) == ("call-1", True, "anna")
    assert (len(call["waiting"]), over.response["complete"]) == (1, False)
    tombstones = [message.value() for message in read(world.kafka, topic_ranges(world.kafka, OUTCOMES.name))]
    assert tombstones
    assert not any(tombstones)


def test_two_workers_replay_every_dead_letter_once(world: World) -> None:
    letters = [
        dead_letter().model_copy(update={"event_id": f"letter-{n}", "topic": ENDED.name, "call_id": f"c-{n}"})
        for n in range(150)
    ]
    produce(world.kafka, DEAD_LETTER.name, [(one.event_id, one.model_dump_json().encode()) for one in letters])
    world.worker()
    world.worker()
    over = world.until(world.add("replay"), lambda one: one.done)
    assert (over.state, over.response) == ("succeeded", {"replayed": 150, "refused": 0})
    assert len(read_replays(world.kafka)) == 150
    again = world.until(world.add("replay"), lambda one: one.done)
    assert again.response == {"replayed": 0, "refused": 0}
    assert len(list(read(world.kafka, topic_ranges(world.kafka, ENDED.name)))) == 150


def test_an_erasure_that_has_begun_to_remove_goes_on_although_it_is_cancelled(world: World) -> None:
    produce(world.kafka, ENDED.name, [("call-1", b'{"call_id": "call-1"}')])
    operation = world.add("erasure", call_ids=["call-1"], caller=None, wait_s=6)
    world.worker()
    world.until(operation, lambda one: one.checkpoint is not None)
    asked = in_store(world.mongo, lambda store: store.cancel(operation.id, datetime.now(UTC)))
    assert asked is not None
    over = world.until(operation, lambda one: one.done)
    # asked between the checkpoint and the first removal, nothing was removed; afterwards all is
    was_forgotten = "forgotten_at" in (world.calls(lambda store: store.find("call-1")) or {})
    assert (over.state, was_forgotten) in {("succeeded", True), ("cancelled", False)}


def test_a_call_on_hold_is_named_and_ends_its_erasure(world: World) -> None:
    assert world.calls(lambda store: store.save(done("outcome-1"))) is not None

    async def held() -> bool:
        with closing(ForgettingStore(Database(world.mongo))) as store:
            return await store.hold("call-1", "a lawsuit", "lee", datetime.now(UTC))

    assert asyncio.run(held())
    world.worker()
    over = world.until(world.add("erasure", call_ids=["call-1"], caller=None), lambda one: one.done)
    assert over.error is not None
    assert (over.state, over.error["code"], "call-1" in over.error["message"]) == ("failed", "HeldCall", True)
    assert "revision" in (world.calls(lambda store: store.find("call-1")) or {})


def test_what_is_cancelled_while_no_worker_runs_stays_so_and_later_work_is_done(world: World) -> None:
    first = world.worker()
    operation = world.add("reprocess", since=None, until=None, category=None, provisional=False, dry_run=True)
    over = world.until(operation, lambda one: one.done)
    assert (over.state, over.response["calls"]) == ("succeeded", 0)
    first.terminate()
    assert first.wait(PATIENCE_S) == 0
    waiting = world.add("erasure", call_ids=["call-1"], caller=None)
    assert world.now(waiting).state == "waiting"
    assert in_store(world.mongo, lambda store: store.cancel(waiting.id, datetime.now(UTC))) is not None
    world.worker()
    later = world.until(world.add("replay"), lambda one: one.done)
    assert (later.state, world.now(waiting).state) == ("succeeded", "cancelled")


async def _save(outcome: CallOutcome, store: OutcomeStore) -> CallOutcome | None:
    return await store.save(outcome)


def services_of(world: World) -> Services:
    """Return what an API beside the workers works with."""
    return Services(
        settings=ApiSettings(),
        kafka=world.kafka,
        database=Database(world.mongo),
        audio=ClaimCheckStore(world.audio.as_uri()),
        authentication=Authentication(),
    )


SAM = Principal("sam", frozenset({Right.VIEW}), Scope(queues=frozenset({"support"})))
"""Somebody who sees a queue, and no numbers."""


def exported(world: World, form: str, asked: Principal, **by: Principal) -> tuple[str, dict[str, httpx.Response]]:
    """Have calls exported, and return the operation's address and what each person downloads; ``asked`` asks."""

    async def asking_all() -> tuple[str, dict[str, httpx.Response]]:
        async with asking(services_of(world), asked) as client:
            taken = await client.post("/v1/calls:export", json={"format": form, "state": ["done"]})
            assert taken.status_code == 202, taken.text
            where = taken.headers["location"]
            assert (await client.get(where + "/result")).status_code == 409
            world.worker()
            async with asyncio.timeout(PATIENCE_S):
                while not (shown := (await client.get(where)).json())["done"]:
                    await asyncio.sleep(0.2)
            assert shown["metadata"]["state"] == "succeeded", shown
            assert shown["metadata"]["progress"]["calls"] == shown["response"]["calls"]
        found = {}
        for name, who in by.items():
            async with asking(services_of(world), who) as client:
                found[name] = await client.get(where + "/result")
        return where, found

    return asyncio.run(asking_all())


def test_an_export_has_what_whoever_asked_may_see_and_is_theirs_alone(world: World) -> None:
    for call_id, queue in (("mine-1", "support"), ("theirs-1", "sales"), ("mine-2", "support")):
        outcome = done(call_id, call_id).model_copy(update={"queue": queue, "caller": "+905551112233"})
        assert world.calls(partial(_save, outcome)) is not None
    wider, other = replace(SAM, scope=Scope()), replace(SAM, name="olga")
    where, found = exported(world, "csv", SAM, own=SAM, wider=wider, other=other)
    assert (found["wider"].status_code, found["other"].status_code) == (403, 404)
    table = found["own"]
    assert (table.status_code, table.headers["content-type"]) == (200, "text/csv; charset=utf-8; header=present")
    rows = list(csv.DictReader(io.StringIO(table.text, newline=""), strict=True))
    assert {row["call_id"] for row in rows} == {"mine-1", "mine-2"}
    assert {row["caller"] for row in rows} == {"•" * 11 + "33"}
    assert int(table.headers["content-length"]) == len(table.content)
    assert {"sunset", "content-disposition"} <= table.headers.keys()

    async def noted() -> list[tuple[str, str]]:
        with closing(Database(world.mongo)) as database:
            entries = database.beside("audit").find({}).sort("at", 1)
            return [(entry["who"], entry["action"]) async for entry in entries]

    assert asyncio.run(noted()) == [("sam", "export_asked"), ("sam", "exported")]
    # a call is forgotten: no export that may have it is kept
    over = world.until(world.add("erasure", call_ids=["theirs-1"], caller=None, wait_s=0), lambda one: one.done)
    assert over.state == "succeeded", over.error

    async def later() -> int:
        async with asking(services_of(world), SAM) as client:
            return (await client.get(where + "/result")).status_code

    assert asyncio.run(later()) == 410


@pytest.mark.slow
def test_an_export_whose_worker_is_killed_is_written_whole_by_another(world: World) -> None:
    count = 30

    async def stored() -> None:
        with closing(OutcomeStore(Database(world.mongo))) as store:
            for number in range(count):
                outcome = done(f"many-{number}", f"many-{number}").model_copy(update={"queue": "support"})
                assert await store.save(outcome) is not None

    asyncio.run(stored())
    # what a worker leaves behind that was killed in the midst: a lease that nobody renews
    kept = {"parameters": '{"format": "jsonl"}', "principal": PRINCIPALS.dump_json(SAM).decode(), "format": "jsonl"}
    operation = in_store(world.mongo, lambda store: store.add("export", kept, SAM.name, datetime.now(UTC)))
    leased = in_store(world.mongo, lambda store: store.lease(datetime.now(UTC), timedelta(seconds=1)))
    assert leased is not None
    world.worker()
    over = world.until(operation, lambda one: one.done)
    assert (over.state, over.takeovers, over.response["calls"]) == ("succeeded", 1, count)

    async def downloaded() -> httpx.Response:
        async with asking(services_of(world), SAM) as client:
            return await client.get(f"/v1/operations/{operation.id}/result")

    lines = asyncio.run(downloaded()).text.splitlines()
    assert {json.loads(line)["call_id"] for line in lines} == {f"many-{number}" for number in range(count)}


def test_an_erasure_through_the_api_certifies_what_forget_does(up: Up) -> None:
    recording = RECORDINGS / "leaking-washing-machine.wav"
    by_api, by_command = (outcome["call_id"] for outcome in up.emit(recording, recording))
    environment = up.state["environment"]
    audio = ClaimCheckStore(environment["CALLSIFT_AUDIO_STORE_URI"])

    async def erased() -> dict[str, Any]:
        services = Services(
            settings=ApiSettings(),
            kafka=KafkaSettings(bootstrap_servers=environment["CALLSIFT_KAFKA_BOOTSTRAP_SERVERS"]),
            database=Database(StoreSettings(uri=SecretStr(environment["CALLSIFT_MONGO_URI"]))),
            audio=audio,
            authentication=Authentication(),
        )
        async with services.running(), asking(services) as client:
            taken = await client.delete(f"/v1/calls/{by_api}")
            assert taken.status_code == 202, taken.text
            async with asyncio.timeout(PATIENCE_S):
                while not (shown := (await client.get(taken.headers["location"])).json())["done"]:
                    await asyncio.sleep(0.2)
            assert (await client.get("/v1/operations")).json()["operations"] == [shown]
            assert (await client.delete(f"/v1/calls/{by_api}")).status_code == 404
        certificate: dict[str, Any] = shown["response"]
        return certificate

    mine = asyncio.run(erased())
    forgotten = up.run("forget", "--call", by_command, "--yes", "--by", "this machine")
    assert forgotten.returncode == 0, forgotten.stderr
    theirs = json.loads(forgotten.stdout)

    def without_names(certificate: dict[str, Any]) -> str:
        calls = [call | {"files": len(call["files"]), "recordings": 0} for call in certificate["calls"]]
        places = [place["where"] for place in certificate["not_reached"]]
        told = json.dumps(certificate | {"calls": calls, "not_reached": places, "at": 0})
        return told.replace(by_api, "ID").replace(by_command, "ID")

    assert without_names(mine) == without_names(theirs)
    assert mine["complete"]
    assert mine["calls"][0]["files"]
