"""A day of a PBX's call records with seeded gaps: ``callsift reconcile`` names each, and ``--emit`` mends it."""

import asyncio
import json
import os
import random
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from callsift.embedded import EmbeddedStore
from schemas import CallEnded, Forgotten
from store.calls import OutcomeStore
from store.database import Database
from store.settings import StoreSettings
from streams.kafka import TopicReader, produce
from streams.settings import KafkaSettings
from streams.topics import ENDED, FORGOTTEN
from tests.callsift import terminal
from tests.schemas.examples import call_ended
from tests.sources.asterisk.test_cdr import FREEPBX
from tests.store.outcomes import done, failed, unrecorded

CALLS = 120
STATES = (
    "arrived",
    "failed",
    "missing",
    "late",  # its event is on the topic, its outcome is not yet there
    "without_recording",
    "never_answered",
    "lost_arrived",
    "internal",
    "by_file",
    "by_twin",  # two recordings; the watched folder knew it by the second
)


def rows(linked: str, began: datetime, kind: str) -> Iterator[str]:
    """Yield the rows of one call: each telephone that rang has one, a transfer another, and what runs afterwards."""
    local = (began + timedelta(hours=3)).strftime("%Y-%m-%d %H:%M:%S")
    answered = kind not in {"never_answered", "lost_arrived"}
    trunk = "PJSIP/201-1" if kind == "internal" else "PJSIP/operator-1"
    name = f"in-600-05321234567-x-{linked}.wav" if answered and kind != "without_recording" else ""
    ends = [("NO ANSWER", 0), ("ANSWERED" if answered else "NO ANSWER", 42), *([("ANSWERED", 9)] if answered else [])]
    for number, (how, talk) in enumerate(ends):
        if number == len(ends) - 1 and kind == "by_twin":
            name = f"twin-of-{linked}.wav"
        yield (
            f'{local},"Ayşe",05321234567,600,c,{trunk},PJSIP/20{number}-2,Dial,x,{talk + 3},{talk},{how},3,,'
            f"{linked},,,,,,,,{name},{linked},,{number}"
        )
    yield f'{local},"Ayşe",05321234567,h,c,{trunk},,NoOp,x,0,0,ANSWERED,3,,{linked},,,,,,,,{name},{linked},,9'


def a_day(path: Path) -> dict[str, str]:
    """Write a day of records; returns what became of each call, by its Linkedid."""
    chance, began = random.Random(7), datetime(2026, 11, 27, 6, tzinfo=UTC)
    became: dict[str, str] = {}
    lines: list[str] = []
    for number in range(CALLS):
        moment = began + timedelta(minutes=number)
        linked = f"{moment.timestamp():.0f}.{number}"
        became[linked] = STATES[number] if number < len(STATES) else chance.choice(STATES)
        lines += rows(linked, moment, became[linked])
    chance.shuffle(lines)  # rows of calls that went on at the same time stand between each other
    path.write_text("\n".join([FREEPBX, *lines]), encoding="utf-8")
    return became


@pytest.fixture(scope="module")
def mongo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    running = EmbeddedStore(tmp_path_factory.mktemp("store"))
    yield running.uri
    running.stop()


async def put(uri: str, became: dict[str, str]) -> None:
    with closing(Database(StoreSettings(uri=SecretStr(uri)))) as database:
        store = OutcomeStore(database)
        for linked, state in became.items():
            outcome = {
                "arrived": lambda one: done(one, one),
                "failed": lambda one: failed(one, one),
                "lost_arrived": lambda one: unrecorded(one, call_id=one),
                "by_file": lambda one: done(one, f"in-600-05321234567-x-{one}"),
                "by_twin": lambda one: done(one, f"twin-of-{one}"),
            }.get(state)
            if outcome is not None:
                await store.save(outcome(linked))


def ended(linked: str) -> bytes:
    return call_ended().model_copy(update={"call_id": linked, "event_id": linked}).model_dump_json().encode()


@pytest.mark.integration
def test_every_gap_of_a_day_is_named_and_mended(real_kafka: KafkaSettings, mongo: str, tmp_path: Path) -> None:
    cdr = tmp_path / "cdr.csv"
    became = a_day(cdr)
    asyncio.run(put(mongo, became))
    late = {linked for linked, state in became.items() if state == "late"}
    produce(real_kafka, ENDED.name, [(linked, ended(linked)) for linked in late])
    variables = {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "CALLSIFT_HOME": str(tmp_path / "home"),
        "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": real_kafka.bootstrap_servers,
        "CALLSIFT_KAFKA_PREFIX": real_kafka.prefix,
        "CALLSIFT_MONGO_URI": mongo,
    }
    command = ["reconcile", str(cdr), "--time-zone", "Europe/Istanbul", "--trunk", "PJSIP/operator", "--json"]
    first = terminal.run(variables, *command)
    found = {line["linkedid"]: line for line in map(json.loads, first.stdout.splitlines())}
    named = {"failed", "missing", "without_recording", "never_answered"}
    assert {linked: line["state"] for linked, line in found.items()} == {
        linked: "on_the_way" if state == "late" else state
        for linked, state in became.items()
        if state in named | {"late"}
    }
    assert first.returncode == 1
    assert "0532" not in first.stdout + first.stderr

    where = "file:///mnt/%Y/%m/%d"
    second = terminal.run(variables, *command, "--emit", "--recordings", where)
    missing = {linked for linked, state in became.items() if state == "missing"}
    reader = TopicReader(real_kafka, ENDED.name, from_start=True)
    events = [CallEnded.model_validate_json(value) for value in reader.up_to_now()]
    reader.close()
    assert sorted(event.call_id for event in events) == sorted(missing | late), "each that was missing, once"
    events = [event for event in events if event.call_id in missing]
    for event in events:
        assert event.recording is not None
        assert event.recording.uris[0].startswith("file:///mnt/2026/11/27/in-600-05321234567-x-")
        assert event.started_at == datetime.fromtimestamp(float(event.call_id.partition(".")[0]), UTC)
    assert second.returncode == 1, "calls that failed are still there"

    [gone, *_] = sorted(missing)
    mark = Forgotten(call_id=gone, forgotten_at=datetime.now(UTC), by="test")
    produce(real_kafka, FORGOTTEN.name, [(gone, mark.model_dump_json().encode())])
    third = terminal.run(variables, *command)
    again = {line["linkedid"]: line["state"] for line in map(json.loads, third.stdout.splitlines())}
    assert {linked for linked, state in again.items() if state == "on_the_way"} == (missing | late) - {gone}
    assert "missing" not in again.values()
    assert gone not in again, "nobody brings back what was forgotten"

    fourth = terminal.run(variables | {"CALLSIFT_RETENTION_DOCUMENTS_DAYS": "0.001"}, *command)
    assert (fourth.returncode, fourth.stdout) == (0, ""), "what retention removed is not missing"
