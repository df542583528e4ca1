"""A taxonomy through its versions on a real Kafka: changed, looked at, trained, put to use, and rolled back.

What was decided before keeps the versions that decided it, in the store and on the topic.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from pymongo import MongoClient
from threadpoolctl import threadpool_limits

from agents.classify.labelled import LabelledDialogue, read_labelled_dialogues
from schemas import CallOutcome, Taxonomy
from schemas.taxonomy import use
from streams.kafka import TopicReader, produce
from streams.settings import KafkaSettings
from streams.topics import OUTCOMES, REPROCESS, TRANSCRIPTS
from tests.callsift import terminal
from tests.patience import PATIENCE_S, until
from tests.schemas.examples import call_transcribed, turn
from tests.servers.mongo import with_database
from tests.streams.faust_worker.test_worker import worker

pytestmark = pytest.mark.integration
CLINIC = Path(__file__).parents[2] / "examples" / "clinic"
DIALOGUES = CLINIC / "dialogues" / "training.jsonl"
MERGED = "existing_appointment"
"""The category whose two sub-categories, moved and cancelled, the draft makes one."""
LEAVES = ("moved", "cancelled", "emergency")
EACH = 3


@pytest.fixture(autouse=True)
def the_shipped_one_is_in_use_afterwards() -> Iterator[None]:
    yield
    use(None)


@dataclass(frozen=True)
class Clinic:
    """A clinic's calls on a Kafka and in a store."""

    kafka: KafkaSettings
    uri: str
    folder: Path

    def settings(self, taxonomy: Path) -> dict[str, str]:
        """The settings of everybody who uses a taxonomy."""
        return {
            "CALLSIFT_TAXONOMY": str(taxonomy),
            "CALLSIFT_CLASSIFIER": "offline",
            "CALLSIFT_MONGO_URI": self.uri,
            "CALLSIFT_AUDIO_STORE_URI": self.folder.as_uri(),
        }

    def run(self, taxonomy: Path, *arguments: object, code: int = 0) -> Any:
        """Run a command where a taxonomy is in use."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("CALLSIFT_")}
        settings = self.settings(taxonomy) | {
            "CALLSIFT_HOME": str(self.folder / "home"),
            "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "CALLSIFT_KAFKA_PREFIX": self.kafka.prefix,
        }
        ended = terminal.run(own | settings, *map(str, arguments))
        assert ended.returncode == code, ended.stderr
        return ended

    @contextmanager
    def worker(self, stage: str, taxonomy: Path) -> Iterator[Path]:
        """Run a stage's worker where a taxonomy is in use; gives its log."""
        log = self.folder / f"{stage}.log"
        settings = self.settings(taxonomy) | {"CALLSIFT_HTTP_PORT": "127.0.0.1:0"}
        with worker(self.kafka, log, "callsift", "worker", stage, **settings):
            yield log

    def calls(self) -> dict[str, dict[str, Any]]:
        """The stored documents of calls."""
        with MongoClient[dict[str, Any]](self.uri) as client:
            return {str(one["_id"]): one for one in client.get_default_database()["calls"].find()}

    def published(self) -> list[CallOutcome]:
        """Everything that subscribers have seen."""
        reader = TopicReader(self.kafka, OUTCOMES.name, from_start=True)
        found = [CallOutcome.model_validate_json(value) for value in reader.up_to_now()]
        reader.close()
        return found

    def in_the_lane(self) -> int:
        """How many calls have been sent to be classified again."""
        reader = TopicReader(self.kafka, REPROCESS.name, from_start=True)
        count = sum(1 for _ in reader.up_to_now())
        reader.close()
        return count

    def at(self, revision: int, log: Path) -> dict[str, dict[str, Any]]:
        """The documents, once all calls have a revision, and it is published."""

        def are_stored() -> bool:
            return [one["revision"] for one in self.calls().values()] == [revision] * len(CALLS)

        def are_published() -> bool:
            return {one.call_id for one in self.published() if one.revision == revision} == CALLS.keys()

        for is_there in (are_stored, are_published):
            until(is_there, log.read_text, within_s=PATIENCE_S)
        return self.calls()


def chosen() -> dict[str, LabelledDialogue]:
    """Some dialogues of the two categories that become one, and of another."""
    dialogues = read_labelled_dialogues([DIALOGUES], Taxonomy.load(CLINIC / "taxonomy.yaml"))
    wanted = [[one for one in dialogues if one.leaf == leaf] for leaf in LEAVES]
    return {one.id: one for own in wanted for one in own[:EACH]}


CALLS = chosen()


def send(kafka: KafkaSettings) -> None:
    """Publish the transcripts, as the transcribe stage does."""
    messages = []
    for call_id, dialogue in CALLS.items():
        turns = [turn(one.speaker, one.text, 2.0 * place) for place, one in enumerate(dialogue.turns)]
        facts = {"call_id": call_id, "event_id": f"event of {call_id}", "ended_at": datetime.now(UTC), "language": "en"}
        call = call_transcribed(*turns).model_copy(update=facts)
        messages.append((call_id, call.model_dump_json().encode()))
    produce(kafka, TRANSCRIPTS.name, messages)


def drafted(folder: Path) -> Path:
    """Write a draft in which moved and cancelled are one; gives labels of that one and of another."""
    content = yaml.safe_load((CLINIC / "taxonomy.yaml").read_text(encoding="utf-8")) | {"version": "clinic-2"}
    del next(one for one in content["categories"] if one["code"] == MERGED)["sub_categories"]
    for rule in content["precedence"]:
        rule["leaf"] = MERGED if rule["leaf"] in {"moved", "cancelled"} else rule["leaf"]
    folder.mkdir()
    (folder / "taxonomy.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    labels = folder.with_suffix(".jsonl")
    lines = [json.loads(line) for line in DIALOGUES.read_text(encoding="utf-8").splitlines()]
    kept = [line for line in lines if line["sub_category"] in LEAVES]
    merged = [line | ({"sub_category": None} if line["category"] == MERGED else {}) for line in kept]
    labels.write_text("".join(f"{json.dumps(line)}\n" for line in merged), encoding="utf-8")
    return labels


def leaves(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {call_id: one["sub_category"] or one["category"] for call_id, one in documents.items()}


def test_a_taxonomy_is_changed_previewed_trained_put_to_use_and_rolled_back(
    real_kafka: KafkaSettings, embedded: str, tmp_path: Path
) -> None:
    clinic = Clinic(real_kafka, with_database(embedded, f"test-{uuid4().hex}"), tmp_path)
    old, new = tmp_path / "clinic-1", tmp_path / "clinic-2"
    old.mkdir()
    for name in ("taxonomy.yaml", "model.npz"):
        shutil.copy(CLINIC / name, old)
    labels = drafted(new)
    send(real_kafka)
    with clinic.worker("sink", old):
        with clinic.worker("classify", old) as log:
            first = clinic.at(1, log)
        right = leaves(first)
        assert right == {call_id: dialogue.leaf for call_id, dialogue in CALLS.items()}

        told = json.loads(clinic.run(old, "taxonomy", "diff", old, new, "--json").stdout)
        assert told["versions"] == ["clinic-1", "clinic-2"]
        assert [MERGED, "new"] in told["changes"]
        assert told["concerns"] == "all calls"
        refused = clinic.run(old, "taxonomy", "preview", new, code=1).stderr
        assert "there is no offline model for taxonomy clinic-2" in refused
        with threadpool_limits(1):  # small sums; threads of a busy machine would only wait for each other
            clinic.run(new, "train", labels, "--taxonomy", new, "--language", "en")
        preview = json.loads(clinic.run(old, "taxonomy", "preview", new, "--json").stdout)["preview"]
        assert preview["classified"] == len(CALLS)
        assert preview["decided_otherwise"] == 0
        assert {one["before"]: one["call_ids"] for one in preview["flips"] if one["after"] == MERGED} == {
            leaf: sorted(call_id for call_id, own in right.items() if own == leaf) for leaf in ("moved", "cancelled")
        }
        assert (clinic.calls(), clinic.in_the_lane(), len(clinic.published())) == (first, 0, len(CALLS))

        put_to_use(clinic, new, 2)
        second = clinic.calls()
        flipped = {call_id: one["after"] for one in preview["flips"] for call_id in one["call_ids"]}
        assert leaves(second) == right | flipped, "what was previewed is what came of it"
        put_to_use(clinic, old, 3)
    third, published = clinic.calls(), clinic.published()
    assert leaves(third) == right
    for call_id, document in third.items():
        history = [CallOutcome.model_validate(one) for one in document["history"]]
        assert [one.versions and one.versions.taxonomy for one in history] == ["clinic-1", "clinic-2", "clinic-1"]
        assert history[:2] == [CallOutcome.model_validate(one) for one in second[call_id]["history"]]
        assert history[0] == CallOutcome.model_validate(first[call_id]["outcome"])
        assert history[0].versions == history[2].versions != history[1].versions
        seen = [(one.outcome_id, one.revision, one.versions) for one in published if one.call_id == call_id]
        assert seen == [(one.outcome_id, one.revision, one.versions) for one in history]
        assert len({one.outcome_id for one in history}) == 3


def put_to_use(clinic: Clinic, taxonomy: Path, revision: int) -> None:
    """Name another folder, and have all calls classified again; after that nothing is left to do."""
    plan = json.loads(clinic.run(taxonomy, "reprocess", "--yes", "--json").stdout)
    assert (plan["calls"], plan["up_to_date"], plan["published"]) == (len(CALLS), 0, len(CALLS))
    with clinic.worker("reprocess", taxonomy) as log:
        clinic.at(revision, log)
    plan = json.loads(clinic.run(taxonomy, "reprocess", "--dry-run", "--json").stdout)
    assert (plan["calls"], plan["up_to_date"]) == (0, len(CALLS))
