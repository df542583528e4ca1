"""A producer of messages to the byte, such as no client sends: names of headers that are not text, any time."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from streams.settings import KafkaSettings

PARTITIONS = 12
_LARGEST_BATCH_BYTES = 1 << 20


@dataclass(frozen=True)
class Raw:
    """A message as it lies in a record, header names included."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[bytes, bytes | None], ...] = ()
    timestamp_ms: int | None = None
    """None: the time of sending. What is older than the topic's retention is deleted at the broker's next look."""
    gzipped: bool = False


class _Name(str):
    """A header name whose bytes need not be text."""

    raw: bytes

    def __new__(cls, raw: bytes) -> "_Name":
        name = super().__new__(cls, raw.decode("latin-1"))
        name.raw = raw
        return name

    def encode(self, *_: Any, **__: Any) -> bytes:
        return self.raw


async def send(
    kafka: KafkaSettings, topic: str, messages: Iterable[Raw], partitions: int = PARTITIONS
) -> list[tuple[int, int]]:
    """Publish messages to the byte, each as a batch, in turn over the partitions; returns their positions."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, max_request_size=_LARGEST_BATCH_BYTES)
    await producer.start()

    async def one_partition(number: int, own: Sequence[Raw]) -> list[tuple[int, int]]:
        positions = []
        for message in own:
            batch = producer.create_batch()
            batch._builder = _DefaultRecordBatchBuilderPy(2, int(message.gzipped), 0, -1, -1, -1, _LARGEST_BATCH_BYTES)
            headers = [(_Name(name), value) for name, value in message.headers]
            batch.append(timestamp=message.timestamp_ms, key=message.key, value=message.value, headers=headers)
            confirmed = await (await producer.send_batch(batch, kafka.prefix + topic, partition=number))
            positions.append((number, confirmed.offset))
        return positions

    try:
        everything = list(messages)
        found = await asyncio.gather(*(one_partition(n, everything[n::partitions]) for n in range(partitions)))
    finally:
        await producer.stop()
    return [position for positions in found for position in positions]
