"""Apache Kafka on this machine, with its own Java and no container: ``python -m deploy.laptop.kafka``, ``make kafka``.

Real brokers (KRaft, each a controller too) for a developer, for tests and for chaos: they can be killed, frozen and
started again on the same ports and data. They end with the process that started them, however that ends.
"""

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from callsift.embedded import free_ports
from callsift.running import home
from deploy.laptop.kafka_broker import START_LIMIT_S, Broker, command
from deploy.laptop.kafka_jars import CannotRunKafka, archive, java, version
from deploy.laptop.kafka_properties import CONTROLLER, PLAINTEXT, Security, server_properties
from streams.errors import CallsiftError

__all__ = ["Broker", "CannotRunKafka", "Cluster", "Security", "free_ports", "version"]

_STOP_LIMIT_S = 10.0
_CLUSTER_ID = "Y2FsbHNpZnQtb24tYS1sYQ"  # any 16 bytes in base64


class Cluster:
    """Brokers that belong together, with their data in a folder that may be used again."""

    def __init__(
        self,
        folder: Path,
        *,
        brokers: int = 1,
        port: int = 0,
        security: Security | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> None:
        """Choose ports and write every broker's properties.

        Args:
            folder: Where the brokers keep data and logs.
            brokers: How many; with three, topics have three copies of which two must confirm.
            port: Port of the first broker, the next ones follow it; 0 takes any that are free.
            security: Two more listeners, SASL_SSL and SSL.
            properties: Lines of server.properties that win over ours.
        """
        listeners = [CONTROLLER] if security is None else [CONTROLLER, "SASL_SSL", "SSL"]
        free = free_ports()
        ports = {
            node: {PLAINTEXT: port + node - 1 if port else next(free)} | {name: next(free) for name in listeners}
            for node in range(1, brokers + 1)
        }
        self._security = security
        self.brokers = tuple(Broker(node, ports[node], folder / f"broker-{node}") for node in ports)
        """The brokers; node numbers count from 1."""
        for broker in self.brokers:
            broker.folder.mkdir(parents=True, exist_ok=True)
            lines = server_properties(broker.node, ports, str(broker.folder / "data"))
            lines |= (security.properties if security else {}) | dict(properties or {})
            text = "".join(f"{name}={value}\n" for name, value in lines.items())
            (broker.folder / "server.properties").write_text(text, encoding="utf-8")

    @property
    def bootstrap_servers(self) -> str:
        """Where clients without security start."""
        return self.addresses(PLAINTEXT)

    def addresses(self, listener: str) -> str:
        """Return where clients of a listener start: PLAINTEXT, SASL_SSL or SSL."""
        return ",".join(f"127.0.0.1:{broker.ports[listener]}" for broker in self.brokers)

    def start(self) -> None:
        """Start all brokers and return when all are ready.

        Raises:
            CannotRunKafka: This machine lacks Java, or the jars and a way to fetch them.
            CallsiftError: A broker ended instead, or is not ready in time.
        """
        self._format()
        for broker in self.brokers:
            broker.start()
        for broker in self.brokers:
            broker.wait_until_ready()

    def stop(self) -> None:
        """Stop all brokers that run: together, and what hangs by force."""
        deadline = time.monotonic() + _STOP_LIMIT_S
        for broker in self.brokers:
            broker.ask_to_stop()
        for broker in self.brokers:
            broker.stop(max(0.1, deadline - time.monotonic()))

    def kill(self) -> None:
        """Kill all brokers."""
        for broker in self.brokers:
            broker.kill()

    def _format(self) -> None:
        path, digest = java()
        shared = archive(digest)
        sharing = [f"-XX:SharedArchiveFile={shared}"] if shared.exists() else []
        scram = self._security.scram if self._security else []
        formatting = {}
        for broker in self.brokers:
            if not (broker.folder / "data" / "meta.properties").exists():
                options = ["format", "-t", _CLUSTER_ID, "-c", str(broker.folder / "server.properties"), *scram]
                formatting[broker.node] = subprocess.Popen(
                    [*command(path, *sharing), "kafka.tools.StorageTool", *options],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                )
        for node, process in formatting.items():
            said, _ = process.communicate(timeout=START_LIMIT_S)
            if process.returncode:
                raise CallsiftError(f"the data of broker {node} cannot be made", said.decode(errors="replace")[-500:])

    def __enter__(self) -> Self:
        """Start it."""
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()


def main() -> None:
    """Run brokers until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m deploy.laptop.kafka", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=1, help="how many; default 1")
    parser.add_argument("--port", type=int, default=9092, help="of the first one; default 9092, 0 takes any free one")
    parser.add_argument("--folder", type=Path, help="of data and logs; default kafka-BROKERS in CALLSIFT_HOME")
    arguments = parser.parse_args()
    folder = arguments.folder or home() / f"kafka-{arguments.brokers}"
    cluster = Cluster(folder.absolute(), brokers=arguments.brokers, port=arguments.port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with cluster:
            print(f"Apache Kafka {version()} is ready, data in {folder}, Ctrl-C ends it. In other terminals:")
            print(f"export CALLSIFT_KAFKA_BOOTSTRAP_SERVERS={cluster.bootstrap_servers}")
            if arguments.brokers == 3:
                print("export CALLSIFT_KAFKA_REPLICATION_FACTOR=3")
            print(".venv/bin/callsift topics create", flush=True)
            while all(broker.is_running for broker in cluster.brokers):
                time.sleep(0.5)
            sys.exit(f"error: a broker ended, read the broker.log in {folder}")
    except KeyboardInterrupt:
        sys.exit(0)
    except CallsiftError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
