"""The only module that talks to Faust: its application, its stream, its worker process.

The settings are the ones that held under faults (docs/delivery.md); what is set here and why is in docs/decisions/0001.
"""

import asyncio
import gc
import logging
import os
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import faust
from faust.types import EventT, StreamT
from faust.types.tuples import TP

from streams import metrics
from streams.faust_worker.consumer import Consumer, Transport, pass_by
from streams.faust_worker.in_flight import Window
from streams.faust_worker.refusals import refusal
from streams.faust_worker.watchdog import Sight, Watchdog
from streams.health import Health
from streams.kafka.brake_topic import follow as follow_brake
from streams.kafka.brake_topic import publish_notice
from streams.kafka.client import KafkaUnavailable
from streams.kafka.lag import consumer_lag
from streams.kafka.security import tls_context
from streams.message import Headers, Message
from streams.payloads.claimed_turns import INLINE, EventCodec
from streams.processing.agent import Agent
from streams.processing.publisher import Publish
from streams.processing.runner import StageRunner
from streams.processing.spans import NO_TRACING, Spans
from streams.settings import KafkaSettings, RunnerSettings
from streams.topics import ALL_TOPICS, LARGEST_MESSAGE_BYTES, Stage, Topic

logger = logging.getLogger(__name__)
_GC_THRESHOLDS = (50_000, 20, 50)
"""Events are trees of many small objects without cycles; Python's defaults cost a quarter of a large event's CPU."""
_EXIT_BUG = 70  # EX_SOFTWARE of sysexits.h


def make_app(stage: Stage, kafka: KafkaSettings) -> faust.App:
    """Make the Faust application of a stage: one consumer group, no tables, no web server, nothing declared."""
    return faust.App(
        kafka.prefix + stage.group,
        broker=[f"kafka://{address.strip()}" for address in kafka.bootstrap_servers.split(",")],
        broker_credentials=_credentials(kafka),
        store="memory://",
        datadir=tempfile.gettempdir(),
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        key_serializer="raw",
        value_serializer="raw",
        # A rebalance must not wait for a call that takes minutes; the window makes that safe and waits a moment itself.
        stream_wait_empty=False,
        broker_session_timeout=kafka.session_timeout_s,
        broker_heartbeat_interval=kafka.heartbeat_interval_s,
        broker_request_timeout=kafka.request_timeout_s,
        broker_rebalance_timeout=kafka.rebalance_timeout_s,
        broker_commit_interval=kafka.commit_interval_s,
        broker_max_poll_interval=300.0,
        # A topic that is created later is noticed within this time; the default is five minutes.
        consumer_metadata_max_age_ms=10_000,
        producer_metadata_max_age_ms=10_000,
        producer_request_timeout=30.0,
        producer_acks=-1,
        producer_max_request_size=LARGEST_MESSAGE_BYTES,
        producer_linger=0.0,
        producer_compression_type=None if kafka.compression == "none" else kafka.compression,
        # Every message is a batch of its own: what the broker says of a batch is then said of one message.
        producer_max_batch_size=1,
    )


def _credentials(kafka: KafkaSettings) -> faust.SASLCredentials | faust.SSLCredentials | None:
    context = tls_context(kafka)
    if kafka.uses_sasl and kafka.password:
        return faust.SASLCredentials(
            username=kafka.username,
            password=kafka.password.get_secret_value(),
            mechanism=kafka.sasl_mechanism,
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context else None


@dataclass(frozen=True)
class Delivered:
    """A Faust event, as the window sees it."""

    event: EventT[Any]

    @property
    def partition(self) -> TP:
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


def _publisher(app: faust.App, prefix: str, stage: Stage) -> Publish:
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


def _message(event: EventT[Any], topics: dict[str, Topic]) -> Message:
    message = event.message
    headers = cast("list[tuple[str, bytes]]", message.headers or [])  # what aiokafka delivers
    return Message(
        topic=topics[message.topic],
        partition=message.partition,
        offset=message.offset,
        key=message.key,
        value=message.value,
        headers=tuple(headers),
    )


def _die(bug: BaseException) -> None:
    """End the process: what was taken stays unacknowledged, so another one gets it."""
    stack = "".join(traceback.format_tb(bug.__traceback__))  # without its text, which may quote the call
    logger.critical("the runner raised, ending the process", extra={"error_type": type(bug).__name__, "stack": stack})
    os._exit(_EXIT_BUG)


def _tell_everybody(kafka: KafkaSettings, stage: str, reason: str) -> None:
    """Publish the brake from a thread: the event loop must not wait, and the brokers may be away for long."""

    def tell() -> None:
        pause = threading.Event()
        while True:
            try:
                return publish_notice(kafka, stage, applied=True, reason=reason)
            except KafkaUnavailable as error:
                logger.warning("brake not confirmed, trying again", extra={"error": error.message})
                pause.wait(5)

    threading.Thread(target=tell, name="brake-notice", daemon=True).start()


def connect(
    app: faust.App,
    stage: Stage,
    agent: Agent[Any],
    *,
    kafka: KafkaSettings,
    runner: RunnerSettings,
    health: Health,
    turns: EventCodec,
    tracing: Spans,
) -> Watchdog:
    """Let ``agent`` work on the stage's topics, through the runner and the window; returns what watches over it."""

    async def hand_over() -> None:
        await window.settle(kafka.handover_s)
        await cast("Consumer", app.consumer).force_commit()  # what is done does not come again elsewhere

    app.transport = Transport(app, hand_over)  # before the first topic asks for it
    topics = {kafka.prefix + topic.name: topic for topic in stage.takes}
    stage_runner = StageRunner(
        stage,
        agent,
        _publisher(app, kafka.prefix, stage),
        runner,
        turns=turns,
        tracing=tracing,
        on_pause=health.pause,
        apply_brake=partial(_tell_everybody, kafka, stage.name),
    )
    window = Window(
        size=runner.window_size,
        generation=lambda: app.consumer_generation_id,
        on_bug=_die,
    )
    metrics.start_from_zero(stage.name)
    metrics.IN_FLIGHT.labels(stage.name).set_function(lambda: window.in_flight)
    metrics.PAUSED.labels(stage.name, "dependency").set_function(lambda: stage_runner.breaker.open_for is not None)
    metrics.PAUSED.labels(stage.name, "brake").set_function(lambda: stage_runner.brake.reason is not None)
    loop = asyncio.get_event_loop()

    def brake_changed(reason: str | None) -> None:
        loop.call_soon_threadsafe(stage_runner.brake.set, reason)

    follow_brake(kafka, stage.name, brake_changed)

    async def take(stream: StreamT[Any]) -> None:
        async for event in cast("faust.Stream[Any]", stream).noack().events():
            await window.admit(Delivered(event), partial(stage_runner.take, _message(event, topics)))

    # One actor: Faust's own concurrency loses events.
    app.agent(app.topic(*topics, key_type=bytes, value_type=bytes), name=stage.name, concurrency=1)(take)

    async def beat() -> None:
        while True:
            health.beat()
            await asyncio.sleep(1)

    async def partitions_assigned(*_: Any, **__: Any) -> None:
        metrics.REBALANCES.labels(stage.name).inc()
        health.joined = True
        window.resume()

    async def finish(*_: Any, **__: Any) -> None:
        health.joined = False
        if not await window.drain(runner.grace_s):
            logger.warning("ended with work in flight, it comes again elsewhere", extra={"events": window.in_flight})
        await app.consumer.commit()
        await agent.stop()

    app.task(beat)
    app.on_partitions_assigned.connect(partitions_assigned)
    app.on_before_shutdown.connect(finish)

    def look() -> Sight:
        assigned = app.consumer.assignment() if health.joined and not app.rebalancing else set()
        return Sight(
            partitions=frozenset((tp.topic, tp.partition) for tp in assigned),
            progress=window.admitted,
            finished=window.finished,
            in_flight=window.in_flight,
            paused=stage_runner.waits_for is not None,
            rebalancing=app.rebalancing,
            crashed=app.crashed,
            stopping=app.should_stop,
        )

    return Watchdog(
        look, stall_limit_s=runner.stall_limit_s, stop_limit_s=runner.grace_s + 20, hold_limit_s=runner.hold_limit_s
    )


def run_worker(
    stage: Stage,
    make_agent: Callable[[], Agent[Any]],
    kafka: KafkaSettings,
    runner: RunnerSettings,
    health: Health,
    turns: EventCodec = INLINE,
    tracing: Spans = NO_TRACING,
) -> None:
    """Work on a stage until SIGTERM or SIGINT; leaves by SystemExit.

    Raises:
        CallsiftError: The agent cannot start; the message says why and what to do.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    agent = make_agent()
    loop.run_until_complete(agent.start())
    gc.freeze()  # what is loaded stays; the collector would visit it again and again
    gc.set_threshold(*_GC_THRESHOLDS)
    app = make_app(stage, kafka)
    app.finalize()
    watchdog = connect(app, stage, agent, kafka=kafka, runner=runner, health=health, turns=turns, tracing=tracing)
    watchdog.start(partial(consumer_lag, kafka, app.conf.id, nothing_before=partial(pass_by, app)))
    logger.info("worker starts", extra={"stage": stage.name, "does": stage.does})
    worker = faust.Worker(app, loop=loop, quiet=True, override_logging=False, redirect_stdouts=False)
    worker.spinner = None  # its terminal codes have no place in a log
    worker.execute_from_commandline()
