"""The Kafka side of the worker: a group of its own on calls.outcomes, and what is queued once more."""

import asyncio
import logging
from datetime import UTC, datetime
from itertools import islice

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from callsift.webhooks.intake import Announcement, Intake
from store.webhook_endpoints import Endpoint, EndpointStore
from streams.errors import CallsiftError
from streams.health import Health
from streams.kafka import member_config, read, topic_ranges_since
from streams.settings import KafkaSettings
from streams.topics import OUTCOMES, WEBHOOKS_GROUP

logger = logging.getLogger(__name__)
_AT_ONCE = 100
_POLL_S = 0.5
_AGAIN_S = 2.0


class OutcomesConsumer:
    """One member of the group. A message is committed when what comes of it is in the store."""

    def __init__(self, kafka: KafkaSettings, intake: Intake, endpoints: EndpointStore) -> None:
        """Make the client; it connects when it is run."""
        self._kafka, self._intake, self._endpoints = kafka, intake, endpoints
        self._consumer = Consumer(
            member_config(kafka, WEBHOOKS_GROUP)
            | {
                "queued.max.messages.kbytes": 4096,  # of each partition: the store is slower than the brokers
            }
        )

    async def run(self, health: Health, stopping: asyncio.Event) -> None:
        """Queue what comes until ``stopping`` is set; ready from when there are partitions."""

        def assigned(_consumer: Consumer, _partitions: list[TopicPartition]) -> None:
            health.joined = True

        self._consumer.subscribe([self._kafka.prefix + OUTCOMES.name], on_assign=assigned)
        try:
            while not stopping.is_set():
                health.beat()
                messages = await asyncio.to_thread(self._batch)
                if messages and await self._queued(messages, health, stopping):
                    await asyncio.to_thread(self._commit)
        finally:
            await asyncio.to_thread(self._consumer.close)

    async def replay(self, endpoint: Endpoint) -> None:
        """Queue for an endpoint what was published since it wants, and note that this is done. May be done again.

        Raises:
            KafkaUnavailable: The brokers do not answer.
            MongoUnavailable: The store did not answer.
        """
        since = endpoint.replay_since
        if since is None:
            return
        ranges = await asyncio.to_thread(topic_ranges_since, self._kafka, OUTCOMES.name, since)
        messages, count = read(self._kafka, ranges), 0
        while batch := await asyncio.to_thread(lambda: list(islice(messages, _AT_ONCE))):
            await self._intake.replay(_announced(batch), endpoint, datetime.now(UTC))
            count += len(batch)
        as_asked = {"replay_since": endpoint.model_dump(mode="json")["replay_since"]}
        await self._endpoints.change(endpoint.id, {"replay_since": None}, as_asked)
        logger.info("an endpoint is told once more", extra={"endpoint": endpoint.id, "looked_at": count})

    async def _queued(self, messages: list[Message], health: Health, stopping: asyncio.Event) -> bool:
        """Queue what comes of some messages, however long the store is away; tells whether it is done."""
        announced = _announced(messages)
        while not stopping.is_set():
            health.beat()
            try:
                # asked after the messages came: whoever made an endpoint before one of them was published is there
                await self._intake.take(announced, await self._endpoints.all(), datetime.now(UTC))
            except CallsiftError as error:
                logger.warning("outcomes wait for the store", extra={"error": error.message})
                health.pause("MongoDB")
                await asyncio.sleep(_AGAIN_S)
            else:
                health.pause(None)
                return True
        return False

    def _batch(self) -> list[Message]:
        """Return messages that came; what went wrong is logged, and the client goes on."""
        found = self._consumer.consume(1, _POLL_S)
        found += self._consumer.consume(_AT_ONCE, 0) if found else []
        for message in found:
            if (error := message.error()) is not None:
                logger.warning("poll failed", extra={"error": error.str()})
        return [message for message in found if message.error() is None]

    def _commit(self) -> None:
        try:
            self._consumer.commit(asynchronous=False)
        except KafkaException as error:  # they come again, and nothing is queued twice
            logger.warning("not committed", extra={"error": error.args[0].str()})


def _announced(messages: list[Message]) -> list[Announcement]:
    return [one for one in map(Announcement.of, messages) if one is not None]
