"""Publishing what somebody says of a call: a label or facts."""

from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from api.access import Principal
from api.calls.submit import unconfirmed
from api.services import Services
from schemas import CallAnnotated, CallOutcome
from streams.kafka import OutgoingMessage
from streams.payloads import to_bytes
from streams.topics import ANNOTATIONS

_NAMESPACE = uuid5(NAMESPACE_URL, "callsift:annotation")


def annotation_id(who: Principal, key: str | None, fingerprint: str) -> str:
    """Name an annotation: a request that is sent again with its Idempotency-Key makes the same one."""
    return uuid4().hex if key is None else uuid5(_NAMESPACE, f"{who.name}\0{key}\0{fingerprint}").hex


async def publish(services: Services, who: Principal, outcome: CallOutcome, name: str, **said: Any) -> None:
    """Publish what somebody says of a call that has an outcome, and wait until the brokers have it.

    Raises:
        Problem: They do not confirm it.
    """
    annotation = CallAnnotated(
        event_id=name,
        trace_id=outcome.trace_id,
        call_id=outcome.call_id,
        who=who.name,
        at=datetime.now(UTC),
        **said,
    )
    message = OutgoingMessage(ANNOTATIONS.name, outcome.call_id.encode(), to_bytes(annotation))
    [error] = await services.producer.publish([message])
    if error is not None:
        raise unconfirmed(services, error)
