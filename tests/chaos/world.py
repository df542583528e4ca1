"""What chaos happens to: brokers, a store, a model's service, and workers that are started again when they end."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from callsift.embedded import EmbeddedStore, end, free_port
from callsift.supervisor import answers
from callsift.worker import WORKERS
from deploy.laptop.kafka import Cluster, free_ports
from streams.kafka.topic_admin import create_topics
from streams.settings import KafkaSettings
from tests.servers.gemini import Reply, answered, failed, gemini_server, said

_MODEL_TIMEOUT_S = 2.0
_READY_LIMIT_S = 120.0
TERMINATION_GRACE_S = 55.0
"""What the chart gives a pod by default: the worker's own grace, what its watchdog adds, and a little."""


@dataclass
class Worker:
    """One place for a worker process."""

    stage: str
    process: "subprocess.Popen[bytes]"
    port: int
    """Where the process serves its health."""
    wanted: bool = True

    @property
    def is_ready(self) -> bool:
        """Whether it takes events."""
        return answers(f"http://127.0.0.1:{self.port}/health/ready")


@dataclass(frozen=True)
class End:
    """How a worker ended that was asked to."""

    stage: str
    seconds: float
    """From SIGTERM to its end."""
    exit_code: int


class World:
    """Everything that runs, and what can be done to it."""

    names: tuple[str, ...] = WORKERS
    """What there are workers of."""

    def __init__(
        self,
        folder: Path,
        *,
        brokers: int,
        seed: int,
        model_faults: float,
        session_timeout_s: float,
        retry_share: float = 0.0,
        workers_each: int = 1,
        quick_tries: int = 8,
    ) -> None:
        """Prepare.

        Args:
            folder: Where logs and data go.
            brokers: How many.
            seed: Decides which of the model's answers are faults.
            model_faults: The share of them that are.
            session_timeout_s: The workers' session time-out.
            retry_share: The share of the calls that fail once in transcribe, and go over a retry topic.
            workers_each: How many workers a stage has.
            quick_tries: Tries of a call before it goes to a retry topic.
        """
        self._folder = folder
        self._tried = folder / "tried"
        self._tried.mkdir(parents=True, exist_ok=True)
        self._stack = ExitStack()
        self._workers: list[Worker] = []
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._model_faults = model_faults
        self._workers_each = workers_each
        self._retry_share = retry_share
        self._quick_tries = quick_tries
        self._random = random.Random(seed)
        self._store_port = free_port()
        self.ended_unasked: list[str] = []
        """The workers that were started again, with their exit codes."""
        self.ends: list[End] = []
        """The workers that were replaced, in that order."""
        self.model_is_away = False
        """Whether the model's service answers nothing but 503."""
        self.cluster = Cluster(folder / "kafka", brokers=brokers)
        self.kafka = KafkaSettings(
            bootstrap_servers=self.cluster.bootstrap_servers,
            replication_factor=min(3, brokers),
            session_timeout_s=session_timeout_s,
        )
        self.store: EmbeddedStore

    @property
    def mongo_uri(self) -> str:
        """Where the store listens, also after a restart."""
        return f"mongodb://127.0.0.1:{self._store_port}"

    @property
    def questions(self) -> int:
        """How many requests the model's service got."""
        return len(self._gemini.received)

    def __enter__(self) -> Self:
        """Start everything and return when every worker takes events.

        Raises:
            TimeoutError: One does not in time; everything is ended.
        """
        try:
            self._start_everything()
        except BaseException:
            self._stack.close()
            raise
        return self

    def _start_everything(self) -> None:
        self._stack.enter_context(self.cluster)
        create_topics(self.kafka)
        self.start_store()
        self._stack.callback(self._stop_store)
        self._gemini = self._stack.enter_context(gemini_server())
        self._gemini.answer = self._model_answer
        self._stack.callback(self._end_workers)
        workers = [self.add(stage) for stage in self.names for _ in range(self._workers_each)]
        threading.Thread(target=self._keep_up, daemon=True).start()
        for worker in workers:
            self._wait_until_ready(worker)

    def __exit__(self, *_: object) -> None:
        """End everything."""
        self._stack.close()

    def start_store(self) -> None:
        """Start the store on its port and data."""
        self.store = EmbeddedStore(self._folder / "store", self._store_port)

    def _stop_store(self) -> None:
        self.store.stop()  # the one that runs by then

    def add(self, stage: str) -> Worker:
        """Start one more worker of a stage."""
        port = next(free_ports())
        with self._lock:
            worker = Worker(stage, self._start(stage, port), port)
            self._workers.append(worker)
            return worker

    def remove(self, stage: str) -> Worker:
        """Take one worker of a stage away, in order."""
        worker = self.one(stage)
        worker.wanted = False
        worker.process.terminate()
        return worker

    def replace(self, stage: str) -> None:
        """Replace the worker of a stage that has been there longest, as Kubernetes does with maxUnavailable 0."""
        self._wait_until_ready(self.add(stage))
        started = time.monotonic()
        worker = self.one(stage)
        worker.wanted = False
        end(worker.process, TERMINATION_GRACE_S)  # one SIGTERM: a second one may meet an interpreter that is at its end
        self.ends.append(End(stage, round(time.monotonic() - started, 1), worker.process.returncode))

    @staticmethod
    def _wait_until_ready(worker: Worker) -> None:
        deadline = time.monotonic() + _READY_LIMIT_S
        while not worker.is_ready:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {worker.stage} worker was ready in time, read its log")
            time.sleep(0.1)

    def one(self, stage: str) -> Worker:
        """Return the worker of a stage that has been there longest."""
        with self._lock:
            return next(worker for worker in self._workers if worker.stage == stage and worker.wanted)

    def _start(self, stage: str, port: int) -> "subprocess.Popen[bytes]":
        variables = {"CALLSIFT_HTTP_PORT": f"127.0.0.1:{port}", **self.variables(stage)}
        with (self._folder / f"{stage}.log").open("ab") as log:
            return subprocess.Popen(
                self.command(stage),
                env={**os.environ, **variables},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def command(self, stage: str) -> list[str]:
        """Return what a worker is started with."""
        return [sys.executable, "-m", "tests.chaos.worker", stage]

    def variables(self, stage: str) -> dict[str, str]:
        """Return what a worker's environment has besides."""
        return {
            "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": self.cluster.bootstrap_servers,
            "CALLSIFT_KAFKA_SESSION_TIMEOUT_S": str(self.kafka.session_timeout_s),
            "CALLSIFT_MONGO_URI": self.mongo_uri,
            "CALLSIFT_MONGO_TIMEOUT_S": "3",
            "CALLSIFT_GEMINI_API_KEY": "any",
            "CALLSIFT_CLASSIFY_GEMINI_ENDPOINT": self._gemini.address,
            "CALLSIFT_CLASSIFY_GEMINI_TIMEOUT_S": str(_MODEL_TIMEOUT_S),
            "CALLSIFT_RUNNER_QUICK_TRIES": str(1 if stage == "transcribe" else self._quick_tries),
            "CHAOS_RETRY_SHARE": str(self._retry_share),
            "CHAOS_TRIED": str(self._tried),
        }

    def _keep_up(self) -> None:
        """Start again what has ended, as Kubernetes would."""
        while not self._ending.wait(0.5):
            with self._lock:
                for worker in self._workers:
                    if worker.wanted and worker.process.poll() is not None:
                        self.ended_unasked.append(f"{worker.stage} ({worker.process.returncode})")
                        worker.process = self._start(worker.stage, worker.port)

    def _end_workers(self) -> None:
        self._ending.set()
        with self._lock:
            for worker in self._workers:
                worker.process.send_signal(signal.SIGCONT)
                worker.process.terminate()
            for worker in self._workers:
                end(worker.process, 40)

    def _model_answer(self) -> Reply:
        if self.model_is_away:
            return failed(503)
        if self._random.random() >= self._model_faults:
            return answered()
        faults = [failed(429), failed(500), Reply(b"", delay_s=_MODEL_TIMEOUT_S + 1), said("no JSON at all")]
        return self._random.choice(faults)
