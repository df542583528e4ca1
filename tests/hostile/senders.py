"""The producers of other people: every codec, transactions, and bytes that no client of this project would send."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from itertools import cycle
from typing import Any, Self

from confluent_kafka import KafkaError, Message, Producer

from streams.kafka import client_config
from streams.kafka.producer import PARTITIONER
from streams.settings import KafkaSettings
from streams.topics import ENDED
from tests.hostile.messages import Hostile
from tests.raw_producer import Raw, send

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
_TRANSACTION_S = 30.0
Position = tuple[str, int, int]
"""Topic without prefix, partition and offset."""


class Senders:
    """One producer for each codec, and one for transactions."""

    def __init__(self, kafka: KafkaSettings) -> None:
        """Connect."""
        self._kafka = kafka
        common = client_config(kafka) | {"acks": "all", "partitioner": PARTITIONER}
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
            raw = Raw(message.key, message.value, message.headers, message.timestamp_ms)
            [(partition, offset)] = asyncio.run(send(self._kafka, message.topic.name, [raw], partitions=1))
            return message.topic.name, partition, offset
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
