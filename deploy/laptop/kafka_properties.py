"""The settings of a broker on a laptop or in a test: server.properties, and the flags of its Java."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CONTROLLER = "CONTROLLER"
PLAINTEXT = "PLAINTEXT"
# A small heap and the quick compiler: such a broker lives for minutes and holds little.
JAVA_FLAGS = (
    "-Xms64m",
    "-Xmx256m",
    "-Xss512k",
    "-XX:MaxMetaspaceSize=128m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xshare:auto",
    "-Djava.awt.headless=true",
    "-Djava.net.preferIPv4Stack=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
)


@dataclass(frozen=True)
class Security:
    """Two more listeners beside the plain one: SASL_SSL for ``users``, and SSL for holders of a client certificate."""

    server: Path
    """PEM file: the brokers' private key (PKCS #8, not encrypted) and certificate, valid for 127.0.0.1."""
    authority: Path
    """PEM file: the certificate of who signs clients' certificates."""
    users: Mapping[str, str]
    """Passwords by name, for PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512."""

    @property
    def scram(self) -> list[str]:
        """The options of ``kafka-storage format`` that make the users."""
        mechanisms = ("SCRAM-SHA-256", "SCRAM-SHA-512")
        made = [f"{name}=[name={user},password={word}]" for name in mechanisms for user, word in self.users.items()]
        return [option for user in made for option in ("--add-scram", user)]

    @property
    def properties(self) -> dict[str, str]:
        """What the brokers are told about it."""
        login = "org.apache.kafka.common.security"
        plain = " ".join(f'user_{user}="{word}"' for user, word in self.users.items())
        scram = f"{login}.scram.ScramLoginModule required;"
        return {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.server),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority),
            "listener.name.ssl.ssl.client.auth": "required",
            "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
            "listener.name.sasl_ssl.plain.sasl.jaas.config": f"{login}.plain.PlainLoginModule required {plain};",
            "listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config": scram,
            "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": scram,
        }


def server_properties(node: int, ports: Mapping[int, Mapping[str, int]], data: str) -> dict[str, str]:
    """Return the properties of one broker, which is a controller too.

    Args:
        node: Number of this broker.
        ports: Port of each listener, for each broker by its number.
        data: Folder of its data.
    """
    copies = min(3, len(ports))
    most = 2 if copies == 3 else 1
    clients = [name for name in ports[node] if name != CONTROLLER]
    return {
        "process.roles": "broker,controller",
        "node.id": str(node),
        "controller.quorum.voters": ",".join(f"{other}@127.0.0.1:{own[CONTROLLER]}" for other, own in ports.items()),
        "listeners": ",".join(f"{name}://127.0.0.1:{port}" for name, port in ports[node].items()),
        "advertised.listeners": ",".join(f"{name}://127.0.0.1:{ports[node][name]}" for name in clients),
        "listener.security.protocol.map": ",".join(
            [f"{CONTROLLER}:PLAINTEXT", *(f"{name}:{name}" for name in clients)]
        ),
        "controller.listener.names": CONTROLLER,
        "inter.broker.listener.name": PLAINTEXT,
        "log.dirs": data,
        # As in production: a topic that nobody provisioned is a mistake to be seen.
        "auto.create.topics.enable": "false",
        "default.replication.factor": str(copies),
        "min.insync.replicas": str(most),
        "offsets.topic.num.partitions": "4",
        "offsets.topic.replication.factor": str(copies),
        "transaction.state.log.num.partitions": "2",
        "transaction.state.log.replication.factor": str(copies),
        "transaction.state.log.min.isr": str(most),
        "share.coordinator.state.topic.num.partitions": "1",
        "share.coordinator.state.topic.replication.factor": str(copies),
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
        # A broker that was killed is let in again only when its old session is over: 3 s instead of 11.
        "broker.session.timeout.ms": "1500",
        "broker.heartbeat.interval.ms": "300",
        "initial.broker.registration.timeout.ms": "60000",
        "num.network.threads": "2",
        "num.io.threads": "2",
        "background.threads": "2",
        "log.cleaner.threads": "1",
        "log.cleaner.dedupe.buffer.size": "4194304",
        "log.segment.bytes": "16777216",
        "log.index.size.max.bytes": "1048576",
    }
