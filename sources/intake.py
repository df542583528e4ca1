"""Handing calls in: published on calls.ended as a PBX does it, and known to have arrived."""

from collections.abc import Sequence

from confluent_kafka import KafkaError

from schemas import CallEnded
from sources import metrics
from sources.observation import Observation, Refused, call_ended
from streams.kafka import AwaitedProducer, OutgoingMessage, is_too_large
from streams.payloads import to_bytes
from streams.topics import ENDED


def outgoing(call: CallEnded) -> OutgoingMessage:
    """Return the message that tells the pipeline of a call."""
    return OutgoingMessage(ENDED.name, call.call_id.encode(), to_bytes(call))


async def publish(producer: AwaitedProducer, calls: Sequence[CallEnded]) -> list[KafkaError | None]:
    """Publish calls, and return for each why the brokers have not confirmed it; None where they have."""
    return await producer.publish([outgoing(call) for call in calls])


class Intake:
    """Takes what sources observe: each of them hands its calls in here, so that all are checked and counted alike."""

    at_once = 500
    """How many calls are best handed in together."""

    def __init__(self, producer: AwaitedProducer) -> None:
        """Publish by ``producer``, which whoever made it closes."""
        self._producer = producer
        self.is_away = False
        """Whether brokers have not confirmed something of what was handed in last."""

    async def take(self, observed: Sequence[Observation]) -> list[CallEnded | Refused]:
        """Publish what is valid, wait for the confirmation, and return for each its event, or why it is not taken.

        Safe to repeat: the same observation makes the same event. A source may forget what it saw once its event is
        returned; what is refused as ``unconfirmed`` it has to hand in again, and nothing else.
        """
        made = [_made(one) for one in observed]
        calls = [one for one in made if isinstance(one, CallEnded)]
        confirmed = dict(zip(map(id, calls), await publish(self._producer, calls), strict=True))
        taken = [one if isinstance(one, Refused) else self._taken(one, confirmed[id(one)]) for one in made]
        self.is_away = any(isinstance(one, Refused) and one.reason == "unconfirmed" for one in taken)
        for one, result in zip(observed, taken, strict=True):
            if isinstance(result, Refused):
                metrics.observe(one.source, result.reason, result.message)
            else:
                metrics.observe(one.source, "taken")
        return taken

    def refused(self, source: str, refusal: Refused) -> None:
        """Count what a source could make no call of."""
        metrics.observe(source, refusal.reason, refusal.message)

    def _taken(self, call: CallEnded, error: KafkaError | None) -> CallEnded | Refused:
        if error is None:
            return call
        if is_too_large(error):
            return Refused("too_large", "the brokers take no event of this size", "Keep what is large elsewhere")
        away = self._producer.unavailable(error)
        return Refused("unconfirmed", away.message, away.cure)


def _made(observed: Observation) -> CallEnded | Refused:
    try:
        return call_ended(observed)
    except Refused as refusal:
        return refusal
