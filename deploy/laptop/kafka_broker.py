"""One Kafka broker as a child process: started, killed, frozen, started again."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.laptop.kafka_jars import archive, jars, java
from deploy.laptop.kafka_properties import JAVA_FLAGS, PLAINTEXT
from streams.errors import CallsiftError

START_LIMIT_S = 60.0
_STOP_LIMIT_S = 15.0


def command(java_path: str, *flags: str) -> list[str]:
    """Return how a class of Kafka's is run; its name and arguments follow.

    Raises:
        CannotRunKafka: The jars are not there and cannot be fetched.
    """
    return [java_path, *JAVA_FLAGS, *flags, "-cp", ":".join(map(str, jars()))]


class Broker:
    """One broker: a Java process with ports and a folder that outlive it."""

    def __init__(self, node: int, ports: Mapping[str, int], folder: Path) -> None:
        """Describe it; ``Cluster`` writes its properties and starts it."""
        self.node = node
        self.ports = ports
        """Port of each listener by its name: PLAINTEXT and CONTROLLER, with security also SASL_SSL and SSL."""
        self.folder = folder
        self.log = folder / "broker.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._draft: tuple[Path, Path] | None = None
        self._guardian: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Whether its process is there, frozen or not."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process; it must be running."""
        assert self._process is not None, "the broker was never started"
        return self._process.pid

    def start(self) -> None:
        """Start it, without waiting for it."""
        if self.is_running:
            return
        if self._process is not None:  # it ended without being asked
            self._bury()
        path, digest = java()
        shared = archive(digest)
        # The first broker that ends by itself leaves the archive of its classes behind, for all that come later.
        draft = shared.with_name(f".{shared.name}.{os.getpid()}-{id(self)}")
        sharing = f"-XX:SharedArchiveFile={shared}" if shared.exists() else f"-XX:ArchiveClassesAtExit={draft}"
        self._draft = None if shared.exists() else (draft, shared)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command(path, sharing), "kafka.Kafka", str(self.folder / "server.properties")],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C is for the process that started it
            )
        # Reads a pipe that closes when this process is gone, and then takes the broker along.
        self._guardian = subprocess.Popen(
            ["/bin/sh", "-c", 'read -r _ || kill -9 "$0"', str(self._process.pid)],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait_until_ready(self, timeout_s: float = START_LIMIT_S) -> None:
        """Return when it has joined the cluster and answers clients.

        Raises:
            CallsiftError: It ended, or is not ready within ``timeout_s`` seconds.
        """
        deadline = time.monotonic() + timeout_s
        address = f"127.0.0.1:{self.ports[PLAINTEXT]}"
        settings: dict[str, Any] = {"bootstrap.servers": address, "log_level": 0, "reconnect.backoff.ms": 20}
        client = AdminClient(settings | {"reconnect.backoff.max.ms": 50})
        while time.monotonic() < deadline:
            if not self.is_running:
                break
            with suppress(KafkaException):
                found = client.list_topics(timeout=1)
                if self.node in found.brokers and found.controller_id != -1:
                    return
            time.sleep(0.02)
        raise CallsiftError(f"broker {self.node} is not ready", f"Read {self.log}")

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL), also when it is frozen."""
        if self._process is not None:
            self._process.kill()
            self._bury()

    def ask_to_stop(self) -> None:
        """Ask it to end, without waiting for it (SIGTERM)."""
        self.thaw()
        self._signal(signal.SIGTERM)

    def stop(self, timeout_s: float = _STOP_LIMIT_S) -> None:
        """Let it end by itself, handing its partitions on; kill it after ``timeout_s`` seconds."""
        if self._process is None:
            return
        self.ask_to_stop()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._bury()

    def freeze(self) -> None:
        """Stop it in its tracks (SIGSTOP): its connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on after ``freeze``."""
        self._signal(signal.SIGCONT)

    def restart(self) -> None:
        """Start it again on its ports and data, after ``kill`` or ``stop``, and wait until it is ready.

        Raises:
            CallsiftError: It does not come back.
        """
        self.start()
        self.wait_until_ready()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _bury(self) -> None:
        assert self._process is not None
        assert self._guardian is not None
        ended = self._process.wait()
        with suppress(BrokenPipeError):
            self._guardian.communicate(b"\n")  # it may go, without killing whoever has the number next
        self._process = self._guardian = None
        if self._draft is not None:
            draft, shared = self._draft
            if draft.exists() and ended in {0, 128 + signal.SIGTERM, -signal.SIGTERM}:
                draft.replace(shared)
            draft.unlink(missing_ok=True)
