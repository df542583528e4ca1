"""A real broker that allows nothing but what rules allow, and those of callsift's users."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from deploy.laptop.kafka import Cluster
from streams.kafka import client_config
from streams.kafka.acls import Rule, User, users
from streams.settings import KafkaSettings
from tests.servers.certificates import Certificates

PASSWORD = "korrekt-pferd-batterie"
PREFIX = "blue."
PROPERTIES = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "false",
    "super.users": "User:ANONYMOUS",  # whoever comes by the listener without a password: the brokers and the admin
}
USERS = {user.runs: user for user in users(KafkaSettings(prefix=PREFIX))}
KAFKAS_NAMES = {operation.name.title().replace("_", ""): operation for operation in AclOperation}
_TYPES = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP}


@dataclass(frozen=True)
class Guarded:
    """A real broker that allows nothing but what the rules allow; without a password one may do everything."""

    cluster: Cluster
    certificates: Certificates

    @property
    def admin(self) -> KafkaSettings:
        return KafkaSettings.read(bootstrap_servers=self.cluster.bootstrap_servers, prefix=PREFIX)

    def variables(self, runs: str) -> dict[str, str]:
        """The environment of a process that is this user."""
        return {
            "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": self.cluster.addresses("SASL_SSL"),
            "CALLSIFT_KAFKA_PREFIX": PREFIX,
            "CALLSIFT_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "CALLSIFT_KAFKA_SASL_MECHANISM": "PLAIN",
            "CALLSIFT_KAFKA_USERNAME": USERS[runs].name,
            "CALLSIFT_KAFKA_PASSWORD": PASSWORD,
            "CALLSIFT_KAFKA_CA_FILE": str(self.certificates.authority),
        }

    def settings(self, runs: str) -> KafkaSettings:
        values = {name.removeprefix("CALLSIFT_KAFKA_").lower(): value for name, value in self.variables(runs).items()}
        return KafkaSettings.read(**values)

    def allow(self, pairs: Iterable[tuple[User, Rule]]) -> None:
        client = AdminClient(client_config(self.admin))
        for future in client.create_acls(list(_bindings(pairs))).values():
            future.result(30)

    @contextmanager
    def without(self, pairs: list[tuple[User, Rule]]) -> Iterator[None]:
        """Take rules away, and give them back."""
        client = AdminClient(client_config(self.admin))
        filters = [
            AclBindingFilter(
                binding.restype,
                binding.name,
                binding.resource_pattern_type,
                binding.principal,
                binding.host,
                binding.operation,
                binding.permission_type,
            )
            for binding in _bindings(pairs)
        ]
        for future in client.delete_acls(filters).values():
            assert len(future.result(30)) == 1
        try:
            yield
        finally:
            self.allow(pairs)


def _bindings(pairs: Iterable[tuple[User, Rule]]) -> Iterator[AclBinding]:
    for user, rule in pairs:
        for operation in rule.operations:
            yield AclBinding(
                _TYPES[rule.resource],
                rule.name,
                ResourcePatternType.LITERAL,
                f"User:{user.name}",
                "*",
                KAFKAS_NAMES[operation],
                AclPermissionType.ALLOW,
            )
