"""The processes that are compared: ``python -m benchmarks.contenders NAME --stage STAGE --in-flight N``.

All three take the stage's events, publish one event for each with acks=all, and commit in order, once a second, only
what the broker has confirmed. They work until SIGTERM. Kafka and all else comes from the environment, as for a worker.

plain
    confluent-kafka: consume up to N messages, produce them, wait for every confirmation, commit.
bare
    One Faust application and the window with N in flight; what was taken is published. No runner.
runner
    The worker process itself (decoding, work, metrics, a log line for each event), with empty work.
"""

import argparse
import signal
import threading
import time
from collections.abc import Callable
from typing import Any, cast

import faust
from confluent_kafka import Consumer, KafkaError, Producer
from faust.types import EventT, StreamT

from benchmarks.precomputed import make
from callsift.worker import work
from streams.faust_worker import FaustDelivery, InFlightWindow, make_app
from streams.kafka import PARTITIONER, client_config
from streams.settings import KafkaSettings
from streams.topics import STAGES, Stage

CONTENDERS = ("plain", "bare", "runner")
_CONFIRMATION_LIMIT_S = 30.0


def run_plain(stage: Stage, kafka: KafkaSettings, in_flight: int) -> None:
    """Consume, produce, wait for the confirmations, commit; with librdkafka alone."""
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    failures: list[KafkaError] = []

    def confirmed(error: KafkaError | None, _message: object) -> None:
        if error is not None:
            failures.append(error)

    group = {"group.id": kafka.prefix + stage.group, "session.timeout.ms": 6000}
    consumer = Consumer(
        client_config(kafka) | group | {"auto.offset.reset": "earliest", "enable.auto.commit": False},
    )
    producer = Producer(
        client_config(kafka) | {"acks": "all", "linger.ms": 0, "partitioner": PARTITIONER},
    )
    consumer.subscribe([kafka.prefix + topic.name for topic in stage.consumes])
    committed_s = time.monotonic()
    gives = kafka.prefix + stage.produces.name
    while not stopping.is_set():
        taken = [message for message in consumer.consume(in_flight, 0.5) if message.error() is None]
        for message in taken:
            producer.produce(gives, key=message.key(), value=message.value(), on_delivery=confirmed)
        if producer.flush(_CONFIRMATION_LIMIT_S) or failures:
            raise SystemExit(f"not confirmed: {failures[:1]}")
        if taken and time.monotonic() - committed_s > kafka.commit_interval_s:
            consumer.commit(asynchronous=True)
            committed_s = time.monotonic()
    consumer.close()


def run_bare(stage: Stage, kafka: KafkaSettings, in_flight: int) -> None:
    """Take, publish, wait for the confirmation, acknowledge; with Faust and the window alone."""
    app = make_app(stage, kafka)
    takes = app.topic(*(kafka.prefix + topic.name for topic in stage.consumes), key_type=bytes, value_type=bytes)
    gives = app.topic(kafka.prefix + stage.produces.name, key_type=bytes, value_type=bytes)
    window = InFlightWindow(size=in_flight, generation=lambda: app.consumer_generation_id, on_bug=_raise_in_main_thread)

    def publishing(event: EventT[Any]) -> Callable[[], Any]:
        async def publish() -> None:
            await (await gives.send(key=event.message.key, value=event.message.value))

        return publish

    async def take(stream: StreamT[Any]) -> None:
        async for event in cast("faust.Stream[Any]", stream).noack().events():
            await window.submit(FaustDelivery(event), publishing(event))

    app.agent(takes, name=stage.name, concurrency=1)(take)
    worker = faust.Worker(app, quiet=True, override_logging=False, redirect_stdouts=False)
    worker.spinner = None
    worker.execute_from_commandline()


def _raise_in_main_thread(bug: BaseException) -> None:
    raise SystemExit(f"not confirmed: {bug!r}")


def main() -> None:
    """Be one contender until SIGTERM."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.contenders", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("name", choices=CONTENDERS, help="who to be")
    parser.add_argument("--stage", choices=STAGES, default="audio", help="whose topics and group; default audio")
    parser.add_argument(
        "--in-flight",
        type=int,
        default=8,
        metavar="N",
        help="events in work at once; default 8 (runner: CALLSIFT_RUNNER_WINDOW_SIZE says it)",
    )
    arguments = parser.parse_args()
    if arguments.name == "runner":
        work(arguments.stage, make)
        return
    run = run_plain if arguments.name == "plain" else run_bare
    run(STAGES[arguments.stage], KafkaSettings.read(), arguments.in_flight)


if __name__ == "__main__":
    main()
