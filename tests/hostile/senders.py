"""The producers of other people: every codec, transactions, and bytes that no client of this project would send."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from itertools import cycle
from typing import Any, Self, cast

from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from confluent_kafka import KafkaError, Message, Producer

from streams.catalogue import ENDED, LARGEST_MESSAGE_BYTES
from streams.kafka_client import client_config
from streams.settings import KafkaSettings
from tests.hostile.messages import Hostile

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
_TRANSACTION_S = 30.0
Position = tuple[str, int, int]
"""Topic without prefix, partition and offset."""


class RawName:
    """A header's name as bytes, where aiokafka expects text."""

    def __init__(self, name: bytes) -> None:
        self._name = name

    def encode(self, _encoding: str) -> bytes:
        """Return the bytes as they are."""
        return self._name


class Senders:
    """One producer for each codec, and one for transactions."""

    def __init__(self, kafka: KafkaSettings) -> None:
        """Connect."""
        self._kafka = kafka
        common = client_config(kafka) | {"acks": "all", "partitioner": "murmur2_random"}
        self._plain = {codec: Producer(common | {"compression.type": codec}) for codec in CODECS}
        self._transactional = Producer(common | {"transactional.id": "hostile", "compression.type": "zstd"})
        self._transactional.init_transactions(_TRANSACTION_S)
        self._next = cycle((*self._plain, "transaction"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for producer in (*self._plain.values(), self._transactional):
            producer.flush(_TRANSACTION_S)

    def good(self, calls: Sequence[dict[str, Any]]) -> None:
        """Send call-ended events, each time with another codec, and every sixth time in a transaction."""
        way = next(self._next)
        values = [(call["call_id"].encode(), json.dumps(call).encode()) for call in calls]
        if way == "transaction":
            self._transactional.begin_transaction()
            self._sent(self._transactional, ENDED.name, values)
            self._transactional.commit_transaction(_TRANSACTION_S)
        else:
            self._sent(self._plain[way], ENDED.name, values)

    def hostile(self, message: Hostile) -> Position:
        """Send one message and return where it is."""
        if message.aborted:
            self._transactional.begin_transaction()
            (position,) = self._sent(self._transactional, message.topic.name, [(message.key, message.value)])
            self._transactional.abort_transaction(_TRANSACTION_S)
            return position
        if message.headers or message.timestamp_ms is not None:
            return asyncio.run(self._raw(message))
        (position,) = self._sent(self._plain["zstd"], message.topic.name, [(message.key, message.value)])
        return position

    def _sent(
        self, producer: Producer, topic: str, messages: Iterable[tuple[bytes | None, bytes | None]]
    ) -> list[Position]:
        positions: list[Position] = []

        def confirmed(error: KafkaError | None, message: Message) -> None:
            assert error is None, error
            positions.append((topic, int(message.partition() or 0), int(message.offset() or 0)))

        for key, value in messages:
            producer.produce(self._kafka.prefix + topic, value, key, on_delivery=confirmed)
        assert producer.flush(_TRANSACTION_S) == 0
        return positions

    async def _raw(self, message: Hostile) -> Position:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._kafka.bootstrap_servers, max_request_size=LARGEST_MESSAGE_BYTES
        )
        await producer.start()
        try:
            topic = self._kafka.prefix + message.topic.name
            partition = min(await producer.partitions_for(topic))
            batch = producer.create_batch()
            # aiokafka's own builder in Python takes names as they are; the compiled one insists on text
            batch._builder = _DefaultRecordBatchBuilderPy(
                magic=2,
                compression_type=0,
                is_transactional=0,
                producer_id=-1,
                producer_epoch=-1,
                base_sequence=0,
                batch_size=LARGEST_MESSAGE_BYTES,
            )
            headers = [(cast("str", RawName(name)), value) for name, value in message.headers]
            batch.append(timestamp=message.timestamp_ms, key=message.key, value=message.value, headers=headers)
            written = await (await producer.send_batch(batch, topic, partition=partition))
            return message.topic.name, partition, written.offset
        finally:
            await producer.stop()
