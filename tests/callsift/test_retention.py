"""``callsift retention run`` as cron runs it."""

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pymongo
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from callsift.calls import call_ended, emit, store_recording
from callsift.commands.retention import app
from callsift.embedded import EmbeddedBroker, EmbeddedStore
from schemas import AudioReady, CallOutcome, OneFile
from store.calls import OutcomeStore
from store.database import Database
from store.settings import StoreSettings
from streams.kafka import KafkaUnavailable, last_retention, produce
from streams.kafka.groups import committed
from streams.kafka.ranges import topic_ranges
from streams.kafka.reader import read
from streams.payloads.claim_check import ClaimCheckStore
from streams.payloads.layout import DECODED, FOLDERS, LISTENING, PREPARED, TURNS
from streams.settings import RETAINED, KafkaSettings
from streams.topics import AUDIO, DEAD_LETTER, ENDED, OUTCOMES, STAGES
from tests.schemas import examples
from tests.store.annotations import label
from tests.store.outcomes import done
from tests.stored import entries
from tests.streams.retention import test_dead_letters as given
from tests.streams.retention.test_payloads import acknowledge

Run = Callable[..., Result]
OLD, OTHER, YOUNG = (PREPARED.file(digit * 64, ".flac") for digit in "abc")
RECORDING = Path(__file__).parents[2] / "demo" / "recordings" / "wrong-number.mp3"


@pytest.fixture
def store(tmp_path: Path) -> ClaimCheckStore:
    return ClaimCheckStore((tmp_path / "store").as_uri())


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command against a Kafka, with the store of the test."""

    def ran(kafka: KafkaSettings, *options: str, **variables: str) -> Result:
        monkeypatch.setenv("CALLSIFT_HOME", str(tmp_path))
        monkeypatch.setenv("CALLSIFT_AUDIO_STORE_URI", (tmp_path / "store").as_uri())
        monkeypatch.setenv("CALLSIFT_KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrap_servers)
        monkeypatch.setenv("CALLSIFT_KAFKA_PREFIX", kafka.prefix)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return CliRunner().invoke(app, ["run", *options])

    return ran


@pytest.fixture
def embedded_kafka() -> Iterator[KafkaSettings]:
    broker = EmbeddedBroker()
    yield KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
    del broker


@pytest.fixture
def documents(tmp_path: Path) -> Iterator[str]:
    """A store of documents with an old one."""

    async def save(uri: str) -> None:
        store = OutcomeStore(Database(StoreSettings(uri=SecretStr(uri))))
        await store.save(done("a").model_copy(update={"decided_at": datetime.now(UTC) - timedelta(days=8)}))
        store.close()

    running = EmbeddedStore(tmp_path / "documents")
    asyncio.run(save(running.uri))
    yield running.uri
    running.stop()


def written(store: ClaimCheckStore, tmp_path: Path, name: str, age_days: float) -> AudioReady:
    """Put something into the store as it was put some days ago; returns an event that names it."""
    claim = store.put(name, name.encode())
    make_old(tmp_path / "store" / name, age_days)
    return examples.audio_ready().model_copy(update={"audio": claim})


def make_old(path: Path, age_days: float) -> None:
    then_s = (datetime.now(UTC) - timedelta(days=age_days)).timestamp()
    os.utime(path, (then_s, then_s))


def lies_there(store: ClaimCheckStore) -> list[str]:
    return [entry.name for folder in FOLDERS for entry in entries(store, folder.name)]


def figures(result: Result) -> dict[str, tuple[int, int, int]]:
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return {kind["kind"]: (kind["looked_at"], kind["kept_pending"], kind["removed"]) for kind in found}


@pytest.mark.integration
def test_pending_audio_survives_however_old_and_goes_when_it_is_acknowledged(
    run: Run, real_kafka: KafkaSettings, store: ClaimCheckStore, tmp_path: Path
) -> None:
    event = written(store, tmp_path, OLD, 400)
    checkpoint = DECODED.file(event.audio.sha256, "-vosk.json")
    written(store, tmp_path, checkpoint, 400)
    written(store, tmp_path, OTHER, 8)
    written(store, tmp_path, YOUNG, 6)
    copy = LISTENING.file("a" * 64, ".webm")
    written(store, tmp_path, copy, 400)
    written(store, tmp_path, LISTENING.file("b" * 64, ".webm"), 1)
    written(store, tmp_path, DECODED.file("d" * 64, "-vosk.json"), 8)
    written(store, tmp_path, TURNS.file("e" * 64, ".json"), 8)
    produce(real_kafka, AUDIO.name, [("call", event.model_dump_json().encode())])

    dry = run(real_kafka, "--dry-run", "--json")
    assert figures(dry)["prepared audio"] == (3, 1, 0)
    assert [kind["expired"] for kind in json.loads(dry.stdout)] == [0, 1, 0, 1, 1, 0, 0, 0]
    assert len(lies_there(store)) == 8

    assert figures(run(real_kafka, "--json")) == {
        "recordings": (0, 0, 0),
        "prepared audio": (3, 1, 1),
        "copies to listen to": (2, 0, 1),
        "decoded segments": (2, 1, 1),
        "turns of large transcripts": (1, 0, 1),
        "exports": (0, 0, 0),
        "dead letters": (0, 0, 0),
        "marks of replays": (0, 0, 0),
    }
    assert lies_there(store) == [OLD, YOUNG, copy, checkpoint]

    acknowledge(real_kafka, AUDIO, "transcribe")
    assert figures(run(real_kafka, "--json"))["prepared audio"] == (2, 0, 1)
    assert lies_there(store) == [YOUNG]


@pytest.mark.integration
def test_a_recording_of_emit_is_kept_for_its_event_and_goes_when_it_is_old(
    run: Run, real_kafka: KafkaSettings, store: ClaimCheckStore, tmp_path: Path
) -> None:
    uri = store_recording(store, RECORDING)
    make_old(Path(urlsplit(uri).path), 8)
    [name] = lies_there(store)
    emit(real_kafka, [call_ended("call", OneFile(uri=uri))])
    assert figures(run(real_kafka, "--json"))["recordings"] == (1, 1, 0)
    assert lies_there(store) == [name]

    acknowledge(real_kafka, ENDED, "audio")
    assert figures(run(real_kafka, "--json"))["recordings"] == (1, 0, 1)
    assert lies_there(store) == []


@pytest.mark.integration
def test_a_file_that_callsift_has_not_named_stays(
    run: Run, embedded_kafka: KafkaSettings, store: ClaimCheckStore, tmp_path: Path
) -> None:
    names = sorted(["recordings/2026-10-05-call.wav", f"recordings/{'A' * 32}.wav", f"prepared/{'a' * 33}.flac"])
    for name in names:
        written(store, tmp_path, name, 400)
    assert figures(run(embedded_kafka, "--json"))["recordings"] == (0, 0, 0)
    assert sorted(str(path.relative_to(tmp_path / "store")) for path in (tmp_path / "store").glob("*/*")) == names


@pytest.mark.integration
def test_old_dead_letters_go(run: Run, real_kafka: KafkaSettings) -> None:
    given.publish(real_kafka, "old", 8)
    given.publish(real_kafka, "young", 6)
    acknowledge(real_kafka, DEAD_LETTER, "sink")
    found = run(real_kafka, "--json", CALLSIFT_RETENTION_DEAD_LETTERS_DAYS="7")
    assert figures(found)["dead letters"] == (2, 0, 1)
    assert given.letters(real_kafka) == ["young"]


@pytest.mark.integration
def test_documents_go_by_their_own_setting(run: Run, embedded_kafka: KafkaSettings, documents: str) -> None:
    variables = {"CALLSIFT_MONGO_URI": documents, "CALLSIFT_RETENTION_DOCUMENTS_DAYS": "7"}
    dry = run(embedded_kafka, "--json", "--dry-run", **variables)
    assert figures(dry)["documents"] == (1, 0, 0)
    assert figures(run(embedded_kafka, "--json", **variables))["documents"] == (1, 0, 1)
    assert figures(run(embedded_kafka, "--json", **variables))["documents"] == (0, 0, 0)


@pytest.mark.integration
def test_the_table_for_people_names_what_is_kept_for_ever(run: Run, embedded_kafka: KafkaSettings) -> None:
    result = run(embedded_kafka, CALLSIFT_RETENTION_AUDIO_STORE_DAYS="0")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[:2] == [
        "what\tlooked at\told but still needed\tremoved",
        "dead letters\t0\t0\t0",
    ]
    assert "kept for ever by the settings: audio store, documents" in result.stderr


@pytest.mark.integration
def test_retention_removes_nothing_that_may_be_needed_while_the_brokers_do_not_answer(
    run: Run, store: ClaimCheckStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.kafka.client.ask.__defaults__", (1.0,))  # seconds; commands ask for ten
    monkeypatch.setattr("streams.kafka.producer.produce.__defaults__", (1.0,))
    written(store, tmp_path, OLD, 400)
    result = run(KafkaSettings(bootstrap_servers="localhost:1"))
    assert "not done: prepared audio" in result.stderr
    assert isinstance(result.exception, KafkaUnavailable)
    assert lies_there(store) == [OLD]


@pytest.mark.integration
def test_a_kind_that_fails_keeps_no_other_from_being_done(
    run: Run, real_kafka: KafkaSettings, store: ClaimCheckStore, tmp_path: Path
) -> None:
    written(store, tmp_path, OLD, 8)
    away = {"CALLSIFT_MONGO_URI": "mongodb://127.0.0.1:1", "CALLSIFT_MONGO_TIMEOUT_S": "0.2"}
    before = datetime.now(UTC)
    result = run(real_kafka, "--json", CALLSIFT_RETENTION_DOCUMENTS_DAYS="7", **away)
    assert result.exit_code == 1
    assert [kind["error"] for kind in json.loads(result.stdout) if kind["kind"] == "documents"] == [
        "MongoDB did not answer: ServerSelectionTimeoutError"
    ]
    assert lies_there(store) == []
    done_at = last_retention(real_kafka)
    assert set(done_at) == {"audio_store", "dead_letters"}
    assert min(done_at.values()) >= before

    kept = {"CALLSIFT_RETENTION_DOCUMENTS_DAYS": "0"}
    assert run(real_kafka, "--dry-run", **kept).exit_code == 0
    assert last_retention(real_kafka) == done_at
    assert run(real_kafka, **kept).exit_code == 0
    assert set(last_retention(real_kafka)) == set(RETAINED)
    lane = STAGES["reprocess"]
    places = topic_ranges(real_kafka, lane.consumes[0].name)
    assert committed(real_kafka, {real_kafka.prefix + lane.group: list(places)}).keys() == places.keys()


def on_topic(kafka: KafkaSettings) -> list[tuple[bytes | None, bool]]:
    """The keys on calls.outcomes, oldest first, and whether each has a value."""
    found = read(kafka, topic_ranges(kafka, OUTCOMES.name))
    return [(message.key(), message.value() is not None) for message in found]


@pytest.mark.integration
def test_a_document_that_goes_leaves_a_tombstone(run: Run, real_kafka: KafkaSettings, documents: str) -> None:
    outcome = done("a")
    key = outcome.call_id.encode()
    produce(real_kafka, OUTCOMES.name, [(outcome.call_id, outcome.model_dump_json().encode())])
    variables = {"CALLSIFT_MONGO_URI": documents, "CALLSIFT_RETENTION_DOCUMENTS_DAYS": "7"}
    assert run(real_kafka, "--dry-run", **variables).exit_code == 0
    assert on_topic(real_kafka) == [(key, True)]
    assert figures(run(real_kafka, "--json", **variables))["documents"] == (1, 0, 1)
    assert on_topic(real_kafka) == [(key, True), (key, False)]


@pytest.mark.integration
def test_a_crash_between_tombstone_and_document_loses_no_tombstone(
    run: Run, real_kafka: KafkaSettings, documents: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {"CALLSIFT_MONGO_URI": documents, "CALLSIFT_RETENTION_DOCUMENTS_DAYS": "7"}
    key = done("a").call_id.encode()

    async def crash(*_: object) -> None:
        assert on_topic(real_kafka) == [(key, False)]
        raise SystemExit(137)

    with monkeypatch.context() as patched:
        patched.setattr(OutcomeStore, "delete_before", crash)
        assert run(real_kafka, **variables).exit_code == 137
    assert figures(run(real_kafka, "--json", **variables))["documents"] == (1, 0, 1)
    assert on_topic(real_kafka) == [(key, False)] * 2


@pytest.mark.integration
def test_a_call_that_is_decided_again_meanwhile_keeps_its_document_and_its_outcome(
    run: Run, real_kafka: KafkaSettings, documents: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {"CALLSIFT_MONGO_URI": documents, "CALLSIFT_RETENTION_DOCUMENTS_DAYS": "7"}
    delete_before = OutcomeStore.delete_before

    async def decided_again(store: OutcomeStore, moment: datetime, call_ids: list[str]) -> list[CallOutcome]:
        await store.save(done("b").model_copy(update={"decided_at": datetime.now(UTC)}))
        return await delete_before(store, moment, call_ids)

    monkeypatch.setattr(OutcomeStore, "delete_before", decided_again)
    assert figures(run(real_kafka, "--json", **variables))["documents"] == (1, 0, 0)
    key = done("a").call_id.encode()
    assert on_topic(real_kafka) == [(key, False), (key, True)]


@pytest.mark.integration
def test_the_labels_of_a_document_that_goes_lead_no_more_to_its_call(
    run: Run, embedded_kafka: KafkaSettings, documents: str
) -> None:
    with closing(pymongo.MongoClient[dict[str, Any]](documents)) as client:
        labels = client["callsift"]["calls_labels"]

        async def labelled() -> None:
            with closing(Database(StoreSettings(uri=SecretStr(documents)))) as database:
                await OutcomeStore(database).annotate(label("l1", 1, call_id=done("a").call_id))

        asyncio.run(labelled())
        variables = {"CALLSIFT_MONGO_URI": documents, "CALLSIFT_RETENTION_DOCUMENTS_DAYS": "7"}
        assert figures(run(embedded_kafka, "--json", "--dry-run", **variables))["documents"] == (1, 0, 0)
        assert [one["call_id"] for one in labels.find()] == [done("a").call_id]
        assert figures(run(embedded_kafka, "--json", **variables))["documents"] == (1, 0, 1)
        assert [(one["call_id"], one["note"], one["final"]["sub_category"]) for one in labels.find()] == [
            (None, None, "complaint")
        ]
