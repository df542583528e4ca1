"""A real worker on a real Kafka, killed in the middle of a long call: its successor decodes only the rest."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from urllib.request import urlopen

import pytest

from agents.transcribe.core import spans_to_decode
from schemas import AudioReady, CallTranscribed
from streams.kafka import TopicReader, produce
from streams.payloads.claim_check import ClaimCheckStore
from streams.settings import KafkaSettings
from streams.topics import AUDIO, TRANSCRIPTS
from tests.agents.demo_calls import SPEECH_MODEL
from tests.agents.transcribe.prepared_calls import checkpoints, one_after_another
from tests.patience import PATIENCE_S


@contextmanager
def worker(kafka: KafkaSettings, store: Path, log: Path) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {name: value for name, value in os.environ.items() if not name.startswith("CALLSIFT_")}
    settings = {
        "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "CALLSIFT_KAFKA_PREFIX": kafka.prefix,
        "CALLSIFT_KAFKA_SESSION_TIMEOUT_S": "3",
        "CALLSIFT_HTTP_PORT": f"127.0.0.1:{port}",
        "CALLSIFT_AUDIO_STORE_URI": store.as_uri(),
        "CALLSIFT_VOSK_MODEL": str(SPEECH_MODEL),
        "CALLSIFT_TRANSCRIBE_PROCESSES": "2",
        "CALLSIFT_TRANSCRIBE_CHECKPOINT_S": "0.2",
    }
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "callsift", "worker", "transcribe"],
            env=own | settings,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process, port
    finally:
        process.kill()
        process.wait()


@pytest.mark.integration
def test_the_successor_of_a_killed_worker_decodes_only_the_rest(real_kafka: KafkaSettings, tmp_path: Path) -> None:
    store, log = ClaimCheckStore((tmp_path / "audio").as_uri()), tmp_path / "worker.log"
    call = one_after_another("leaking-washing-machine", 25, store)
    produce(real_kafka, AUDIO.name, [(call.call_id, call.model_dump_json().encode())])
    with worker(real_kafka, tmp_path / "audio", log) as (process, _):
        wait_until(lambda: checkpoints(store), log)
        assert process.poll() is None
    assert transcripts(real_kafka, 1.0) == []
    with worker(real_kafka, tmp_path / "audio", log) as (_, port):
        (transcript,) = transcripts(real_kafka, PATIENCE_S)
        metrics = urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
    resumed_s, decoded_s = counter(metrics, "resumed_seconds"), counter(metrics, "decoded_seconds")
    assert resumed_s > 0
    assert decoded_s > 0
    assert resumed_s + decoded_s == pytest.approx(seconds(call))
    assert transcript.call_id == call.call_id
    assert len(transcript.turns) > 100


def transcripts(kafka: KafkaSettings, within_s: float) -> list[CallTranscribed]:
    """Wait for the first transcript; empty: none came."""
    reader = TopicReader(kafka, TRANSCRIPTS.name, from_start=True)
    try:
        return [CallTranscribed.model_validate_json(value) for value in islice(reader.values(within_s), 1)]
    finally:
        reader.close()


def wait_until(condition: Callable[[], object], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
        time.sleep(0.02)


def counter(metrics: str, name: str) -> float:
    found = re.search(rf"^callsift_transcribe_{name}_total (\S+)$", metrics, re.MULTILINE)
    assert found
    return float(found[1])


def seconds(call: AudioReady) -> float:
    return sum(span.seconds for span in spans_to_decode(call, 0.2))
