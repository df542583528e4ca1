"""``callsift retention run`` as cron runs it."""

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from agents.sink.settings import SinkSettings
from agents.sink.store import OutcomeStore
from callsift.commands.retention import app
from callsift.embedded import EmbeddedBroker, EmbeddedStore
from callsift.retention import remove_entries
from schemas import AudioReady
from streams.kafka import KafkaUnavailable, produce
from streams.payloads.claim_check import ClaimCheckStore
from streams.settings import KafkaSettings
from streams.topics import AUDIO, DEAD_LETTER
from tests.agents.sink.outcomes import done
from tests.schemas import examples
from tests.streams.dead_letters import test_expiry as given
from tests.streams.payloads.test_retention import acknowledge

Run = Callable[..., Result]


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
        store = OutcomeStore(SinkSettings(uri=SecretStr(uri)))
        await store.save(done("a").model_copy(update={"decided_at": datetime.now(UTC) - timedelta(days=8)}))
        store.close()

    running = EmbeddedStore(tmp_path / "documents")
    asyncio.run(save(running.uri))
    yield running.uri
    running.stop()


def written(store: ClaimCheckStore, tmp_path: Path, name: str, age_days: float) -> AudioReady:
    """Put something into the store as it was put some days ago; returns an event that names it."""
    claim = store.put(name, name.encode())
    then_s = (datetime.now(UTC) - timedelta(days=age_days)).timestamp()
    os.utime(tmp_path / "store" / name, (then_s, then_s))
    return examples.audio_ready().model_copy(update={"audio": claim})


def lies_there(store: ClaimCheckStore) -> list[str]:
    return [entry.name for folder in ("prepared", "decoded", "turns") for entry in store.entries(folder)]


def figures(result: Result) -> dict[str, tuple[int, int, int]]:
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return {kind["kind"]: (kind["looked_at"], kind["kept_pending"], kind["removed"]) for kind in found}


@pytest.mark.integration
def test_pending_audio_survives_however_old_and_goes_when_it_is_acknowledged(
    run: Run, real_kafka: KafkaSettings, store: ClaimCheckStore, tmp_path: Path
) -> None:
    event = written(store, tmp_path, "prepared/0a.flac", 400)
    checkpoint = f"decoded/{event.audio.sha256[:32]}-vosk.json"
    written(store, tmp_path, checkpoint, 400)
    written(store, tmp_path, "prepared/0b.flac", 8)
    written(store, tmp_path, "prepared/0c.flac", 6)
    written(store, tmp_path, "decoded/0d-vosk.json", 8)
    written(store, tmp_path, "turns/0e.json", 8)
    produce(real_kafka, AUDIO.name, [("call", event.model_dump_json().encode())])

    dry = run(real_kafka, "--dry-run", "--json")
    assert figures(dry)["prepared audio"] == (3, 1, 0)
    assert [kind["expired"] for kind in json.loads(dry.stdout)] == [1, 1, 1, 0, 0]
    assert len(lies_there(store)) == 6

    assert figures(run(real_kafka, "--json")) == {
        "prepared audio": (3, 1, 1),
        "decoded segments": (2, 1, 1),
        "turns of large transcripts": (1, 0, 1),
        "dead letters": (0, 0, 0),
        "marks of replays": (0, 0, 0),
    }
    assert lies_there(store) == ["prepared/0a.flac", "prepared/0c.flac", checkpoint]

    acknowledge(real_kafka, AUDIO, "transcribe")
    assert figures(run(real_kafka, "--json"))["prepared audio"] == (2, 0, 1)
    assert lies_there(store) == ["prepared/0c.flac"]


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
def test_people_get_a_table_and_what_is_kept_for_ever(run: Run, embedded_kafka: KafkaSettings) -> None:
    result = run(embedded_kafka, CALLSIFT_RETENTION_AUDIO_DAYS="0")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[:2] == [
        "what\tlooked at\told but still needed\tremoved",
        "decoded segments\t0\t0\t0",
    ]
    assert "kept for ever by the settings: audio, documents" in result.stderr


@pytest.mark.integration
def test_retention_removes_nothing_while_the_brokers_do_not_answer(
    run: Run, store: ClaimCheckStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.kafka.client.ask.__defaults__", (1.0,))  # seconds; commands ask for ten
    written(store, tmp_path, "prepared/0a.flac", 400)
    result = run(KafkaSettings(bootstrap_servers="localhost:1"))
    assert isinstance(result.exception, KafkaUnavailable)
    assert lies_there(store) == ["prepared/0a.flac"]


def test_what_is_written_again_meanwhile_stays(store: ClaimCheckStore, tmp_path: Path) -> None:
    written(store, tmp_path, "prepared/0a.flac", 400)
    written(store, tmp_path, "prepared/0b.flac", 400)
    listed = tuple(store.entries("prepared"))
    store.put("prepared/0a.flac", b"prepared/0a.flac")
    assert remove_entries(store, "prepared", listed) == 1
    assert lies_there(store) == ["prepared/0a.flac"]
