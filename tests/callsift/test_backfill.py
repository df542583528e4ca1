"""``callsift backfill``: how many go at once, and a run that is killed again and again beside live calls."""

import json
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from callsift.backfill.pace import PER_WORKER, Choice, Pace
from callsift.demo_files import RECORDINGS
from schemas import CallEnded, CallOutcome
from sources.archive import OldCall
from sources.archive.old_call import of_content
from streams.kafka import TopicReader
from streams.monitor.status import DeadLetterStatus, GroupStatus, PartitionStatus, Status
from streams.settings import KafkaSettings
from streams.topics import ENDED, OUTCOMES, PIPELINE
from tests.callsift.conftest import Up
from tests.patience import PATIENCE_S

RECORDING = RECORDINGS / "wrong-number.mp3"
CALLS, KILLS = 14, 3
LATENCY = "callsift_call_duration_until_outcome_seconds"


def status(members: int | None, **lags: int) -> Status:
    """What the brokers say of a pipeline with so many workers that transcribe, and so much waiting."""
    groups = []
    for name in PIPELINE:
        part = PartitionStatus("calls.any", 0, 0, lags.get(name, 0), lags.get(name, 0), None)
        groups.append(GroupStatus(name, f"callsift.{name}", members if name == "transcribe" else 1, (part,)))
    return Status(datetime.now(UTC), tuple(groups), (), DeadLetterStatus(0, 0))


def old(ended_at: str) -> OldCall:
    return of_content("row 1", {"call_id": "1", "ended_at": ended_at, "recording": {"uri": "file:///1.wav"}})


@pytest.mark.parametrize(
    ("members", "limit"), [(None, PER_WORKER), (0, PER_WORKER), (1, PER_WORKER), (4, 4 * PER_WORKER)]
)
def test_more_workers_take_more_calls(members: int | None, limit: int) -> None:
    pace = Pace(None)
    pace.look(status(members), own=0)
    assert pace.limit == limit


def test_no_old_call_goes_while_live_ones_wait_and_own_calls_are_no_live_ones() -> None:
    pace = Pace(10)
    pace.look(status(1, transcribe=20), own=10)
    assert (pace.held, pace.room(0, 10)) == (False, 10)
    pace.look(status(1, transcribe=21), own=10)
    assert (pace.held, pace.room(0, 10)) == (True, 0)
    pace.look(status(1, audio=11), own=0)
    assert pace.held, "any stage counts"
    pace.look(status(1), own=0)
    assert pace.room(9, 0) == 1


def test_calls_are_sent_as_others_end_and_not_as_one_burst() -> None:
    pace = Pace(100)
    rooms, under_way = [], 0
    for _ in range(5):
        rooms.append(pace.room(under_way, 0))
        under_way += rooms[-1]
    assert rooms == [4] * 5
    assert pace.room(50, 40) == 44
    assert pace.room(120, 0) == 0


def test_a_span_of_time_includes_its_beginning_and_not_its_end() -> None:
    choice = Choice(since=datetime(2025, 1, 1, tzinfo=UTC), until=datetime(2025, 1, 2, tzinfo=UTC))
    chosen = [choice.has(old(at)) for at in ("2024-12-31T23:59:59Z", "2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z")]
    assert chosen == [False, True, False]
    assert choice.has(old("yesterday")), "what cannot be read is refused by name, not passed over"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Calls that an Istanbul PBX had a year ago, one of them without a recording, one that nobody can read."""
    path = tmp_path / "old.jsonl"
    lines = []
    for number in range(CALLS):
        call: dict[str, Any] = {"call_id": f"old-{number}", "ended_at": f"2025-01-01T00:{number:02}:00+03:00"}
        call |= {"recording": {"uri": RECORDING.as_uri()}} if number else {"recording": None, "disposition": "missed"}
        lines.append(json.dumps(call))
    path.write_text("\n".join([*lines, lines[1], "{"]) + "\n", encoding="utf-8")
    return path


def values(up: Up, topic: str) -> Iterator[bytes]:
    kafka = KafkaSettings(bootstrap_servers=up.state["environment"]["CALLSIFT_KAFKA_BOOTSTRAP_SERVERS"])
    with closing(TopicReader(kafka, topic, from_start=True)) as reader:
        yield from reader.up_to_now()


def latencies(up: Up) -> float:
    """How many calls the sink has counted in its figure of latency."""
    with urllib.request.urlopen(f"{up.state['health']['sink']}/metrics", timeout=PATIENCE_S) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith(f"{LATENCY}_count"))


@pytest.mark.slow  # make test-slow
@pytest.mark.integration
def test_a_backfill_that_is_killed_again_and_again_loses_no_call_and_sends_none_twice(up: Up, archive: Path) -> None:
    chance = random.Random(8)
    command = [sys.executable, "-m", "callsift", "backfill", str(archive), "--json", "--in-flight", "3"]
    counted = latencies(up)
    for _ in range(KILLS):
        before = sum(b"old-" in value for value in values(up, ENDED.name))
        process = subprocess.Popen(command, env=up.variables, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE_S
        while sum(b"old-" in value for value in values(up, ENDED.name)) == before and process.poll() is None:
            assert time.monotonic() < deadline
        time.sleep(chance.uniform(0, 1.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
    live = up.emit(RECORDING)
    ended = subprocess.run(command, env=up.variables, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert ended.returncode == 1, "one of them cannot be read"
    told = json.loads(ended.stdout)
    assert told["refused"] == 1
    assert [reason.partition(":")[0] for reason in told["reasons"]] == [f"line {CALLS + 2}"]
    sent = [CallEnded.model_validate_json(value) for value in values(up, ENDED.name) if b"old-" in value]
    assert Counter(call.call_id for call in sent) == Counter({f"old-{number}": 1 for number in range(CALLS)})
    assert {call.lane for call in sent} == {"backfill"}
    outcomes = [CallOutcome.model_validate_json(value) for value in values(up, OUTCOMES.name) if b"old-" in value]
    assert sorted(outcome.call_id for outcome in outcomes) == sorted(f"old-{number}" for number in range(CALLS))
    assert Counter(outcome.state for outcome in outcomes) == {"done": CALLS - 1, "unrecorded": 1}
    assert {outcome.lane for outcome in outcomes} == {"backfill"}
    assert live[0]["lane"] == "live"
    assert latencies(up) == counted + 1, "a call of the archive counts as late"

    again = up.run("backfill", str(archive), "--json")
    assert (json.loads(again.stdout)["sent"], json.loads(again.stdout)["known"]) == (0, CALLS + 1)


@pytest.mark.integration
def test_a_dry_run_sends_nothing_and_counts_hours(up: Up, tmp_path: Path) -> None:
    path = tmp_path / "dry.jsonl"
    call = {"started_at": "2025-02-01T00:00:00Z", "ended_at": "2025-02-01T00:30:00Z", "recording": {"uri": "s3://b/1"}}
    path.write_text("".join(json.dumps(call | {"call_id": f"dry-{n}"}) + "\n" for n in range(4)), encoding="utf-8")
    ended = up.run("backfill", str(path), "--dry-run", "--json", "--limit", "3", "--rate", "1")
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert (told["calls"], told["recorded_hours"], told["unknown_length"]) == (3, 1.5, 0)
    assert told["cpu_hours"] == pytest.approx(1.5 * (0.0019 + 1.08 * 0.15))
    assert told["hours"] == pytest.approx(max(told["cpu_hours"] / told["processes"], 3 / 60))
    assert not any(b"dry-" in value for value in values(up, ENDED.name))
