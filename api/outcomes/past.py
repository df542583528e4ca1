"""The past of a stream: what lies between a cursor and now, read by a reader of its own, a piece at a time."""

import asyncio
from collections.abc import AsyncIterator
from itertools import islice

from api.outcomes.announced import Announced
from api.outcomes.cursor import Cursors, Position
from streams.kafka import Range, offset_of, read, topic_ranges
from streams.settings import KafkaSettings
from streams.topics import OUTCOMES

_PIECE = 200
_AT_ONCE = 4


class Past:
    """Reads the past for streams, for few at once. Nothing is sent meanwhile: a slow reader blocks nobody."""

    def __init__(self, kafka: KafkaSettings) -> None:
        """Read from these brokers."""
        self._kafka = kafka
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def holds(self) -> dict[int, Range]:
        """Return what the topic holds, by partition.

        Raises:
            KafkaUnavailable: The brokers do not answer or refuse.
        """
        found = await asyncio.to_thread(topic_ranges, self._kafka, OUTCOMES.name)
        return {partition: part for (_, partition), part in found.items()}

    async def between(self, at: dict[int, int], until: Position, cursors: Cursors) -> AsyncIterator[Announced]:
        """Yield what lies between two positions, and take ``at`` along.

        Raises:
            KafkaUnavailable: The brokers do not answer or refuse.
        """
        is_whole = False
        while not is_whole:
            async with self._turns:
                piece, is_whole = await asyncio.to_thread(self._piece, dict(at), until)
            for partition, offset, announced in piece:
                at[partition] = offset + 1
                if announced is not None:
                    announced.cursor = cursors.made(at)
                    yield announced
        for partition, offset in until.items():  # what compaction left out at the end
            at[partition] = max(offset, at.get(partition, 0))

    def _piece(self, at: Position, until: Position) -> tuple[list[tuple[int, int, Announced | None]], bool]:
        name = self._kafka.prefix + OUTCOMES.name
        ranges = {(name, partition): Range(at.get(partition, 0), end) for partition, end in until.items()}
        messages = list(islice(read(self._kafka, ranges), _PIECE))
        found = [(int(message.partition() or 0), offset_of(message), Announced.of(message)) for message in messages]
        return found, len(messages) < _PIECE
