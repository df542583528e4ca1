"""The supervisor of ``callsift up``: embedded services and one process of each worker, ended together."""

import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.settings import ApiSettings
from callsift.demo_files import DEMO_MODEL
from callsift.embedded import EMBEDDED_FETCH_WAIT_S, EmbeddedBroker, EmbeddedStore, free_port
from callsift.forwarding import forwarded
from callsift.running import Running
from callsift.worker import ALL_WORKERS, API, MONITOR, OPERATIONS, REPROCESS, RETRY, WEBHOOKS
from callsift.worker_process import WorkerProcess, prepare_workers
from streams.errors import CallsiftError
from streams.settings import KafkaSettings, address_and_port

_READY_LIMIT_S = 120.0
_WORKER_GRACE_S = 30.0
HELPERS = (REPROCESS, RETRY, MONITOR, OPERATIONS, WEBHOOKS, API)
"""Those that no call on its way passes through; what is sent to them waits meanwhile."""
_REFUSED = 2
"""The exit code of who does not start with these settings: it would not start again either."""
_PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
_STEADY_S = 300.0
"""A helper that has run for so long does not count as one that ends again and again."""


@dataclass
class _Worker:
    """One place for a worker process."""

    port: int
    """Where the process serves its health."""
    process: WorkerProcess
    started_s: float
    """When it was started, by the monotonic clock."""
    pause: int = -1
    """Which of the pauses was the last one."""
    again_s: float | None = None
    """When it is started again; None: it has not ended."""


class Pipeline:
    """One worker per stage, the retry mover, the monitor and the API, and where they listen."""

    def __init__(self, environment: dict[str, str], kafka: KafkaSettings, write_line: Callable[[str], None]) -> None:
        """Start nothing yet; the workers' log lines go to ``write_line``, with the stage in front."""
        self.environment = environment
        """The variables that lead to its broker, its store and its audio."""
        self.kafka = kafka
        """Where its broker is, for whoever sends calls."""
        self._write_line = write_line
        self._workers: dict[str, _Worker] = {}

    def start(self) -> None:
        """Start the workers."""
        for stage in (*ALL_WORKERS, API):
            port = free_port()
            self._workers[stage] = _Worker(port, self._start(stage, port), time.monotonic())

    @property
    def health(self) -> dict[str, str]:
        """Where each worker serves its health."""
        return {stage: f"http://127.0.0.1:{worker.port}" for stage, worker in self._workers.items()}

    def _start(self, stage: str, port: int) -> WorkerProcess:
        worker = WorkerProcess(stage, {**os.environ, **self.environment, "CALLSIFT_HTTP_PORT": f"127.0.0.1:{port}"})
        threading.Thread(target=self._forward, args=(stage, worker), daemon=True).start()
        return worker

    def _forward(self, stage: str, worker: WorkerProcess) -> None:
        for line in worker.lines():
            self._write_line(f"{stage:<10} {line}")

    def wait_until_ready(self) -> None:
        """Return when every worker has its partitions.

        Raises:
            CallsiftError: A stage ended instead, or a helper that refuses its settings; or one is not ready in time.
        """
        deadline = time.monotonic() + _READY_LIMIT_S
        waiting = set(self.health)
        while waiting:
            self.check()
            waiting = {stage for stage in waiting if not answers(f"{self.health[stage]}/health/ready")}
            if waiting and time.monotonic() > deadline:
                raise CallsiftError(f"not ready: {', '.join(sorted(waiting))}", "Read the workers' log lines above")
            time.sleep(0.1)

    def check(self) -> None:
        """Raise CallsiftError if a stage has ended; start a helper that has ended again, and say so.

        Calls would wait for a stage without anybody seeing it; they do not wait for a helper.
        """
        for name, worker in self._workers.items():
            if (code := worker.process.exit_code) is None:
                continue
            if name not in HELPERS or code == _REFUSED:
                raise CallsiftError(f"the {name} worker ended with exit code {code}", "Read its log lines above")
            self._start_again(name, worker, code)

    def _start_again(self, name: str, worker: _Worker, code: int) -> None:
        """Plan the start of a helper that has ended, or start it when its pause is over."""
        now_s = time.monotonic()
        if worker.again_s is None:
            steady = now_s - worker.started_s >= _STEADY_S
            worker.pause = 0 if steady else min(worker.pause + 1, len(_PAUSES_S) - 1)
            pause_s = _PAUSES_S[worker.pause]
            worker.again_s = now_s + pause_s
            self._write_line(
                f"{name:<10} CRITICAL the {name} worker ended with exit code {code}; "
                f"it starts again in {pause_s:.0f} s, the stages go on"
            )
        elif now_s >= worker.again_s:
            worker.process, worker.started_s, worker.again_s = self._start(name, worker.port), now_s, None

    def stop(self) -> None:
        """End the workers together, each with its grace."""
        for worker in self._workers.values():
            worker.process.terminate()
        for worker in self._workers.values():
            worker.process.end(_WORKER_GRACE_S)


@dataclass(frozen=True)
class Ports:
    """Ports of this machine for what the environment does not name; where one is taken, the next free one."""

    kafka: int = 0
    """0, here and below: any port."""
    store: int = 0
    api: int = 0


USUAL = Ports(kafka=9092, store=27017, api=address_and_port(ApiSettings.model_fields["listen"].default)[1])
"""Those that everybody's own programs look at."""


@contextmanager
def pipeline(home: Path, write_line: Callable[[str], None], ports: Ports | None = None) -> Iterator[Pipeline]:
    """Run the whole pipeline, ready to take calls, with its data in ``home``.

    A broker, a store, an audio store or a speech model that the environment names is used; what it does not name is
    embedded, and listens on ``ports`` of this machine; None: on any.
    """
    ports = ports or Ports()
    kafka = KafkaSettings.read()
    prepare_workers()
    with ExitStack() as stack:
        environment = {
            "CALLSIFT_AUDIO_STORE_URI": os.environ.get("CALLSIFT_AUDIO_STORE_URI") or (home / "audio").as_uri(),
            "CALLSIFT_VOSK_MODEL": os.environ.get("CALLSIFT_VOSK_MODEL") or str(DEMO_MODEL),
        }
        audio = environment["CALLSIFT_AUDIO_STORE_URI"]  # where `callsift emit` puts recordings
        roots = audio.removeprefix("file://") if audio.startswith("file://") else ""
        if not (servers := os.environ.get("CALLSIFT_KAFKA_BOOTSTRAP_SERVERS")):
            broker = EmbeddedBroker(kafka.prefix)
            stack.callback(lambda: broker)  # keeps it alive until the workers are gone
            servers = broker.bootstrap_servers
            if ports.kafka:
                servers = stack.enter_context(forwarded(address_and_port(servers), ports.kafka))
            roots = "/"  # all events come from this machine, which is one person's
            wait = KafkaSettings.variable("fetch_wait_s")
            environment[wait] = os.environ.get(wait) or str(EMBEDDED_FETCH_WAIT_S)
        environment["CALLSIFT_KAFKA_BOOTSTRAP_SERVERS"] = servers
        environment["CALLSIFT_FETCH_FILE_ROOTS"] = os.environ.get("CALLSIFT_FETCH_FILE_ROOTS") or roots
        if not (uri := os.environ.get("CALLSIFT_MONGO_URI")):
            store = EmbeddedStore(home / "store", free_port(ports.store))
            stack.callback(store.stop)
            uri = store.uri
        environment["CALLSIFT_MONGO_URI"] = uri
        environment["CALLSIFT_API_LISTEN"] = os.environ.get("CALLSIFT_API_LISTEN") or any_address(ports.api)
        workers = Pipeline(environment, kafka.model_copy(update={"bootstrap_servers": servers}), write_line)
        stack.callback(workers.stop)
        workers.start()
        workers.wait_until_ready()
        yield workers


def any_address(port: int = 0) -> str:
    """Return an address of this machine at which nobody listens; with that port or one of the next, if given."""
    return f"127.0.0.1:{free_port(port)}"


def announce(workers: Pipeline) -> None:
    """Write the state file, so that other terminals find this pipeline."""
    Running(pid=os.getpid(), environment=workers.environment, health=workers.health).write()


def answers(address: str) -> bool:
    """Tell whether an address on this machine answers 200 within a second."""
    try:
        with urllib.request.urlopen(address, timeout=1) as response:  # noqa: S310 - an address of our own
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
