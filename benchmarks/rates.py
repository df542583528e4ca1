"""Events per second of one process, seen from outside: by the broker's offsets and the system's CPU clock."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from benchmarks.precomputed import taken_by
from benchmarks.processes import cpu_s
from callsift.embedded import end
from streams.kafka import PARTITIONER, client_config
from streams.settings import KafkaSettings
from streams.topics import STAGES

AGAINST = "against"
"""The contender that is the runner of another checkout."""
_START_LIMIT_S = 60.0
_LOOK_EVERY_S = 0.03
_WARM_UP = 0.05
"""Share of the events that pass before the clock starts, and of those that are left when it stops."""
_GRACE_S = 20.0
_GROUP_LIMIT_S = 20.0
_LATEST = OffsetSpec.latest()


@dataclass(frozen=True)
class Sample:
    """One process, measured once."""

    contender: str
    in_flight: int
    events: int
    seconds: float
    cpu_s: float
    """User and system time of the process meanwhile, all its threads."""

    @property
    def per_second(self) -> float:
        """Events per second."""
        return self.events / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of CPU for each event."""
        return self.cpu_s * 1000 / self.events


class Track:
    """A stage's topics, filled once, from whose beginning one contender after the other starts."""

    def __init__(
        self, kafka: KafkaSettings, folder: Path, stage: str, events: int, against: Path | None = None
    ) -> None:
        """Fill the stage's topic with ``events`` events; ``against`` is another checkout's folder, or none."""
        self._kafka = kafka
        self._against = against
        self._folder = folder
        self._stage = STAGES[stage]
        self._events = events
        self._admin = AdminClient(client_config(kafka))
        self._gives = kafka.prefix + self._stage.produces.name
        producer = Producer(client_config(kafka) | {"linger.ms": 50, "partitioner": PARTITIONER})
        for number in range(events):
            call_id = f"call-{number:07}"
            value = taken_by(stage, call_id).model_dump_json().encode()
            while True:
                try:
                    producer.produce(kafka.prefix + self._stage.consumes[0].name, key=call_id.encode(), value=value)
                    break
                except BufferError:
                    producer.poll(0.1)
        if producer.flush(60):
            raise SystemExit("the broker did not take the events")
        topics = self._admin.list_topics(timeout=10).topics
        self._places = [TopicPartition(self._gives, number) for number in topics[self._gives].partitions]

    def run(self, contender: str, in_flight: int, limit_s: float) -> Sample:
        """Let a contender run for ``limit_s`` seconds or until the events are over, and measure it."""
        with self._process(contender, in_flight) as process:
            start, begun_s = self._ends(), time.monotonic()
            first = start + round(self._events * _WARM_UP)
            last = start + self._events - round(self._events * _WARM_UP)
            # the slow ones are warm after a second, too
            while (count := self._ends()) < first and not (count > start and time.monotonic() - begun_s > limit_s):
                self._check(process, begun_s)
                time.sleep(_LOOK_EVERY_S)
            count, began_s, cpu_before_s = self._ends(), time.monotonic(), cpu_s(process.pid)
            while (now := self._ends()) < last and time.monotonic() - began_s < limit_s:
                self._check(process, None)
                time.sleep(_LOOK_EVERY_S)
            seconds, spent_s = time.monotonic() - began_s, cpu_s(process.pid) - cpu_before_s
        self._forget()
        return Sample(contender, in_flight, now - count, seconds, spent_s)

    @contextmanager
    def _process(self, contender: str, in_flight: int) -> Iterator["subprocess.Popen[bytes]"]:
        variables = {
            "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": self._kafka.bootstrap_servers,
            "CALLSIFT_RUNNER_WINDOW_SIZE": str(in_flight),
            "CALLSIFT_HTTP_PORT": "0",
        }
        name, checkout = ("runner", self._against) if contender == AGAINST else (contender, None)
        command = [sys.executable, "-m", "benchmarks.contenders", name]
        command += ["--stage", self._stage.name, "--in-flight", str(in_flight)]
        with (self._folder / f"{contender}-{in_flight}.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=checkout, env={**os.environ, **variables}, stdout=log, stderr=log, start_new_session=True
            )
        try:
            yield process
        finally:
            end(process, _GRACE_S)

    def _check(self, process: "subprocess.Popen[bytes]", begun_s: float | None) -> None:
        late = begun_s is not None and time.monotonic() - begun_s > _START_LIMIT_S
        if late or process.poll() is not None:
            raise SystemExit(f"a contender {'does nothing' if late else 'ended'}: read the logs in {self._folder}")

    def _ends(self) -> int:
        """Return how many events the broker has confirmed so far."""
        asked = self._admin.list_offsets(dict.fromkeys(self._places, _LATEST))
        return sum(future.result(10).offset for future in asked.values())

    def _forget(self) -> None:
        """Let the next contender start at the beginning, and free the space of what this one published."""
        group = self._kafka.prefix + self._stage.group
        deadline = time.monotonic() + _GROUP_LIMIT_S
        while True:
            try:
                self._admin.delete_consumer_groups([group])[group].result(10)
                break
            except KafkaException:  # its member has not left yet
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        for future in self._admin.delete_records(
            [TopicPartition(p.topic, p.partition, -1) for p in self._places]
        ).values():
            future.result(10)
