"""Publishing from an event loop: each publication is awaited until the brokers have confirmed it."""

import asyncio
import threading
from collections.abc import Sequence
from functools import partial

from confluent_kafka import KafkaError

from streams.kafka.client import KafkaUnavailable, LastError
from streams.kafka.producer import CONFIRMATION_LIMIT_S, OutgoingMessage, hand_over, make_producer
from streams.settings import KafkaSettings

_POLL_S = 5.0
"""A confirmation ends the wait at once: this is how late a closing is seen."""


class AwaitedProducer:
    """One producer for many requests at once. Make it where a loop runs, and close it."""

    def __init__(self, kafka: KafkaSettings, timeout_s: float = CONFIRMATION_LIMIT_S) -> None:
        """Connect in the background; give up on a message after ``timeout_s`` seconds.

        Raises:
            SettingsError: A certificate or key cannot be used.
        """
        self._prefix = kafka.prefix
        self._loop = asyncio.get_running_loop()
        self._last_error = LastError()
        self._producer = make_producer(kafka, timeout_s, self._last_error)
        self._closing = threading.Event()
        self._polling = threading.Thread(target=self._poll, name="confirmations", daemon=True)
        self._polling.start()

    async def publish(self, messages: Sequence[OutgoingMessage]) -> list[KafkaError | None]:
        """Publish messages in their order, wait, and return for each why it is not confirmed; None where it is.

        What is not confirmed is not sent later, but may have arrived. A request that is cancelled meanwhile does not
        take its messages back.
        """
        confirmed = [self._loop.create_future() for _ in messages]
        for message, future in zip(messages, confirmed, strict=True):
            refusal = hand_over(self._producer, self._prefix, message, partial(self._told, future))
            if refusal is not None:
                future.set_result(refusal)
        return list(await asyncio.gather(*confirmed))

    def unavailable(self, error: KafkaError) -> KafkaUnavailable:
        """Return the error that says why a message was not confirmed."""
        return self._last_error.unavailable("could not publish", error.str())

    def close(self) -> None:
        """Close the connections; what is not confirmed by now is given up."""
        self._closing.set()
        self._producer.purge()

    def _poll(self) -> None:
        while not self._closing.is_set():
            self._producer.poll(_POLL_S)

    def _told(self, future: "asyncio.Future[KafkaError | None]", error: KafkaError | None, _message: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_set, future, error)


def _set(future: "asyncio.Future[KafkaError | None]", error: KafkaError | None) -> None:
    if not future.done():  # it was cancelled
        future.set_result(error)
