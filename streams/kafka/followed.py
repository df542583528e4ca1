"""Following a compacted topic: what it says now, and then every message as it comes."""

import logging
import threading
from collections.abc import Callable
from contextlib import closing

from confluent_kafka import KafkaException

from streams.kafka.reader import TopicReader
from streams.settings import KafkaSettings
from streams.topics import AnyTopic

logger = logging.getLogger(__name__)
_LONGEST_WAIT_S = 5.0
"""A message is there at once whatever this is: five stages with 0.1 s were half of an idle broker's work."""


def follow_topic(kafka: KafkaSettings, topic: AnyTopic, tell: Callable[[bytes], None]) -> None:
    """Tell every value that is on a topic now; then go on from a thread.

    Raises:
        KafkaUnavailable: The brokers do not answer, or there is no such topic.
    """
    # It stands at the end before the past is read, so that nothing falls between.
    asleep = TopicReader(kafka, topic.name, from_start=False, longest_wait_s=_LONGEST_WAIT_S)
    with closing(TopicReader(kafka, topic.name, from_start=True)) as past:
        for value in past.up_to_now():
            tell(value)

    def go_on() -> None:
        while True:
            try:
                for value in asleep.values(None):
                    tell(value)
            except KafkaException as error:  # a passing trouble of the consumer; it goes on where it stood
                about = {"topic": topic.name, "error": error.args[0].str()}
                logger.warning("a topic that is followed could not be read", extra=about)

    threading.Thread(target=go_on, name=f"follow {topic.name}", daemon=True).start()
