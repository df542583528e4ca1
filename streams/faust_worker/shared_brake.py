"""The brake that all workers of a stage share, by way of its topic."""

import asyncio
import logging
import threading

from streams.kafka import brake_topic
from streams.kafka.client import KafkaUnavailable
from streams.processing.brake import Brake
from streams.settings import KafkaSettings

logger = logging.getLogger(__name__)
_PAUSE_S = 5.0


def follow(kafka: KafkaSettings, stage: str, own: Brake, loop: asyncio.AbstractEventLoop) -> None:
    """Let a worker's own brake follow the topic from ``loop``'s first turn on.

    Raises:
        KafkaUnavailable: The brokers do not answer, or there is no such topic.
    """

    def changed(reason: str | None) -> None:
        loop.call_soon_threadsafe(own.set, reason)

    brake_topic.follow(kafka, stage, changed)


def apply(kafka: KafkaSettings, stage: str, reason: str) -> None:
    """Apply the brake of the stage's other workers, from a thread: the brokers may be away for long."""

    def publish() -> None:
        pause = threading.Event()
        while True:
            try:
                return brake_topic.publish_notice(kafka, stage, applied=True, reason=reason)
            except KafkaUnavailable as error:
                logger.warning("brake not confirmed, trying again", extra={"error": error.message})
                pause.wait(_PAUSE_S)

    threading.Thread(target=publish, name="brake-notice", daemon=True).start()
