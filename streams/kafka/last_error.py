"""Why Kafka does not answer: librdkafka only says that time is up, its error callback has the reason."""

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import ClusterMetadata

from streams.errors import CallsiftError

AnswerT = TypeVar("AnswerT")
_CURE = "Check CALLSIFT_KAFKA_BOOTSTRAP_SERVERS and that the brokers are up"
_SECURITY_CURE = "Check CALLSIFT_KAFKA_SECURITY_PROTOCOL, and the user, password and files that go with it"


class KafkaUnavailable(CallsiftError):
    """The brokers did not answer, or refused."""


class Trouble:
    """What a client reports beside its calls; give it to the client as ``error_cb`` and poll the client."""

    def __init__(self) -> None:
        self.is_refused = False
        """The brokers do not accept who we are: waiting longer does not help."""
        self._security: str | None = None

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


class Client(Protocol):
    """What every librdkafka client can do."""

    def list_topics(self, topic: str | None = None, timeout: float = -1) -> ClusterMetadata:
        """Ask the brokers for topics."""

    def poll(self, timeout: float = -1) -> object:
        """Serve callbacks."""


def ask(
    client: Client, trouble: Trouble, what: str, question: Callable[[float], AnswerT], timeout_s: float = 10.0
) -> AnswerT:
    """Ask until there is an answer: a topic that was just made, or whose broker just went, has no leader for a moment.

    Args:
        client: Polled between two tries, so that ``trouble`` hears what is wrong; must not be assigned anything.
        trouble: The client's ``error_cb``.
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
            if trouble.is_refused or time.monotonic() >= deadline:
                raise trouble.unavailable(what, error.args[0].str()) from error
            patience_s *= 2


def ask_topics(client: Client, trouble: Trouble) -> ClusterMetadata:
    """Return the cluster with all its topics.

    Raises:
        KafkaUnavailable: They do not answer in time, or refuse.
    """
    what = "the brokers do not list their topics"
    return ask(client, trouble, what, lambda limit_s: client.list_topics(timeout=limit_s))
