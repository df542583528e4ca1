"""What the conveyor costs: ``python -m benchmarks.conveyor --json``.

On a real Kafka of its own, in a temporary folder, it measures

- events per second of one process and stage, with 1, 8 and 64 in flight (``--in-flight``): the bare window (Faust,
  empty work) and the whole runner (decoding, metrics, a log line), against a plain confluent-kafka loop with the same
  guarantees. They take turns, and each ratio is the median over the turns;
- the CPU time of the runner's process for each event;
- with ``--against FOLDER``, the same of the runner of another checkout, which takes turns with this one's;
- the seconds of one call through all five topics while nothing else is to be done, less the stages' own work.

Needs Java 17 and Linux, takes about five minutes. Other work on the machine spoils the figures.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.contenders import CONTENDERS
from benchmarks.overhead import overheads
from benchmarks.precomputed import STAGES
from benchmarks.rates import AGAINST, Sample, Track
from callsift.commands.progress import Steps, shown
from deploy.laptop.folders import kept_or_temporary
from deploy.laptop.kafka import Cluster
from streams.errors import CallsiftError
from streams.kafka import create_topics
from streams.settings import KafkaSettings

_IN_FLIGHT = [1, 8, 64]


def measure(arguments: argparse.Namespace, folder: Path, steps: Steps) -> dict[str, Any]:
    """Measure everything and return the figures."""
    began_s = time.monotonic()
    samples: list[Sample] = []
    with Cluster(folder / "kafka") as cluster:
        kafka = KafkaSettings(bootstrap_servers=cluster.bootstrap_servers)
        create_topics(kafka)
        found = []
        if arguments.calls:
            calls = overheads(
                kafka,
                folder,
                calls=arguments.calls,
                longest_gap_s=arguments.gap,
                done=lambda: steps.done("one call after the other", quiet=True),
            )
            found = [seconds * 1000 for seconds in calls]
        if arguments.repeats:
            track = Track(kafka, folder, arguments.stage, arguments.events, arguments.against)
            contenders = _contenders(arguments)
            for contender in contenders:  # the broker warms up
                track.run(contender, max(arguments.in_flight), arguments.seconds)
            for _ in range(arguments.repeats):
                for in_flight in arguments.in_flight:
                    for contender in contenders:
                        samples.append(track.run(contender, in_flight, arguments.seconds))
                        steps.done(f"{contender}, {in_flight} in flight: {samples[-1].per_second:,.0f} events/s")
    return _figures(samples, found) | {"seconds": round(time.monotonic() - began_s, 1)}


def _contenders(arguments: argparse.Namespace) -> tuple[str, ...]:
    return CONTENDERS if arguments.against is None else (*CONTENDERS, AGAINST)


def _figures(samples: list[Sample], overheads_ms: list[float]) -> dict[str, Any]:
    numbers = sorted({sample.in_flight for sample in samples})

    def of(contender: str, in_flight: int) -> list[Sample]:
        return [sample for sample in samples if (sample.contender, sample.in_flight) == (contender, in_flight)]

    def rate(sample: Sample) -> float:
        return sample.per_second

    def per_second(contender: str) -> dict[str, int]:
        return {str(n): round(median(sample.per_second for sample in of(contender, n))) for n in numbers}

    def ratios(contender: str, to: str, figure: Callable[[Sample], float] = rate) -> dict[str, float]:
        pairs = {n: zip(of(contender, n), of(to, n), strict=True) for n in numbers}
        return {str(n): round(median(figure(one) / figure(other) for one, other in pairs[n]), 3) for n in numbers}

    def cpu_ms(contender: str) -> dict[str, float]:
        return {str(n): round(median(sample.cpu_ms for sample in of(contender, n)), 3) for n in numbers}

    figures: dict[str, Any] = {"events": sum(sample.events for sample in samples) + len(overheads_ms)}
    if samples:
        figures["ratios"] = {f"{contender}_vs_plain": ratios(contender, "plain") for contender in ("bare", "runner")}
        figures["plain_events_per_second"] = per_second("plain")
        figures["bare_events_per_second"] = per_second("bare")
        figures["runner_events_per_second"] = per_second("runner")
        figures["cpu_ms_per_event"] = {contender: cpu_ms(contender) for contender in CONTENDERS}
        figures["runner_cpu_ms_per_event"] = cpu_ms("runner").get("8")
        if of(AGAINST, numbers[0]):
            figures["against"] = {
                "events_per_second": per_second(AGAINST),
                "cpu_ms_per_event": cpu_ms(AGAINST),
                "events_per_second_ratio": ratios("runner", AGAINST),
                "cpu_per_event_ratio": ratios("runner", AGAINST, lambda sample: sample.cpu_ms),
            }
    if overheads_ms:
        marks = quantiles(overheads_ms, n=100, method="inclusive")
        figures["overhead_ms"] = {
            "p50": round(marks[49], 1),
            "p95": round(marks[94], 1),
            "max": round(max(overheads_ms), 1),
            "calls": len(overheads_ms),
        }
    return figures


def _print_tables(figures: dict[str, Any]) -> None:
    to = Console()
    if "ratios" in figures:
        table = Table(
            "in flight", *figures["plain_events_per_second"], title="One process, one stage", title_justify="left"
        )
        for contender in CONTENDERS:
            rates = figures[f"{contender}_events_per_second"].values()
            table.add_row(f"{contender}, events/s", *(f"{rate:,}" for rate in rates))
        for contender in ("bare", "runner"):
            table.add_row(
                f"{contender} / plain", *(str(r) for r in figures["ratios"][f"{contender}_vs_plain"].values())
            )
        for contender in CONTENDERS:
            values = figures["cpu_ms_per_event"][contender].values()
            table.add_row(f"{contender}, CPU ms/event", *(str(value) for value in values))
        if "against" in figures:
            against = figures["against"]
            table.add_row("runner / other checkout, events/s", *map(str, against["events_per_second_ratio"].values()))
            table.add_row("runner / other checkout, CPU", *map(str, against["cpu_per_event_ratio"].values()))
        to.print(table)
    if "overhead_ms" in figures:
        overhead = figures["overhead_ms"]
        to.print(
            f"One call through five topics, work subtracted: p50 {overhead['p50']} ms, p95 {overhead['p95']} ms, "
            f"longest {overhead['max']} ms ({overhead['calls']} calls)"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.conveyor", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument(
        "--stage", choices=STAGES, default="audio", help="whose events the rates are measured with; default audio"
    )
    parser.add_argument(
        "--repeats", type=int, default=3, help="turns of each contender; default 3, 0 leaves the rates out"
    )
    parser.add_argument(
        "--in-flight",
        type=int,
        nargs="+",
        default=_IN_FLIGHT,
        metavar="N",
        help="events in work at once; default 1 8 64",
    )
    parser.add_argument("--events", type=int, default=60_000, help="events on the topic; default 60000")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long one contender is measured; default 4")
    parser.add_argument("--calls", type=int, default=100, help="calls for the overhead; default 100, 0 leaves it out")
    parser.add_argument("--gap", type=float, default=2.0, help="longest gap between two of them in seconds; default 2")
    parser.add_argument("--against", type=Path, help="folder of another checkout, whose runner is measured as well")
    parser.add_argument("--keep", type=Path, help="folder for logs and data; default: a temporary one, removed")
    arguments = parser.parse_args()
    if 0 < arguments.calls < 20:
        parser.error("--calls: expected 0 or at least 20, a p95 of fewer says nothing")
    total = arguments.repeats * len(arguments.in_flight) * len(_contenders(arguments)) + arguments.calls
    try:
        with kept_or_temporary(arguments.keep, "callsift-benchmark-") as folder, shown(total) as steps:
            figures = measure(arguments, folder, steps)
    except CallsiftError as error:
        sys.exit(f"error: {error}")
    if arguments.json:
        print(json.dumps(figures))
    else:
        _print_tables(figures)


if __name__ == "__main__":
    main()
