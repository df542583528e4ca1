"""Which refusals are for good, and which may pass."""

import pytest
from aiokafka.errors import (
    InvalidTimestampError,
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    NotEnoughReplicasError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from faust.exceptions import ProducerSendError

from streams.faust_worker.refusals import MessageTooLarge, refusal


@pytest.mark.parametrize("error", [MessageSizeTooLargeError(), RecordListTooLargeError()])
@pytest.mark.parametrize("wrapped", [False, True], ids=["by the broker", "by the client, as Faust wraps it"])
def test_a_message_that_is_too_large_is_refused_for_good(error: KafkaError, wrapped: bool) -> None:
    found: Exception = error
    if wrapped:
        found = ProducerSendError("Error while sending")
        found.__cause__ = error
    refused = refusal(found, "calls.audio", 2_000_000)
    assert isinstance(refused, MessageTooLarge)
    assert refused.message == "the message has 2000000 bytes, more than calls.audio takes"


@pytest.mark.parametrize(
    "error",
    [
        KafkaConnectionError(),
        NotEnoughReplicasError(),
        InvalidTimestampError(),
        TopicAuthorizationFailedError(),
        UnknownTopicOrPartitionError(),
        TimeoutError(),
        ProducerSendError("Error while sending"),
    ],
)
def test_an_error_that_can_be_mended_is_no_refusal(error: Exception) -> None:
    assert refusal(error, "calls.audio", 1) is None
