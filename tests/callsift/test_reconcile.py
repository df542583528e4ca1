"""``callsift store reconcile`` after a restore, on a real Kafka: documented subscribers end with the newest outcome."""

import asyncio
import json
import re
import subprocess
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pymongo
import pytest
from pydantic import SecretStr

from agents.sink.agent import SinkAgent
from schemas import CallClassified, CallOutcome, Forgotten
from store.calls import OutcomeStore
from store.database import Database
from store.forgetting import ForgettingStore
from store.settings import StoreSettings
from streams.kafka import TopicReader, produce, publish_forgotten, publish_outcomes, publish_tombstones
from streams.privacy import CallerPrivacy
from streams.processing import Tombstone
from streams.settings import KafkaSettings, PrivacySettings
from streams.topics import OUTCOMES
from tests.callsift import terminal
from tests.schemas.examples import call_classified, hop
from tests.store.conftest import container, embedded, mongo_java, mongo_uri

__all__ = ["container", "embedded", "mongo_java", "mongo_uri"]
pytestmark = pytest.mark.integration
DELIVERY = Path(__file__).parents[2] / "docs" / "delivery.md"
AN_HOUR_AGO = datetime.now(UTC) - timedelta(hours=1)
[DOCUMENTED] = re.findall(r"```python\n(newest: .+?)```", DELIVERY.read_text(encoding="utf-8"), re.DOTALL)


class Places:
    """A Kafka, and a store that is saved and restored."""

    def __init__(self, kafka: KafkaSettings, mongo_uri: str) -> None:
        self.kafka = kafka
        self._uri = mongo_uri
        self._client = pymongo.MongoClient[dict[str, Any]](mongo_uri)
        self._calls = self._client.get_default_database()["calls"]

    def sink(self, *events: CallClassified) -> None:
        """Take events to their end, as a sink does."""

        async def taken() -> None:
            with closing(OutcomeStore(Database(StoreSettings(uri=SecretStr(self._uri))))) as store:
                agent = SinkAgent(store, CallerPrivacy(PrivacySettings()))
                for event in events:
                    stored = await agent.work(event)
                    if stored is None or isinstance(stored, Tombstone):
                        continue
                    due = await agent.due(stored)
                    while due is not None:
                        assert isinstance(due, CallOutcome)
                        publish_outcomes(self.kafka, [due.stamped(hop("sink", 40))])
                        due = await agent.follow_up(stored, due)

        asyncio.run(taken())

    def forget(self, call_id: str) -> None:
        async def forgotten() -> None:
            with closing(ForgettingStore(Database(StoreSettings(uri=SecretStr(self._uri))))) as store:
                assert await store.forget(call_id, datetime.now(UTC))

        asyncio.run(forgotten())
        publish_forgotten(self.kafka, [Forgotten(call_id=call_id, forgotten_at=datetime.now(UTC), by="ann")])
        publish_tombstones(self.kafka, [call_id])

    def delete(self, call_id: str) -> None:
        """As the retention does with what is too old."""
        publish_tombstones(self.kafka, [call_id])
        self._calls.delete_one({"_id": call_id})

    def hold(self, call_id: str) -> None:
        self._calls.update_one({"_id": call_id}, {"$set": {"hold": {"reason": "a claim"}}})

    def backup(self) -> list[dict[str, Any]]:
        return list(self._calls.find({}))

    def restore(self, backup: Sequence[dict[str, Any]]) -> None:
        self._calls.delete_many({})
        self._calls.insert_many(backup)

    def documents(self) -> dict[str, dict[str, Any]]:
        return {document["_id"]: document for document in self._calls.find({})}

    def reconcile(self, *options: str) -> "subprocess.CompletedProcess[str]":
        variables = {
            "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "CALLSIFT_KAFKA_PREFIX": self.kafka.prefix,
            "CALLSIFT_MONGO_URI": self._uri,
        }
        return terminal.run(variables, "store", "reconcile", *options)

    def figures(self, *options: str) -> dict[str, Any]:
        ended = self.reconcile("--json", *options)
        assert ended.returncode == 0, ended.stderr
        found: dict[str, Any] = json.loads(ended.stdout)
        return found

    def subscriber(self) -> dict[str, CallOutcome]:
        """What a subscriber keeps that does what docs/delivery.md says, and hears of every message."""
        documented: dict[str, Any] = {}
        exec(DOCUMENTED, documented)  # noqa: S102 - the page's own code
        kept: dict[str, CallOutcome] = {}
        with closing(TopicReader(self.kafka, OUTCOMES.name, from_start=True)) as reader:
            for value in reader.up_to_now():
                if documented["is_news"](json.loads(value)):
                    outcome = CallOutcome.model_validate_json(value)
                    kept[outcome.call_id] = outcome
        return kept

    def close(self) -> None:
        self._client.close()


@pytest.fixture
def places(real_kafka: KafkaSettings, mongo_uri: str) -> Any:
    with closing(Places(real_kafka, mongo_uri)) as found:
        yield found


def classified(call_id: str, answer: str, second: int = 33) -> CallClassified:
    """A call as it comes to the sink, classified at a second."""
    call = call_classified()
    changes = {"call_id": call_id, "classification_id": answer, "hops": (*call.hops[:-1], hop("classify", second))}
    return call.model_copy(update=changes)


def test_after_a_restore_subscribers_end_with_what_was_decided_last(places: Places) -> None:
    places.sink(*(classified(call_id, "a") for call_id in ("again", "ran-on", "same", "forgotten", "old", "held")))
    places.hold("held")
    backup = places.backup()
    later = [classified("again", "b", 34), classified("again", "c", 35), classified("ran-on", "b", 34)]
    later += [classified("ran-on", "c", 35), classified("new", "a")]
    places.sink(*later)
    places.forget("forgotten")
    places.delete("old")
    publish_tombstones(places.kafka, ["held"])  # held no more when it was forgotten, says the topic
    places.restore(backup)
    places.sink(classified("ran-on", "d", 50))  # a sink that nobody had stopped
    assert places.subscriber()["ran-on"].outcome_id == "c", "what was decided last is dropped"

    planned = places.figures("--dry-run")
    assert places.documents()["again"]["revision"] == 1
    done = places.figures()
    assert done == planned
    assert (done["missing"], done["published"], done["forgotten"], done["removed"]) == (1, 1, 1, 1)
    assert done["held"] == ["held"]
    documents = places.documents()
    assert {name: one.get("revision") for name, one in documents.items()} == {
        "again": 3,
        "ran-on": 4,
        "same": 1,
        "new": 1,
        "held": 1,
        "forgotten": None,
    }
    repeated = places.figures()
    changed = ("missing", "behind", "published", "forgotten", "removed")
    assert [repeated[name] for name in changed] == [0] * len(changed), "it may be done again"

    places.sink(*later, classified("again", "d", 50))  # the sink's topics from the moment of the backup on
    kept = places.subscriber()
    assert {name: (kept[name].outcome_id, kept[name].revision) for name in ("again", "ran-on", "same", "new")} == {
        "again": ("d", 4),
        "ran-on": ("d", 4),
        "same": ("a", 1),
        "new": ("a", 1),
    }
    assert len(places.documents()["new"]["turns"]) == len(call_classified().turns)
    with closing(TopicReader(places.kafka, OUTCOMES.name, from_start=True)) as reader:
        last = {one.call_id: one for one in map(CallOutcome.model_validate_json, reader.up_to_now())}
    assert {name: last[name].outcome_id for name in kept} == {name: one.outcome_id for name, one in kept.items()}, (
        "compaction keeps the same"
    )


def test_a_call_that_came_again_after_its_tombstone_counts_from_there(places: Places) -> None:
    places.sink(*(classified("call", answer, second) for second, answer in enumerate("abc", 33)))
    places.delete("call")
    places.sink(classified("call", "d", 50))
    backup = places.backup()
    places.restore(backup)
    found = places.figures()
    assert (found["looked_at"], found["behind"], found["missing"], found["removed"]) == (1, 0, 0, 0)
    assert places.documents()["call"]["revision"] == 1


def test_what_is_no_outcome_is_counted_and_the_exit_code_says_so(places: Places) -> None:
    places.sink(classified("call", "a"))
    produce(places.kafka, OUTCOMES.name, [("other", b"{}"), ("call", b"\xff")])
    places.restore([{"_id": "other", "forgotten_at": AN_HOUR_AGO}])
    ended = places.reconcile()
    assert ended.returncode == 1
    lines = dict(line.split("\t") for line in ended.stdout.splitlines())
    assert lines["messages that are no outcome of this version"] == "2"
    assert lines["documents that were put back"] == "1"
    assert places.documents()["call"]["revision"] == 1
