"""Long work whose worker died in its midst is gone on with, and what both did adds up."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from agents.classify.settings import ClassifySettings
from callsift import reprocessing
from callsift.embedded import EmbeddedBroker, EmbeddedStore
from callsift.operations import work
from callsift.operations.task import LEASE, Task, in_store
from callsift.operations.work import Places
from store.calls import OutcomeStore
from store.database import Database
from store.operations import Kind, Operation
from store.settings import StoreSettings
from streams.dead_letters import read_replays, replay
from streams.dead_letters.replay import _AT_ONCE as AT_ONCE
from streams.health import Health
from streams.kafka import produce
from streams.settings import AudioStoreSettings, KafkaSettings
from streams.topics import DEAD_LETTER, ENDED, REPROCESS
from tests.schemas.examples import dead_letter
from tests.store.outcomes import done

pytestmark = pytest.mark.integration
Done = Callable[[Task, Places], dict[str, Any]]


class Died(BaseException):
    """Ends a worker where it stands, as a kill does: it gives nothing back."""


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    """A broker, a store and an audio store, for workers that run in the test."""
    broker, store = EmbeddedBroker(), EmbeddedStore(tmp_path / "store")
    yield Places(
        KafkaSettings(bootstrap_servers=broker.bootstrap_servers),
        StoreSettings(uri=SecretStr(store.uri)),
        AudioStoreSettings(uri=(tmp_path / "audio").as_uri()),
        ClassifySettings(classifier="offline"),
    )
    store.stop()


def asked_for(places: Places, kind: Kind, **request: Any) -> None:
    """Ask for an operation, as the API does."""
    in_store(places.mongo, lambda store: store.add(kind, request, "anna", datetime.now(UTC)))


def taken(places: Places) -> Operation:
    """Return the operation as a worker has it that takes it over, when the lease of the one before has ended."""
    leased = in_store(places.mongo, lambda store: store.lease(datetime.now(UTC) + 2 * LEASE, LEASE))
    assert leased is not None
    return leased


def worked(places: Places, do: Done, operation: Operation) -> dict[str, Any]:
    """Let a worker do the operation that it has."""
    return do(Task(operation, places.mongo, threading.Event(), Health()), places)


def progress(places: Places, operation: Operation) -> dict[str, Any]:
    """Return how far the operation is said to be."""
    found = in_store(places.mongo, lambda store: store.find(operation.id))
    assert found is not None
    return dict(found.progress or {})


def test_a_reprocessing_goes_on_behind_the_last_batch_that_was_kept(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stored() -> None:
        with closing(OutcomeStore(Database(places.mongo))) as store:
            for number in (3, 1, 4, 0, 6, 5, 2):
                outcome = done(f"outcome-{number}", f"call-{number}")
                assert outcome.ended_at is not None
                ended_at = outcome.ended_at + timedelta(minutes=number // 2)  # two at the same moment each
                await store.save(outcome.model_copy(update={"ended_at": ended_at}))

    lane: list[list[str]] = []

    def published(_: KafkaSettings, topic: str, batch: list[tuple[str, bytes]]) -> None:
        assert topic == REPROCESS.name
        lane.append([call_id for call_id, _ in batch])
        if len(lane) == 2:
            raise Died  # the brokers have the batch, and nobody has kept that they do

    asyncio.run(stored())
    monkeypatch.setattr(reprocessing, "_BATCH", 2)
    monkeypatch.setattr(reprocessing, "produce", published)
    asked_for(places, "reprocess", since=None, until=None, category=None, provisional=False, dry_run=False)
    with pytest.raises(Died):
        worked(places, work.reprocess, taken(places))
    operation = taken(places)
    response = worked(places, work.reprocess, operation)
    batches = [["call-0", "call-1"], ["call-2", "call-3"], ["call-4", "call-5"], ["call-6"]]
    assert lane == [*batches[:2], *batches[1:]]
    assert (response["calls"], response["published"]) == (7, 7)
    assert progress(places, operation) == response


def test_a_replay_counts_once_what_was_replayed_by_the_one_that_died(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, seen = 2 * AT_ONCE + 30, iter(range(2 * AT_ONCE))
    letters = [
        dead_letter().model_copy(update={"event_id": f"letter-{n}", "topic": ENDED.name if n else "nowhere"})
        for n in range(count)
    ]
    produce(places.kafka, DEAD_LETTER.name, [(one.event_id, one.model_dump_json().encode()) for one in letters])

    def interrupted(*given: Any) -> Iterator[Any]:
        for answer in replay(*given):
            if next(seen) == AT_ONCE + AT_ONCE // 2:
                raise Died  # the second batch is marked, and half of it counted
            yield answer

    asked_for(places, "replay")
    with monkeypatch.context() as patched, pytest.raises(Died):
        patched.setattr(work, "replay", interrupted)
        worked(places, work.replay_letters, taken(places))
    assert AT_ONCE < len(read_replays(places.kafka)) < count - 1
    operation = taken(places)
    assert worked(places, work.replay_letters, operation) == {"replayed": count - 1, "refused": 1}
    assert len(read_replays(places.kafka)) == count - 1
