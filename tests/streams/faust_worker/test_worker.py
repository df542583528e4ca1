"""Workers on a real Kafka: what no fake can show."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from callsift.calls import call_ended, emit
from schemas import AudioReady, DeadLetter, OneFile
from streams.faust_worker.watchdog import EXIT_STALLED
from streams.kafka import TopicReader, produce
from streams.kafka.lag import consumer_lag
from streams.settings import KafkaSettings
from streams.topics import AUDIO, DEAD_LETTER, ENDED
from tests.patience import PATIENCE_S
from tests.streams.stuck_worker import SAID, keep_what_was_said

pytestmark = pytest.mark.integration


@contextmanager
def worker(kafka: KafkaSettings, log: Path, *command: str, **variables: str) -> Iterator["subprocess.Popen[bytes]"]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("CALLSIFT_")}
    settings = {
        "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "CALLSIFT_KAFKA_PREFIX": kafka.prefix,
        "CALLSIFT_KAFKA_SESSION_TIMEOUT_S": "3",
        "CALLSIFT_HTTP_PORT": "0",
        **variables,
    }
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], env=own | settings, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def send(kafka: KafkaSettings, *call_ids: str) -> None:
    emit(kafka, [call_ended(call_id, OneFile(uri="file:///precomputed.wav")) for call_id in call_ids])


def arrived(kafka: KafkaSettings, *call_ids: str, within_s: float = 60) -> list[str]:
    """Wait until all of some calls are on the audio stage's topic, and return every arrival."""
    reader = TopicReader(kafka, AUDIO.name, from_start=True)
    found: list[str] = []
    for value in reader.values(within_s):
        found.append(AudioReady.model_validate_json(value).call_id)
        if set(call_ids) <= set(found):
            break
    reader.close()
    assert set(call_ids) <= set(found)
    return found


def wait_until_committed(kafka: KafkaSettings, within_s: float = 30) -> None:
    partitions = [(f"{kafka.prefix}calls.ended", number) for number in range(12)]
    deadline = time.monotonic() + within_s
    while consumer_lag(kafka, f"{kafka.prefix}callsift.audio", partitions):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_events_that_faust_throws_away_before_the_first_commit_come_again(
    real_kafka: KafkaSettings, tmp_path: Path
) -> None:
    calls = [f"call-{number}" for number in range(40)]
    send(real_kafka, *calls)
    with worker(real_kafka, tmp_path / "worker.log", "tests.streams.forgetful_worker"):
        arrived(real_kafka, *calls)


@pytest.mark.slow  # make test-slow
def test_a_consumer_that_silently_stopped_is_ended_with_all_its_stacks_and_its_successor_loses_nothing(
    real_kafka: KafkaSettings, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    calls = [f"call-{number}" for number in range(20)]
    with worker(real_kafka, log, "tests.streams.stuck_worker", CALLSIFT_RUNNER_STALL_LIMIT_S="2") as stuck:
        send(real_kafka, "first")
        arrived(real_kafka, "first")
        send(real_kafka, *calls)
        assert stuck.wait(PATIENCE_S) == EXIT_STALLED, log.read_text()
    said = log.read_text()
    assert "worker is stuck" in said
    assert f"in {keep_what_was_said.__name__}" in said  # a thread that is not the watchdog's own
    assert "in run_forever" in said  # the event loop's
    assert SAID not in said
    with worker(real_kafka, log, "tests.chaos.worker", "audio"):
        arrived(real_kafka, *calls)


def test_while_a_worker_joins_and_another_ends_nothing_comes_twice(real_kafka: KafkaSettings, tmp_path: Path) -> None:
    log, later = tmp_path / "worker.log", tmp_path / "later.log"
    calls = ["call-0"]
    seldom = {"CALLSIFT_KAFKA_COMMIT_INTERVAL_S": "60"}  # what is done comes again unless it is committed on purpose
    with worker(real_kafka, log, "tests.chaos.worker", "audio", **seldom) as first:
        send(real_kafka, *calls)
        arrived(real_kafka, *calls)
        with worker(real_kafka, later, "tests.chaos.worker", "audio"):
            deadline = time.monotonic() + PATIENCE_S
            while "finished" not in later.read_text():  # its partitions were the first one's, with work in flight
                assert time.monotonic() < deadline, log.read_text() + later.read_text()
                calls += [f"call-{len(calls) + number}" for number in range(8)]
                send(real_kafka, *calls[-8:])
                time.sleep(0.1)  # about as fast as a worker takes them
            first.send_signal(signal.SIGTERM)
            assert first.wait(PATIENCE_S) == 0, log.read_text()
            arrived(real_kafka, *calls)
            wait_until_committed(real_kafka)
    reader = TopicReader(real_kafka, AUDIO.name, from_start=True)
    everything = [AudioReady.model_validate_json(value).call_id for value in reader.up_to_now()]
    reader.close()
    assert sorted(everything) == sorted(calls)


def test_native_code_that_crashes_or_hangs_on_a_call_costs_that_call_alone(
    real_kafka: KafkaSettings, tmp_path: Path
) -> None:
    calls = [f"call-{number}" for number in range(20)]
    with worker(real_kafka, tmp_path / "worker.log", "tests.streams.fragile_worker"):
        send(real_kafka, *calls[:10], "crash", "hang", *calls[10:])
        arrived(real_kafka, *calls)
        letters = {letter.call_id: letter for letter in dead_letters(real_kafka, 2)}
    assert set(letters) == {"crash", "hang"}
    assert {letter.error_type for letter in letters.values()} == {"NativeCodeDied"}
    assert [letter.attempts for letter in letters.values()] == [2, 2]
    assert "exit code" in letters["crash"].message
    assert "no result within" in letters["hang"].message


def test_a_message_as_large_as_kafka_takes_is_kept_whole_in_its_dead_letter(
    real_kafka: KafkaSettings, tmp_path: Path
) -> None:
    large = b"x" * 1_000_000
    with worker(real_kafka, tmp_path / "worker.log", "tests.chaos.worker", "audio"):
        produce(real_kafka, ENDED.name, [("large", large)])
        [letter] = dead_letters(real_kafka, 1)
    assert (letter.call_id, letter.value) == ("large", large)


def dead_letters(kafka: KafkaSettings, count: int) -> list[DeadLetter]:
    reader = TopicReader(kafka, DEAD_LETTER.name, from_start=True)
    found: list[DeadLetter] = []
    for value in reader.values(timeout_s=PATIENCE_S):
        found.append(DeadLetter.model_validate_json(value, strict=True))
        if len(found) == count:
            break
    reader.close()
    return found
