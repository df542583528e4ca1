"""Calls are forgotten in a running pipeline on a real Kafka: every place is searched, and they try to come back."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymongo
import pytest

from callsift.calls import emit
from callsift.demo_files import RECORDINGS
from schemas import CallEnded
from streams.dead_letters import read_letters
from streams.kafka import produce
from streams.kafka.ranges import topic_ranges
from streams.kafka.reader import read
from streams.payloads import FOLDERS
from streams.retention import waiting_of
from streams.settings import KafkaSettings
from streams.topics import ALL_TOPICS, ANNOTATIONS, AUDIO, CLASSIFIED, ENDED, FORGOTTEN, OUTCOMES, REPLAYS, AnyTopic
from tests.callsift.conftest import Up, start_up
from tests.patience import PATIENCE_S
from tests.store.annotations import label

pytestmark = pytest.mark.integration

CALLER, OTHER = "+905551112233", "+905554445566"
CALL = RECORDINGS / "price-then-appointment.mp3"


@pytest.fixture
def pipeline(real_kafka: KafkaSettings, tmp_path: Path) -> Iterator[Up]:
    running = start_up(
        tmp_path,
        CALLSIFT_KAFKA_BOOTSTRAP_SERVERS=real_kafka.bootstrap_servers,
        CALLSIFT_KAFKA_PREFIX=real_kafka.prefix,
        CALLSIFT_PRIVACY_CALLER="hash",
        CALLSIFT_PRIVACY_CALLER_KEY="a key of the tests that nobody else knows",
        CALLSIFT_AUDIO_STORE_MESSAGE_LIMIT_KB="1",  # turns lie in the store, too
    )
    yield running
    running.process.terminate()
    assert running.process.wait(PATIENCE_S) == 0, running.log.read_text()


def sent(up: Up, caller: str, recording: Path) -> dict[str, Any]:
    ended = up.run("emit", "--wait", "--json", "--caller", caller, str(recording))
    outcome: dict[str, Any] = json.loads(ended.stdout)
    return outcome


@dataclass(frozen=True)
class Scene:
    """Three calls that went through: two of one caller, a done and a failed one, and another caller's."""

    up: Up
    kafka: KafkaSettings
    call: dict[str, Any]
    failed: dict[str, Any]
    other: dict[str, Any]

    @property
    def ids(self) -> set[str]:
        """The caller's calls."""
        return {self.call["call_id"], self.failed["call_id"]}

    @property
    def quotes(self) -> list[str]:
        """What the outcome of the done call quotes."""
        return [evidence["quote"] for evidence in self.call["evidence"]]

    def values(self, topic: AnyTopic, call_id: str) -> list[bytes]:
        """What is on a topic under a call's key."""
        messages = read(self.kafka, topic_ranges(self.kafka, topic.name))
        return [message.value() or b"" for message in messages if message.key() == call_id.encode()]

    def places(self) -> dict[str, str]:
        """Every place and all that is there, as text: topics as they stay, collection, folders with their names."""
        found = {"collection": json.dumps(self.documents(), ensure_ascii=False, default=str)}
        found["labels"] = json.dumps([one | {"_id": None} for one in self.labels()], ensure_ascii=False)
        found["drawn"] = json.dumps(self.beside("sample_items"), ensure_ascii=False)
        for topic in ALL_TOPICS:
            messages = list(read(self.kafka, topic_ranges(self.kafka, topic.name)))
            newest = {message.key(): message.value() for message in messages}
            left = [(key, value) for key, value in newest.items() if value is not None]  # what compaction leaves
            every = [(message.key(), message.value()) for message in messages]
            text = [
                f"{(key or b'').decode()} {(value or b'').decode()}"
                for key, value in (left if topic.compacted else every)
            ]
            found[topic.name] = "\n".join(text)
        for folder in FOLDERS:
            paths = (self.up.home / "audio" / folder.name).rglob("*")
            found[folder.name] = "\n".join(f"{path.name} {path.read_bytes()!r}" for path in paths if path.is_file())
        return found

    def documents(self) -> list[dict[str, Any]]:
        """The collection."""
        with pymongo.MongoClient[dict[str, Any]](self.up.state["environment"]["CALLSIFT_MONGO_URI"]) as client:
            return list(client["callsift"]["calls"].find())

    def labels(self) -> list[dict[str, Any]]:
        """The labels of all calls."""
        return self.beside("labels")

    def beside(self, name: str) -> list[dict[str, Any]]:
        """A collection beside the calls."""
        with pymongo.MongoClient[dict[str, Any]](self.up.state["environment"]["CALLSIFT_MONGO_URI"]) as client:
            return list(client["callsift"][f"calls_{name}"].find())

    def draw(self) -> None:
        """Have all three calls drawn for review."""
        with pymongo.MongoClient[dict[str, Any]](self.up.state["environment"]["CALLSIFT_MONGO_URI"]) as client:
            drawn = [
                {"_id": f"a/{n}", "call_id": one["call_id"]}
                for n, one in enumerate((self.call, self.failed, self.other))
            ]
            client["callsift"]["calls_sample_items"].insert_many(drawn)

    def wait_until_taken(self) -> None:
        """Return when no message of the caller's calls waits for anybody."""
        deadline = time.monotonic() + PATIENCE_S
        while list(waiting_of(self.kafka, lambda call_id, _: call_id in self.ids)):
            assert time.monotonic() < deadline, self.up.log.read_text()
            time.sleep(0.2)


@pytest.fixture
def scene(pipeline: Up, real_kafka: KafkaSettings, tmp_path: Path) -> Scene:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no recording")
    calls = [(CALLER, CALL), (CALLER, broken), (OTHER, RECORDINGS / "wrong-number.mp3")]
    outcomes = [sent(pipeline, caller, recording) for caller, recording in calls]
    assert [outcome["state"] for outcome in outcomes] == ["done", "failed", "done"]
    found = Scene(pipeline, real_kafka, *outcomes)
    for outcome in outcomes[::2]:
        said = label(f"label-{outcome['call_id']}", 1, call_id=outcome["call_id"], note="NOTE")
        produce(real_kafka, ANNOTATIONS.name, [(said.call_id, said.model_dump_json().encode())])
    found.draw()
    found.wait_until_taken()
    assert {one["call_id"] for one in found.labels()} == {outcomes[0]["call_id"], outcomes[2]["call_id"]}
    return found


def test_forgotten_calls_are_gone_from_every_place_and_do_not_come_back(scene: Scene) -> None:
    before = scene.places()
    assert all(quote in before["collection"] for quote in scene.quotes)
    assert all(scene.call["call_id"] in before[place] for place in ("collection", "drawn", OUTCOMES.name))
    assert all(before[folder] for folder in ("recordings", "prepared", "turns"))
    [letter] = read_letters(scene.kafka)
    [classified] = scene.values(CLASSIFIED, scene.call["call_id"])
    [said] = scene.values(ANNOTATIONS, scene.call["call_id"])

    kept = {place["where"].removeprefix("Kafka topic ") for place in forget(scene)["not_reached"] if place["until"]}
    nothing_is_left(scene, kept)

    shown = scene.up.run("dlq", "show", letter.event_id)
    assert (shown.returncode, "of a call that is forgotten" in shown.stderr, shown.stdout) == (1, True, "")
    replay = scene.up.run("dlq", "replay", letter.event_id, "--replayed")
    assert replay.returncode == 1
    assert "of a call that is forgotten" in replay.stderr
    assert "nothing to replay" in scene.up.run("dlq", "replay", "--all").stderr
    [ended] = scene.values(ENDED, scene.other["call_id"])
    late = CallEnded.model_validate_json(ended).model_copy(update={"caller": CALLER, "event_id": "late"})
    emit(scene.kafka, [late.model_copy(update={"call_id": call_id}) for call_id in scene.ids])
    produce(scene.kafka, letter.topic, [(scene.failed["call_id"], letter.value)])  # by who knows nothing of it
    produce(scene.kafka, CLASSIFIED.name, [(scene.call["call_id"], classified)])  # on its way when it was forgotten
    produce(scene.kafka, ANNOTATIONS.name, [(scene.call["call_id"], said)])
    scene.wait_until_taken()
    nothing_is_left(scene, kept)
    tail = scene.up.run("outcomes", "tail", "--from-start", "--seconds", "3", "--json")
    assert tail.returncode == scene.up.run("status").returncode == 0, tail.stderr
    assert len(scene.values(AUDIO, scene.call["call_id"])) == 1
    assert len(list(read_letters(scene.kafka))) == 1
    assert scene.values(OUTCOMES, scene.call["call_id"])[-3:] == [b""] * 3  # the sink's tombstones after the command's


def forget(scene: Scene) -> dict[str, Any]:
    """Forget the caller's calls as an officer does, and return the certificate."""
    dry = scene.up.run("forget", "--caller", "0555 111 22 33", "--dry-run")
    assert {one["call_id"] for one in json.loads(dry.stdout)} == scene.ids
    done = scene.up.run("forget", "--caller", "0555 111 22 33", "--yes", "--by", "officer")
    assert done.returncode == 0, done.stderr
    assert CALLER[1:] not in done.stdout + done.stderr
    audit = json.loads(next(line for line in done.stderr.splitlines() if line.startswith('{"audit"')))
    assert (audit["by"], set(audit["calls"])) == ("officer", scene.ids)
    certificate: dict[str, Any] = json.loads(done.stdout)
    assert (certificate["complete"], certificate["caller"]) == (True, scene.call["caller"])
    calls = {one["call_id"]: one for one in certificate["calls"]}
    call, failed = calls[scene.call["call_id"]], calls[scene.failed["call_id"]]
    assert (call["document"], failed["document"], len(failed["dead_letters"])) == (True, True, 1)
    assert (call["labels"], failed["labels"]) == (1, 0)
    assert {name.split("/")[0] for name in call["files"]} == {"recordings", "prepared", "turns"}
    return certificate


def nothing_is_left(scene: Scene, kept: set[str]) -> None:
    """Look everywhere for the caller, for quotes and for identifiers."""
    found = scene.places()
    memories = [one for one in scene.documents() if one["_id"] in scene.ids]
    assert [set(one) for one in memories] == [{"_id", "forgotten_at"}] * 2
    personal = {CALLER[1:], scene.call["caller"], *scene.quotes}
    assert sorted(str(one["note"]) for one in scene.labels()) == ["NOTE", "None"]
    # The memory that they are forgotten has the identifiers, and so have the marks of their dead letters.
    memory = {"collection", FORGOTTEN.name, REPLAYS.name}
    for place in found.keys() - kept:
        traces = personal if place in memory else personal | scene.ids
        assert [trace for trace in traces if trace in found[place]] == [], place
    assert all(scene.other["call_id"] in found[place] for place in ("collection", OUTCOMES.name))
    kept_audio = {path.name.split("-")[0] for path in (scene.up.home / "audio" / "prepared").iterdir()}
    assert len(kept_audio) == 1, "of the other call, its audio and its waveform"


def test_a_call_on_hold_is_not_forgotten_and_nothing_changes(scene: Scene) -> None:
    call_id = scene.call["call_id"]
    assert scene.up.run("hold", "--call", call_id, "--reason", "court order 7").returncode == 0
    before = scene.places()
    refused = scene.up.run("forget", "--caller", CALLER, "--yes")
    assert refused.returncode == 1
    assert f"{call_id} (court order 7)" in refused.stderr
    assert scene.places() == before
    assert scene.up.run("hold", "--call", call_id, "--release").returncode == 0
    assert scene.up.run("forget", "--call", call_id, "--yes").returncode == 0
    assert scene.up.run("hold", "--call", call_id, "--reason", "too late").returncode == 1
