"""Faust's producer, as the runner publishes through it."""

import time
from typing import cast

import faust

from streams import metrics
from streams.faust_worker.refusals import refusal
from streams.message import Headers
from streams.processing.publisher import Publish
from streams.topics import ALL_TOPICS, Stage, Topic


def make_publish(app: faust.App, prefix: str, stage: Stage) -> Publish:
    """Return what publishes a message to a topic and returns when the broker has confirmed it."""
    topics = {topic.name: app.topic(prefix + topic.name, key_type=bytes, value_type=bytes) for topic in ALL_TOPICS}
    duration = metrics.PUBLISH_SECONDS.labels(stage.name)

    async def publish(topic: Topic, *, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        started = time.monotonic()
        try:
            # send() only queues; the second await is the broker's confirmation
            await (
                await topics[topic.name].send(
                    key=key, value=value, headers=cast("list[tuple[str, bytes]]", list(headers))
                )
            )
        except Exception as error:
            if (refused := refusal(error, topic.name, len(value or b""))) is not None:
                raise refused from error
            raise
        duration.observe(time.monotonic() - started)

    return publish
