"""Publishing on calls.outcomes beside the sink: tombstones, by which downstream teams learn that a call is gone."""

from collections.abc import Sequence

from schemas import CallOutcome
from streams import cloud_events
from streams.kafka.producer import OutgoingMessage, produce_messages
from streams.settings import KafkaSettings
from streams.topics import OUTCOMES

_AT_ONCE = 1000


def publish_tombstones(kafka: KafkaSettings, call_ids: Sequence[str]) -> None:
    """Let calls.outcomes forget calls: subscribers see a null value, and compaction removes what was there. Blocks.

    Raises:
        KafkaUnavailable: The brokers do not confirm; some may be there already, and doing it again does no harm.
    """
    _publish(kafka, [_tombstone(kafka.prefix, call_id) for call_id in call_ids])


def publish_outcomes(kafka: KafkaSettings, outcomes: Sequence[CallOutcome]) -> None:
    """Publish stored outcomes again, as the sink does. Blocks.

    Raises:
        KafkaUnavailable: As for tombstones.
    """
    _publish(kafka, [_outcome(kafka.prefix, outcome) for outcome in outcomes])


def _publish(kafka: KafkaSettings, messages: Sequence[OutgoingMessage]) -> None:
    for first in range(0, len(messages), _AT_ONCE):
        produce_messages(kafka, messages[first : first + _AT_ONCE])


def _tombstone(prefix: str, call_id: str) -> OutgoingMessage:
    return OutgoingMessage(OUTCOMES.name, call_id.encode(), None, cloud_events.of_tombstone(prefix, call_id))


def _outcome(prefix: str, outcome: CallOutcome) -> OutgoingMessage:
    value, headers = outcome.model_dump_json().encode(), cloud_events.of_outcome(prefix, outcome)
    return OutgoingMessage(OUTCOMES.name, outcome.call_id.encode(), value, headers)
