"""What the reprocessing lane costs live calls: one call at a time while the lane is idle, and while it is full.

Both take turns in one run, on a real Kafka, with five real workers of which only the speech is precomputed.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

from benchmarks.overhead import FIRST_LIMIT_S, LIMIT_S, line, workers
from benchmarks.precomputed import taken_by
from deploy.laptop.folders import kept_or_temporary
from deploy.laptop.kafka import Cluster
from streams.kafka import consumer_lag, create_topics, produce
from streams.settings import KafkaSettings
from streams.topics import REPROCESS, STAGES

_LANE = next(stage.group for stage in STAGES.values() if REPROCESS in stage.consumes)


def measure(folder: Path, *, rounds: int, calls: int) -> dict[str, float]:
    """Return the figures: milliseconds that the conveyor adds to a live call, with the lane idle and full."""
    with Cluster(folder / "kafka") as cluster:
        kafka = KafkaSettings(bootstrap_servers=cluster.bootstrap_servers)
        create_topics(kafka)
        idle: list[float] = []
        full: list[float] = []
        with workers(kafka, folder, list(STAGES)), line(kafka) as passage:
            passage("first", FIRST_LIMIT_S)
            _fill(kafka, "first", 100)
            _wait_until_idle(kafka)
            for number in range(rounds):
                idle += _passed(passage, f"idle-{number}", calls)
                _fill(kafka, f"lane-{number}", calls * 6)
                full += _passed(passage, f"full-{number}", calls)
                assert _waiting(kafka), "the lane was empty before the calls were through"
                _wait_until_idle(kafka)
    return {
        "idle_p50_ms": round(median(idle), 1),
        "full_p50_ms": round(median(full), 1),
        "idle_p95_ms": round(quantiles(idle, n=20)[18], 1),
        "full_p95_ms": round(quantiles(full, n=20)[18], 1),
        "ratio_p50": round(median(full) / median(idle), 3),
        "calls": len(idle) + len(full),
    }


def _passed(passage: Callable[[str, float], float], name: str, calls: int) -> list[float]:
    """Send calls through, one after the other with a breath between; return the milliseconds of each."""
    found = []
    for number in range(calls):
        time.sleep(0.1)
        found.append(passage(f"{name}-{number}", LIMIT_S) * 1000)
    return found


def _fill(kafka: KafkaSettings, name: str, calls: int) -> None:
    events = [(f"{name}-{n}", taken_by("classify", f"{name}-{n}").model_dump_json().encode()) for n in range(calls)]
    produce(kafka, REPROCESS.name, events)


def _waiting(kafka: KafkaSettings) -> int:
    places = [(kafka.prefix + REPROCESS.name, number) for number in range(REPROCESS.partitions)]
    lag = consumer_lag(kafka, kafka.prefix + _LANE, places)
    assert lag is not None, "the brokers do not answer"
    return lag


def _wait_until_idle(kafka: KafkaSettings) -> None:
    while _waiting(kafka):
        time.sleep(0.5)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lane", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="turns of idle and full; default 3")
    parser.add_argument("--calls", type=int, default=30, help="calls in each; default 30")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--keep", type=Path, help="folder for logs and data; default: a temporary one, removed")
    arguments = parser.parse_args()
    with kept_or_temporary(arguments.keep, "callsift-benchmark-") as folder:
        figures = measure(folder, rounds=arguments.rounds, calls=arguments.calls)
    print(json.dumps(figures) if arguments.json else "\n".join(f"{name}: {value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
