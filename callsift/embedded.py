"""Embedded services for a laptop: a broker that speaks Kafka's protocol, and a store that speaks MongoDB's.

Neither is for production. The broker is librdkafka's mock cluster: real TCP, groups and rebalances, but in memory,
with only the newest part of a topic kept, and without answers to admin requests. The store is nx-27017, with SQLite
behind it.
"""

import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from confluent_kafka import Producer

from streams.errors import CallsiftError
from streams.topics import ALL_TOPICS

EMBEDDED_FETCH_WAIT_S = 0.1
"""Seconds that the embedded broker holds a question to which there is no new message. What comes meanwhile waits."""
_START_LIMIT_S = 30.0
# Below the ports that the system gives to outgoing connections: one of those must not take the port of a process that
# is about to start, or to start again.
_PORTS = range(15_000, 32_000)
_NEXT_PORTS = 20


class EmbeddedBroker:
    """A broker inside this process, for as long as the object lives."""

    def __init__(self, prefix: str = "") -> None:
        """Start it, with every topic of the catalogue."""
        # The mock cluster belongs to a client and stops with it; the address given is ignored.
        self._owner = Producer({"bootstrap.servers": "embedded", "test.mock.num.brokers": 1, "log_level": 2})
        broker = next(iter(self._owner.list_topics(timeout=_START_LIMIT_S).brokers.values()))
        self.bootstrap_servers = f"{broker.host}:{broker.port}"
        for topic in ALL_TOPICS:
            self._owner.list_topics(prefix + topic.name, timeout=_START_LIMIT_S)  # asking makes the mock create it


class EmbeddedStore:
    """A store in a child process, with its data in a folder."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        """Start it on a port of this machine; 0 takes one that is free.

        Raises:
            CallsiftError: It did not start.
        """
        folder.mkdir(parents=True, exist_ok=True)
        port = port or free_port()
        log = folder / "nx-27017.log"
        command = [sys.executable, "-m", "nx_27017.nx_27017", "--host", "127.0.0.1", "--port", str(port)]
        command += ["--data-dir", str(folder / "data"), "--log-file", str(log), "--pid-file", str(folder / "pid")]
        with (folder / "output.log").open("ab") as output:
            # a session of its own: Ctrl-C is for the supervisor, which ends the workers before their store
            self.process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)  # noqa: S603
        deadline = time.monotonic() + _START_LIMIT_S
        while not _listens(port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise CallsiftError("the embedded store did not start", f"Read {log}; is callsift[embedded] installed?")
            time.sleep(0.05)
        self.uri = f"mongodb://127.0.0.1:{port}"

    def stop(self) -> None:
        """End it."""
        end(self.process)


def end(process: "subprocess.Popen[bytes]", grace_s: float = 10.0) -> None:
    """End a child: SIGTERM, and SIGKILL after ``grace_s`` seconds."""
    process.terminate()
    try:
        process.wait(grace_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_ports() -> Iterator[int]:
    """Yield ports of this machine that nobody uses or is given by chance, in random order."""
    for port in random.sample(_PORTS, len(_PORTS)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        yield port


def free_port(wanted: int = 0) -> int:
    """Return a port of this machine that is free: ``wanted`` or one of the next; 0: any.

    Any one is one that no outgoing connection takes before it is listened on.

    Raises:
        CallsiftError: None of those wanted is free.
    """
    if not wanted:
        return next(free_ports())
    for port in range(wanted, wanted + _NEXT_PORTS):
        with suppress(OSError):
            socket.create_server(("127.0.0.1", port)).close()
            return port
    raise CallsiftError(f"none of the ports {wanted} to {wanted + _NEXT_PORTS - 1} is free", "Use `--any-port`")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0
