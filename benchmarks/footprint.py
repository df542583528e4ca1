"""What a whole pipeline needs of a machine: to start, to lie idle, for one call, and for many (Linux).

``--against FOLDER`` measures other checkouts in turns with this one, on the same Kafka, in one run. The workers are
those of ``callsift up``, or with ``--separate`` seven processes of their own, as on Kubernetes. Each takes the demo's
calls. ``--embedded`` takes the broker of ``callsift up`` in place of a real Kafka: what a newcomer sees.
"""

import argparse
import json
import time
from collections.abc import Callable
from contextlib import nullcontext
from itertools import cycle, islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psutil

from benchmarks.pipelines import running
from benchmarks.processes import cpu_s, pss_mb, switches
from callsift.calls import call_ended, emit_and_wait, new_call_id
from callsift.commands.progress import shown
from callsift.demonstration import read_labels, stored_recording
from deploy.laptop.folders import kept_or_temporary
from deploy.laptop.kafka import Cluster
from schemas import CallEnded
from streams.kafka import create_topics
from streams.payloads import ClaimCheckStore
from streams.settings import KafkaSettings

HERE = Path(__file__).parents[1]
_OUTCOME_LIMIT_S = 600.0
_SETTLE_S = 12.0
"""Seconds after the start before memory and idle time count."""


def measure(
    checkout: Path, folder: Path, cluster: Cluster | None, prefix: str, wanted: argparse.Namespace
) -> dict[str, float]:
    """Return the figures of one pipeline, on the cluster's Kafka, or on the embedded broker."""
    audio = (folder / "audio").as_uri()
    variables = {"CALLSIFT_KAFKA_PREFIX": prefix, "CALLSIFT_AUDIO_STORE_URI": audio, "CALLSIFT_CLASSIFIER": "offline"}
    if cluster:
        variables["CALLSIFT_KAFKA_BOOTSTRAP_SERVERS"] = cluster.bootstrap_servers
        create_topics(KafkaSettings(bootstrap_servers=cluster.bootstrap_servers, prefix=prefix))
    found: dict[str, float] = {}
    with running(checkout, folder, variables, wanted.separate) as (processes, found["ready_s"]):
        found["ready_cpu_s"] = processes.cpu_s
        time.sleep(_SETTLE_S)
        found["ready_pss_mb"] = sum(map(pss_mb, processes.all))
        before = processes.cpu_s, _kafka_cpu_s(), sum(map(switches, processes.all)), time.monotonic()
        time.sleep(wanted.idle)
        seconds = time.monotonic() - before[3]
        found["idle_percent"] = 100 * (processes.cpu_s - before[0]) / seconds
        found["idle_kafka_percent"] = 100 * (_kafka_cpu_s() - before[1]) / seconds
        found["idle_switches_per_s"] = (sum(map(switches, processes.all)) - before[2]) / seconds
        servers = cluster.bootstrap_servers if cluster else _embedded_broker(folder)
        send = _sender(KafkaSettings(bootstrap_servers=servers, prefix=prefix), ClaimCheckStore(audio))
        send(2)
        alone = [send(1)[1] for _ in range(wanted.alone)]
        found["one_call_p50_s"], found["one_call_p95_s"] = median(alone), quantiles(alone, n=20)[18]
        began_cpu_s = processes.cpu_s
        calls, seconds = send(wanted.calls)
        found["cpu_s_per_call"] = (processes.cpu_s - began_cpu_s) / calls
        found["calls_per_hour"] = 3600 * calls / seconds
        found["working_pss_mb"] = sum(map(pss_mb, processes.all))
    return {name: round(value, 3) for name, value in found.items()}


def _embedded_broker(home: Path) -> str:
    """Return the address of the broker of a ``callsift up``."""
    environment = json.loads((home / "up.json").read_text(encoding="utf-8"))["environment"]
    return str(environment["CALLSIFT_KAFKA_BOOTSTRAP_SERVERS"])


def _kafka_cpu_s() -> float:
    """Return the seconds so far of a Kafka that this process started; the embedded one is part of ``callsift up``."""
    return sum(cpu_s(one.pid) for one in psutil.Process().children(recursive=True) if "java" in one.name())


def _sender(kafka: KafkaSettings, store: ClaimCheckStore) -> Callable[[int], tuple[int, float]]:
    """Give a function that sends so many of the demo's calls at once; it returns their number and the seconds."""
    recordings = cycle([stored_recording(label.recording, store) for label in read_labels()])

    def send(number: int) -> tuple[int, float]:
        events: list[CallEnded] = [call_ended(new_call_id(), one) for one in islice(recordings, number)]
        began_s = time.monotonic()
        outcomes = emit_and_wait(kafka, events, _OUTCOME_LIMIT_S, lambda _: None)
        if any(outcome.state != "done" for outcome in outcomes.values()):
            raise SystemExit("a call failed: keep the folder (--folder) and read the logs")
        return number, time.monotonic() - began_s

    return send


def main() -> None:
    """Print the figures of each checkout, side by side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, action="append", default=[], help="Another checkout with its .venv.")
    parser.add_argument("--separate", action="store_true", help="Seven processes of their own instead of `up`.")
    parser.add_argument("--embedded", action="store_true", help="The embedded broker in place of a real Kafka.")
    parser.add_argument("--turns", type=int, default=1, help="How often each is measured; medians are printed.")
    parser.add_argument("--idle", type=float, default=60.0, help="Seconds to look at the idle pipeline.")
    parser.add_argument("--alone", type=int, default=30, help="Calls sent one at a time.")
    parser.add_argument("--calls", type=int, default=160, help="Calls sent at once.")
    parser.add_argument("--folder", type=Path, help="Keep logs and data here; default: a temporary folder.")
    parser.add_argument("--json", action="store_true", help="Print one JSON document.")
    wanted = parser.parse_args()
    if wanted.embedded and wanted.separate:
        parser.error("--embedded and --separate: the embedded broker is part of `callsift up`")
    checkouts = [HERE, *(path.resolve() for path in wanted.against)]
    found: dict[str, list[dict[str, float]]] = {str(checkout): [] for checkout in checkouts}
    with (
        shown(len(checkouts) * wanted.turns) as steps,
        kept_or_temporary(wanted.folder, "callsift-footprint-") as folder,
        nullcontext() if wanted.embedded else Cluster(folder / "kafka") as cluster,
    ):
        for turn in range(wanted.turns):
            for number, checkout in enumerate(checkouts):
                own = folder / f"turn-{turn}-{number}"
                own.mkdir(parents=True)
                found[str(checkout)].append(measure(checkout, own, cluster, f"t{turn}-{number}.", wanted))
                steps.done(f"{checkout}: {found[str(checkout)][-1]}")
    medians = {name: {key: median(one[key] for one in all_) for key in all_[0]} for name, all_ in found.items()}
    if wanted.json:
        print(json.dumps({"medians": medians, "turns": found}, indent=2))
        return
    print("figure".ljust(22), *(name[-28:].rjust(30) for name in medians))
    first: dict[str, Any] = next(iter(medians.values()))
    for key in first:
        print(key.ljust(22), *(f"{own[key]:30.3f}" for own in medians.values()))


if __name__ == "__main__":
    main()
