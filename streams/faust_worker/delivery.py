"""What a partition delivered, as the in-flight window and the runner see it."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from streams.message import Message
from streams.topics import Topic

if TYPE_CHECKING:
    from faust.types import EventT
    from faust.types.tuples import TP


class Delivered(Protocol):
    """An event as it came from a partition."""

    @property
    def partition(self) -> Hashable:
        """The topic and partition that it came from."""

    @property
    def offset(self) -> int:
        """Its position on the partition."""

    @property
    def generation(self) -> int:
        """The generation of the consumer group in which it was delivered."""

    def acknowledge(self) -> None:
        """Let the position be committed past this event."""


@dataclass(frozen=True)
class FaustDelivery:
    """A ``Delivered`` of Faust's."""

    event: "EventT[Any]"

    @property
    def partition(self) -> "TP":
        """The topic and partition that it came from."""
        return self.event.message.tp

    @property
    def offset(self) -> int:
        """Its position on the partition."""
        return self.event.message.offset

    @property
    def generation(self) -> int:
        """The generation of the consumer group in which it was delivered."""
        return self.event.message.generation_id or 0

    def acknowledge(self) -> None:
        """Let the position be committed past this event."""
        self.event.ack()

    def message(self, topics: dict[str, Topic]) -> Message:
        """Return what the runner takes; ``topics`` are the stage's, by the name that the cluster knows them by."""
        message = self.event.message
        headers = cast("list[tuple[str, bytes]]", message.headers or [])  # what aiokafka delivers
        return Message(
            topic=topics[message.topic],
            partition=message.partition,
            offset=message.offset,
            key=message.key,
            value=message.value,
            headers=tuple(headers),
        )
