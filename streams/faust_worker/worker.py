"""A stage's worker process: its start, its hand-over and its end, each from top to bottom in one place."""

import asyncio
import gc
import logging
import os
import traceback
from functools import partial
from typing import Any, cast

import faust
from faust.types import StreamT

from streams import metrics
from streams.faust_worker import shared_brake
from streams.faust_worker.app import make_app
from streams.faust_worker.consumer import Consumer, Transport, commit_past_gaps
from streams.faust_worker.delivery import FaustDelivery
from streams.faust_worker.in_flight import InFlightWindow
from streams.faust_worker.producer import make_publish
from streams.faust_worker.watchdog import Watchdog, WorkerState
from streams.health import Health
from streams.kafka.forgotten import follow_forgotten
from streams.kafka.lag import GroupLag
from streams.payloads.codec import INLINE, EventCodec
from streams.processing.agent import Agent
from streams.processing.runner import PATIENCE, Patience, StageRunner
from streams.processing.spans import NO_TRACING, Spans
from streams.settings import KafkaSettings, RunnerSettings
from streams.topics import Stage

logger = logging.getLogger(__name__)
_GC_THRESHOLDS = (50_000, 20, 50)
"""Events are trees of many small objects without cycles; Python's defaults cost a quarter of a large event's CPU."""
_BEAT_S = 4.0
"""Health calls a worker dead after 15 seconds without a beat."""
_STOP_LIMIT_S = 20.0
"""What an orderly end may take beyond the grace."""
_EXIT_BUG = 70  # EX_SOFTWARE of sysexits.h


class StageWorker:
    """One stage's agent, at work on what Faust delivers.

    ``run`` starts it, ``_hand_over`` gives partitions away, ``_shut_down`` ends it in order. Two others end the process
    at once, and leave unacknowledged what is in work: the watchdog, and a bug that leaves the runner.
    """

    def __init__(
        self,
        stage: Stage,
        agent: Agent[Any],
        *,
        kafka: KafkaSettings,
        runner: RunnerSettings,
        health: Health,
        turns: EventCodec = INLINE,
        tracing: Spans = NO_TRACING,
        patience: Patience = PATIENCE,
    ) -> None:
        """Make the worker of ``stage``; ``agent`` is started and stopped with it, ``turns`` and ``tracing`` are not."""
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)  # before Faust asks for one
        self._stage, self._agent, self._health = stage, agent, health
        self._kafka, self._grace_s = kafka, runner.grace_s
        self._topics = {kafka.prefix + topic.name: topic for topic in stage.consumes}
        self._app = make_app(stage, kafka)
        self._app.finalize()
        # before the first topic asks for it
        self._app.transport = Transport(self._app, self._hand_over, kafka.fetch_wait_s)
        self._forgotten = set[str]()
        self._runner = StageRunner(
            stage,
            agent,
            make_publish(self._app, kafka.prefix, stage),
            runner,
            turns=turns,
            tracing=tracing,
            on_pause=health.pause,
            apply_brake=partial(shared_brake.apply, kafka, stage.name),
            is_forgotten=self._forgotten.__contains__,
            prefix=kafka.prefix,
            patience=patience,
        )
        self._window = InFlightWindow(
            size=runner.window_size, generation=lambda: self._app.consumer_generation_id, on_bug=_end_process
        )
        self._watchdog = Watchdog(
            self._state,
            stall_limit_s=runner.stall_limit_s,
            stop_limit_s=runner.grace_s + _STOP_LIMIT_S,
            hold_limit_s=runner.hold_limit_s,
            rebalance_s=kafka.rebalance_timeout_s,
        )

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; leaves by SystemExit.

        Raises:
            CallsiftError: The agent cannot start, or the brokers do not answer; the message says why and what to do.
        """
        self._loop.run_until_complete(self._agent.start())
        gc.freeze()  # what is loaded stays; the collector would visit it again and again
        gc.set_threshold(*_GC_THRESHOLDS)
        self._show_metrics()
        shared_brake.follow(self._kafka, self._stage.name, self._runner.brake, self._loop)
        follow_forgotten(self._kafka, self._forgotten.add)
        # One actor: Faust's own concurrency loses events.
        topics = self._app.topic(*self._topics, key_type=bytes, value_type=bytes)
        self._app.agent(topics, name=self._stage.name, concurrency=1)(self._take)
        self._app.task(self._beat)
        self._app.on_partitions_assigned.connect(self._on_assigned)
        self._app.on_before_shutdown.connect(self._shut_down)
        self._watchdog.start(GroupLag(self._kafka, self._app.conf.id, partial(commit_past_gaps, self._app)))
        logger.info("worker starts", extra={"stage": self._stage.name, "does": self._stage.summary})
        worker = faust.Worker(self._app, loop=self._loop, quiet=True, override_logging=False, redirect_stdouts=False)
        worker.spinner = None  # its terminal codes have no place in a log
        worker.execute_from_commandline()

    async def _take(self, stream: StreamT[Any]) -> None:
        async for event in cast("faust.Stream[Any]", stream).noack().events():
            delivery = FaustDelivery(event)
            await self._window.submit(delivery, partial(self._runner.take, delivery.message(self._topics)))

    async def _beat(self) -> None:
        while True:
            self._health.beat()
            await asyncio.sleep(_BEAT_S)

    async def _hand_over(self) -> None:
        """Give partitions away: a bounded wait, then a commit, before Faust forgets what is acknowledged."""
        await self._window.quiesce(self._kafka.handover_s)
        await cast("Consumer", self._app.consumer).force_commit()  # what is done does not come again elsewhere

    async def _on_assigned(self, *_: Any, **__: Any) -> None:
        metrics.REBALANCES.labels(self._stage.name).inc()
        self._health.joined = True
        self._window.resume()

    async def _shut_down(self, *_: Any, **__: Any) -> None:
        """End in order; Faust has stopped its consumer's flow, and flushes, leaves the group and exits after it."""
        self._health.joined = False
        if not await self._window.drain(self._grace_s):
            left = self._window.in_flight
            logger.warning("ended with work in flight, it comes again elsewhere", extra={"events": left})
        await self._app.consumer.commit()
        await self._agent.stop()

    def _state(self) -> WorkerState:
        has_partitions = self._health.joined and not self._app.rebalancing
        assigned = self._app.consumer.assignment() if has_partitions else set()
        return WorkerState(
            partitions=frozenset((tp.topic, tp.partition) for tp in assigned),
            submitted=self._window.submitted,
            finished=self._window.finished,
            in_flight=self._window.in_flight,
            paused=self._runner.waits_for is not None,
            rebalancing=self._app.rebalancing,
            crashed=self._app.crashed,
            stopping=self._app.should_stop,
        )

    def _show_metrics(self) -> None:
        stage, runner = self._stage.name, self._runner
        metrics.start_from_zero(stage)
        metrics.IN_FLIGHT.labels(stage).set_function(lambda: self._window.in_flight)
        metrics.PAUSED.labels(stage, "dependency").set_function(lambda: runner.breaker.open_for is not None)
        metrics.PAUSED.labels(stage, "brake").set_function(lambda: runner.brake.reason is not None)


def _end_process(bug: BaseException) -> None:
    """End without the shutdown: what was taken stays unacknowledged, so another one gets it."""
    stack = "".join(traceback.format_tb(bug.__traceback__))  # without its text, which may quote the call
    logger.critical("the runner raised, ending the process", extra={"error_type": type(bug).__name__, "stack": stack})
    os._exit(_EXIT_BUG)
