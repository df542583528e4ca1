"""What every plain Kafka client needs: its configuration, questions with a limit, and the error that says why.

These are librdkafka's clients, for the command line and everything else that is no stage. librdkafka's own calls only
say that time is up; the reason reaches the client's error callback.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from streams.errors import TransientError
from streams.kafka.security import librdkafka_security
from streams.settings import KafkaSettings
from streams.topics import LARGEST_MESSAGE_BYTES

AnswerT = TypeVar("AnswerT")
_CURE = "Check CALLSIFT_KAFKA_BOOTSTRAP_SERVERS and that the brokers are up"
_SECURITY_CURE = "Check CALLSIFT_KAFKA_SECURITY_PROTOCOL, and the user, password and files that go with it"


class KafkaUnavailable(TransientError):
    """The brokers did not answer, or refused."""

    dependency = "Kafka"


def client_config(kafka: KafkaSettings) -> dict[str, str | int | float | bool]:
    """Return what every librdkafka client needs to connect. It may hold a password: never log it.

    Raises:
        SettingsError: A certificate or key cannot be used.
    """
    connection: dict[str, str | int | float | bool] = {
        "bootstrap.servers": kafka.bootstrap_servers,
        "log_level": 2,
        "socket.timeout.ms": 10_000,
        "message.max.bytes": LARGEST_MESSAGE_BYTES,
    }
    return connection | librdkafka_security(kafka)


def member_config(kafka: KafkaSettings, group: str) -> dict[str, str | int | float | bool]:
    """Return what a member of a group needs that commits by itself; ``group`` is the name without its prefix.

    Raises:
        SettingsError: A certificate or key cannot be used.
    """
    return client_config(kafka) | {
        "group.id": kafka.prefix + group,
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "session.timeout.ms": round(kafka.session_timeout_s * 1000),
        "heartbeat.interval.ms": round(kafka.heartbeat_interval_s * 1000),
    }


class LastError:
    """What a client reports beside its calls; give it to the client as ``error_cb`` and poll the client."""

    def __init__(self) -> None:
        self.is_refused = False
        """The brokers do not accept who we are: waiting longer does not help."""
        self._security: str | None = None

    def forget(self) -> None:
        """Begin again: what was reported so far explains nothing that fails from now on."""
        self.is_refused, self._security = False, None

    def __call__(self, error: KafkaError) -> None:
        """Keep what explains a failure."""
        # A broker that misses our certificate says so after the handshake, as an alert on an open connection.
        if error.code() in {KafkaError._AUTHENTICATION, KafkaError._SSL} or "SSL routines" in error.str():
            self._security = error.str()
        # An SSL error may also be a broker that went down in the middle of a handshake.
        self.is_refused = self.is_refused or error.code() == KafkaError._AUTHENTICATION

    def unavailable(self, what: str, reason: str) -> KafkaUnavailable:
        """Return the error that says why ``what`` failed: the reason given, or a better one that was reported."""
        if self._security is not None:
            return KafkaUnavailable(f"{what}: {self._security}", _SECURITY_CURE)
        return KafkaUnavailable(f"{what}: {reason}", _CURE)


def ask(
    client: Consumer | AdminClient,
    last_error: LastError,
    what: str,
    question: Callable[[float], AnswerT],
    timeout_s: float = 10.0,
) -> AnswerT:
    """Ask until there is an answer: a topic that was just made, or whose broker just went, has no leader for a moment.

    Args:
        client: Polled between two tries, so that ``last_error`` hears what is wrong; must not be assigned anything.
        last_error: The client's ``error_cb``.
        what: What failed, for the error message.
        question: Asks once, with its limit in seconds.
        timeout_s: Seconds for all tries together.

    Raises:
        KafkaUnavailable: The brokers do not answer in time, or refuse.
    """
    deadline = time.monotonic() + timeout_s
    patience_s = 1.0
    while True:
        try:
            return question(min(patience_s, max(0.1, deadline - time.monotonic())))
        except KafkaException as error:
            client.poll(0.1)
            if last_error.is_refused or time.monotonic() >= deadline:
                raise last_error.unavailable(what, error.args[0].str()) from error
            patience_s *= 2
