"""Publishing what somebody says of a call: a label or facts."""

from typing import Any

from api.access import Principal
from api.calls.submit import unconfirmed
from api.services import Services
from schemas import CallAnnotated, CallOutcome
from store.idempotency import Origin
from streams.kafka import OutgoingMessage
from streams.payloads import to_bytes
from streams.topics import ANNOTATIONS


async def publish(services: Services, who: Principal, outcome: CallOutcome, origin: Origin, **said: Any) -> None:
    """Publish what somebody says of a call that has an outcome, and wait until the brokers have it.

    Its identifier and moment are the origin's: a request that is sent again with its Idempotency-Key makes the same.

    Raises:
        Problem: They do not confirm it.
    """
    annotation = CallAnnotated(
        event_id=origin.id,
        trace_id=outcome.trace_id,
        call_id=outcome.call_id,
        who=who.name,
        at=origin.began_at,
        **said,
    )
    message = OutgoingMessage(ANNOTATIONS.name, outcome.call_id.encode(), to_bytes(annotation))
    [error] = await services.producer.publish([message])
    if error is not None:
        raise unconfirmed(services, error)
