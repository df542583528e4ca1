"""Real worker processes on embedded services: how long they take to be ready, and how much memory they need."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.processes import cpu_s, family, peak_mb
from benchmarks.speech.audio import Call
from callsift.calls import call_ended, emit_and_wait
from callsift.commands.progress import Steps
from callsift.demo_files import RECORDINGS
from callsift.demonstration import read_labels
from callsift.embedded import EmbeddedBroker, EmbeddedStore, end, free_port
from schemas import OneFile
from streams.settings import KafkaSettings
from streams.topics import STAGES

_READY_LIMIT_S = 120.0
_OUTCOME_LIMIT_S = 300.0
_GRACE_S = 30.0
_LOOK_EVERY_S = 0.02
STARTS = 3
"""How often each worker is started."""


class Site:
    """An embedded broker and store, and the workers that are started on them."""

    def __init__(self, folder: Path, model: Path) -> None:
        """Start the broker and the store, with their data in ``folder``; ``model`` is the speech model's folder."""
        self._model = model
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._broker = EmbeddedBroker()
        self._store = EmbeddedStore(folder / "documents")
        self.kafka = KafkaSettings(bootstrap_servers=self._broker.bootstrap_servers)

    @contextmanager
    def worker(self, stage: str) -> Iterator["Worker"]:
        """Run a worker for as long as the block runs."""
        port = free_port()
        variables = {
            "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "CALLSIFT_MONGO_URI": self._store.uri,
            "CALLSIFT_AUDIO_STORE_URI": (self._folder / "audio").as_uri(),
            "CALLSIFT_VOSK_MODEL": str(self._model),
            "CALLSIFT_FETCH_FILE_ROOTS": "/",
            "CALLSIFT_CLASSIFIER": "offline",
            "CALLSIFT_HTTP_PORT": f"127.0.0.1:{port}",
        }
        with (self._folder / f"{stage}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "callsift", "worker", stage],
                env={**os.environ, **variables},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            yield Worker(stage, process, port)
        finally:
            end(process, _GRACE_S)

    def stop(self) -> None:
        """End the store; the broker ends with this object."""
        self._store.stop()


class Worker:
    """A worker process."""

    def __init__(self, stage: str, process: "subprocess.Popen[bytes]", port: int) -> None:
        """Take note of a process that has just been started."""
        self.stage = stage
        self._process = process
        self._address = f"http://127.0.0.1:{port}/health/ready"
        self._began_s = time.monotonic()

    def wait_until_ready(self) -> float:
        """Return the seconds from its start until it is ready.

        Raises:
            SystemExit: It ended, or took too long.
        """
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() - self._began_s > _READY_LIMIT_S:
                raise SystemExit(f"the {self.stage} worker is not ready: keep the folder (--keep) and read its log")
            time.sleep(_LOOK_EVERY_S)
        return time.monotonic() - self._began_s

    @property
    def cpu_s(self) -> float:
        """CPU seconds of the worker and its children so far."""
        return cpu_s(self._process.pid)

    @property
    def peaks_mb(self) -> dict[str, float]:
        """The most memory that was resident so far: the worker's, all its children's, and the sum."""
        own, *children = map(peak_mb, family(self._process.pid))
        found = {"worker": own, "children": sum(children), "total": own + sum(children)}
        return {name: round(value, 1) for name, value in found.items()}

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(self._address, timeout=1) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def measure_load(folder: Path, model: Path, steps: Steps) -> dict[str, Any]:
    """Start each worker alone, several times, and return how long it took to be ready."""
    site = Site(folder, model)
    found: dict[str, Any] = {}
    try:
        for stage in STAGES:
            wall, cpu = [], []
            for _ in range(STARTS):
                with site.worker(stage) as worker:
                    wall.append(worker.wait_until_ready())
                    cpu.append(worker.cpu_s)
                steps.done(f"{stage} worker ready after {wall[-1]:.2f} s")
            found[stage] = {"ready_s": round(median(wall), 2), "cpu_s": round(median(cpu), 2)}
    finally:
        site.stop()
    return found


def measure_memory(folder: Path, model: Path, longest: Call, steps: Steps) -> dict[str, Any]:
    """Let real workers take every demo call and a long one, and return their peak memory before and after."""
    with ExitStack() as stack:
        site = Site(folder, model)
        stack.callback(site.stop)
        workers = [stack.enter_context(site.worker(stage)) for stage in STAGES]
        for worker in workers:
            worker.wait_until_ready()
        idle = _peaks(workers)
        steps.done("every worker is ready")
        events = [
            call_ended(f"memory-{call.name}", call.recording.moved(lambda name: (RECORDINGS / name).as_uri()))
            for call in read_labels()
        ]
        events.append(call_ended("memory-long", OneFile(uri=longest.recording.as_uri())))
        emit_and_wait(site.kafka, events, _OUTCOME_LIMIT_S, lambda _: None)
        steps.done(f"{len(events)} calls have outcomes")
        return {
            "calls": len(events),
            "longest_call_s": round(longest.seconds, 1),
            "idle_mb": idle,
            "working_mb": _peaks(workers),
        }


def _peaks(workers: Sequence[Worker]) -> dict[str, dict[str, float]]:
    return {worker.stage: worker.peaks_mb for worker in workers}
