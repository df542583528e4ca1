"""Two companies in one pipeline on a real Kafka: calls of two queues end in two taxonomies."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from callsift.calls import call_ended, emit_and_wait, new_call_id, store_recording
from callsift.demo_files import RECORDINGS
from schemas import CallEnded, OneFile
from schemas.taxonomy import use
from streams.payloads import ClaimCheckStore
from streams.settings import KafkaSettings
from tests.brands import CLINIC, ROUTES, brands
from tests.callsift.conftest import Up, start_up
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration
CALLS: dict[str, tuple[Path, dict[str, str]]] = {
    "machine": (RECORDINGS / "leaking-washing-machine.wav", {"queue": "repairs"}),
    "tooth": (CLINIC / "recordings" / "broken-tooth.wav", {"queue": "dental", "language": "en"}),
    "silence": (RECORDINGS / "dead-line.wav", {"queue": "orthodontics"}),
}


@pytest.fixture
def pipeline(real_kafka: KafkaSettings, tmp_path: Path) -> Iterator[Up]:
    running = start_up(
        tmp_path,
        CALLSIFT_KAFKA_BOOTSTRAP_SERVERS=real_kafka.bootstrap_servers,
        CALLSIFT_KAFKA_PREFIX=real_kafka.prefix,
        CALLSIFT_TAXONOMY=str(brands(tmp_path / "brands")),
        CALLSIFT_VOSK_MODELS=json.dumps({"en": str(CLINIC / "speech_model" / "model")}),
    )
    yield running
    use(None)  # the commands run in this process
    running.process.terminate()
    assert running.process.wait(PATIENCE_S) == 0, running.log.read_text()


def found(up: Up, *arguments: str) -> Any:
    ended = up.run(*arguments, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_calls_of_two_queues_end_in_two_taxonomies(pipeline: Up, real_kafka: KafkaSettings) -> None:
    store = ClaimCheckStore(pipeline.state["environment"]["CALLSIFT_AUDIO_STORE_URI"])
    events: dict[str, CallEnded] = {
        name: call_ended(new_call_id(), OneFile(uri=store_recording(store, recording)), **facts)
        for name, (recording, facts) in CALLS.items()
    }
    outcomes = emit_and_wait(real_kafka, [*events.values()], PATIENCE_S, lambda _: None)
    ended = {name: outcomes[event.call_id] for name, event in events.items()}
    assert {name: (one.versions and one.versions.taxonomy, one.category) for name, one in ended.items()} == {
        "machine": ("1.1", "potential_customer"),
        "tooth": ("clinic-1", "appointment"),
        "silence": ("clinic-1", "empty_call"),
    }
    assert "offline classifier" in (ended["tooth"].justification or "")
    assert "çevrimdışı" in (ended["machine"].justification or "")

    plan = found(pipeline, "reprocess", "--dry-run")
    assert (plan["calls"], plan["up_to_date"]) == (0, 3)
    others = brands(pipeline.home / "other routes")
    (others / "taxonomies.yaml").write_text(ROUTES.replace("[dental", "[repairs, dental"), encoding="utf-8")
    changed = replace(pipeline, environment={**pipeline.environment, "CALLSIFT_TAXONOMY": str(others)})
    plan = found(changed, "reprocess", "--dry-run")
    assert (plan["calls"], plan["up_to_date"]) == (1, 2)  # the clinic repairs now, too
    checked = [one["found"] for one in found(pipeline, "doctor") if one["of"] == "taxonomy"]
    assert checked == ["version 1.1, 13 categories", "version clinic-1, 13 categories"]
    today = str(datetime.now(UTC).date())
    summary = json.loads(pipeline.run("summary", "--day", today, "--zone", "UTC", "--format", "json").stdout)
    assert {code: one["count"] for code, one in summary["categories"].items() if one["count"]} == {
        "potential_customer": 1,
        "appointment": 1,
        "empty_call": 1,
    }
