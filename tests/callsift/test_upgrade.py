"""Two versions side by side: what the previous one has published or stored is work for the present one, and back.

The golden files are the events of every minor version that there has been (tests/schemas/golden).
"""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from agents.sink import core
from callsift.embedded import EmbeddedStore
from callsift.stages import make_agent
from schemas import CallAnnotated, CallClassified, CallOutcome, CallUnrecorded, DeadLetter, Event
from schemas.event import SCHEMA_VERSION
from store.calls import CallFilter, OutcomeStore
from store.database import Database
from store.search import CallSearch
from store.settings import StoreSettings
from streams.message import Message
from streams.payloads.claim_check import ClaimCheckStore
from streams.processing.runner import StageRunner
from streams.topics import STAGES, TOPICS, Topic
from tests.agents.demo_calls import RECORDINGS, SPEECH_MODEL
from tests.agents.transcribe.prepared_calls import ready
from tests.schemas.examples import examples
from tests.servers.mongo import with_database
from tests.store.outcomes import done
from tests.streams.scripted import SETTINGS, Broker, Published

GOLDEN = Path(__file__).parents[1] / "schemas" / "golden"
EVENTS = sorted({topic.content for topic in TOPICS}, key=lambda event: event.__name__)
FACTS = ("trace_id", "ended_at", "started_at", "direction", "caller", "agent_id", "queue", "metadata")
Json = dict[str, Any]


def golden(event: type[Event]) -> dict[str, Json]:
    """Every version of an event, and one that is yet to come."""
    files = sorted(GOLDEN.glob(f"{event.__name__}.*.json"))
    found = {file.stem.partition(".")[2]: json.loads(file.read_text(encoding="utf-8")) for file in files}
    assert SCHEMA_VERSION in found
    assert len(found) > 1 or event in {CallAnnotated, CallUnrecorded}  # they came with 1.1
    return found | {"1.9": found[SCHEMA_VERSION] | {"schema_version": "1.9", "weather": {"score": [0.5, None]}}}


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    running = EmbeddedStore(tmp_path_factory.mktemp("nx-27017"))
    yield running.uri
    running.stop()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, documents: str) -> ClaimCheckStore:
    """The audio store; the stages find it, and everything else that they need, in the environment."""
    variables = {
        "CALLSIFT_AUDIO_STORE_URI": tmp_path.as_uri(),
        "CALLSIFT_FETCH_FILE_ROOTS": str(RECORDINGS),
        "CALLSIFT_VOSK_MODEL": str(SPEECH_MODEL),
        "CALLSIFT_CLASSIFIER": "offline",
        "CALLSIFT_MONGO_URI": with_database(documents, f"test-{uuid4().hex}"),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return ClaimCheckStore(tmp_path.as_uri())


def reachable(content: Json, store: ClaimCheckStore) -> Json:
    """The event with addresses that exist on this machine; all else as that version wrote it."""
    changed: Json = {}
    if "recording" in content:
        changed["recording"] = content["recording"] | {"uri": (RECORDINGS / "moving-house.mp3").as_uri()}
    if "audio" in content:
        changed["audio"] = ready("moving-house", store).audio.model_dump(mode="json")
    return content | changed


async def published(stage: str, topic: Topic, values: dict[str, Json], store: ClaimCheckStore) -> dict[str, Published]:
    """Let the stage's own agent work on events, by the runner, and return what came of each."""
    agent = make_agent(stage, store)
    await agent.start()
    try:
        found = {}
        for version, content in values.items():
            broker = Broker()
            value = json.dumps(content).encode()
            await StageRunner(STAGES[stage], agent, broker.publish, SETTINGS).take(Message(topic, 0, 0, None, value))
            [found[version]] = broker.published
        return found
    finally:
        await agent.stop()


async def store_what_the_label_saw(values: dict[str, Json]) -> None:
    """Store two revisions of each call that is labelled."""
    with closing(Database(StoreSettings.read())) as database:
        for content in values.values():
            for outcome_id in ("a", "b"):
                await OutcomeStore(database).save(done(outcome_id, content["call_id"]))


@pytest.mark.integration
@pytest.mark.parametrize(
    ("stage", "topic"),
    [
        pytest.param(stage.name, topic, id=f"{stage.name}-{topic.content.__name__}")
        for stage in STAGES.values()
        for topic in stage.consumes
    ],
)
async def test_every_stage_works_on_the_events_of_other_minor_versions(
    stage: str, topic: Topic, store: ClaimCheckStore
) -> None:
    values = {
        version: reachable(content, store) | {"call_id": f"call-{version}", "event_id": f"event-{version}"}
        for version, content in golden(topic.content).items()
    }
    if topic.content is CallAnnotated:
        await store_what_the_label_saw(values)
    for version, made in (await published(stage, topic, values, store)).items():
        assert made.topic is STAGES[stage].produces, made.value
        event = made.event()
        assert event.schema_version == SCHEMA_VERSION
        assert event.hops[-1].stage == stage
        content = values[version]
        if topic.content is DeadLetter:
            assert isinstance(event, CallOutcome)
            assert (event.state, event.failure and event.failure.error_type) == ("failed", content["error_type"])
            continue
        if topic.content is CallAnnotated:
            assert isinstance(event, CallOutcome)
            assert (event.source, event.sub_category) == ("human", content["label"]["final"]["sub_category"])
            assert (event.label and event.label.label_id) == event.outcome_id == content["event_id"]
            continue
        given, came = topic.content.model_validate(content).model_dump(), event.model_dump()
        assert {name: came[name] for name in FACTS} == {name: given[name] for name in FACTS}
        assert came["call_id"] == f"call-{version}"
        assert [hop.stage for hop in event.hops[:-1]] == [hop["stage"] for hop in content["hops"]]
        assert came.get("weather") == content.get("weather")


@pytest.mark.integration
@pytest.mark.parametrize("version", ["1.0", SCHEMA_VERSION, "1.9"])
async def test_a_document_of_another_version_gets_its_next_revision_and_can_be_classified_again(
    version: str, documents: str, store: ClaimCheckStore
) -> None:
    del store  # for its environment
    settings = StoreSettings.read()
    before, call = golden(CallOutcome)[version], golden(CallClassified)[version]
    names = ("revision", "state", "category", "sub_category")
    document = {name: before[name] for name in names} | {
        "_id": before["call_id"],
        "ended_at": datetime.fromisoformat(before["ended_at"]),
        "decided_at": datetime.fromisoformat(before["decided_at"]),
        "outcome": before,
        "history": [before],
        "turns": call["turns"],
    }
    with MongoClient[Json](settings.uri.get_secret_value()) as client:
        client.get_default_database()[settings.collection].insert_one(document)
    outcomes = OutcomeStore(Database(settings))
    try:
        assert [count async for count in CallSearch(Database(settings)).fill()] == [1]
        [(outcome, transcript)] = [found async for found in outcomes.transcripts(CallFilter())]
        assert (outcome.outcome_id, outcome.revision) == (before["outcome_id"], before["revision"])
        assert [turn.text for turn in transcript.turns] == [turn["text"] for turn in call["turns"]]
        assert outcome.versions is not None
        assert outcome.versions.policy == before["versions"].get("policy")  # unknown: `reprocess` offers the call
        anew = CallClassified.model_validate(call | {"classification_id": "anew"})
        stored = await outcomes.save(core.done(anew, datetime(2026, 11, 1, tzinfo=UTC)), anew.turns)
        assert stored is not None
        assert stored.revision == before["revision"] + 1
        found = await outcomes.find(before["call_id"])
        assert found is not None
        assert CallOutcome.model_validate(found["history"][0]) == CallOutcome.model_validate(before)
    finally:
        outcomes.close()


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_fields_of_the_first_version_keep_their_name_and_type(event: type[Event]) -> None:
    [present] = [example for example in examples() if type(example) is event]
    first = min(golden(event))  # 1.0, where there was the event
    assert _lost(golden(event)[first], json.loads(present.model_dump_json()), event.__name__) == []


def _lost(before: Any, now: Any, path: str) -> list[str]:
    """Name what a reader of the earlier version would miss, or find to be something else."""
    if isinstance(before, dict) and isinstance(now, dict):
        gone = [f"{path}.{name} is gone" for name in before if name not in now]
        kept = [name for name in before if name in now]
        return gone + [line for name in kept for line in _lost(before[name], now[name], f"{path}.{name}")]
    if isinstance(before, list) and isinstance(now, list):
        pairs = zip(before[:1], now[:1], strict=False)
        return [line for first, second in pairs for line in _lost(first, second, f"{path}[]")]
    same = before is None or isinstance(now, int | float if isinstance(before, int | float) else type(before))
    return [] if same else [f"{path} was {type(before).__name__} and is {type(now).__name__}"]
