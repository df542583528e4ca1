"""What a backfill costs live calls: their 95th percentile without one and beside one, in one run, and how fast it goes.

A whole pipeline with real speech recognition (the demo's model) on a real Kafka. Live calls come at random, open loop,
seeded; the backfill goes as fast as it may. Alone, beside, alone again, so that what else the machine does is seen.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psutil

from benchmarks.pipelines import running
from callsift.calls import call_ended, emit
from callsift.demo_files import RECORDINGS
from callsift.embedded import end
from deploy.laptop.folders import kept_or_temporary
from deploy.laptop.kafka import Cluster
from schemas import CallOutcome, OneFile
from streams.kafka import TopicReader, create_topics
from streams.settings import KafkaSettings
from streams.topics import OUTCOMES

_ROOT = Path(__file__).resolve().parents[1]
_RECORDING = RECORDINGS / "wrong-number.mp3"
_LAST_LIMIT_S = 300.0
_A_YEAR_AGO = datetime.now(UTC) - timedelta(days=365)


class Outcomes:
    """When each outcome came, noted by a thread; and how often."""

    def __init__(self, kafka: KafkaSettings) -> None:
        """Begin with what comes from now on."""
        self.came_s: dict[str, float] = {}
        self.failed = self.again = 0
        self._reader = TopicReader(kafka, OUTCOMES.name, from_start=False)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while not self._ended.is_set():
            for value in self._reader.values(1.0):
                outcome = CallOutcome.model_validate_json(value)
                self.again += outcome.call_id in self.came_s
                self.failed += outcome.state == "failed"
                self.came_s.setdefault(outcome.call_id, time.monotonic())

    def close(self) -> None:
        """End the thread."""
        self._ended.set()
        self._thread.join()
        self._reader.close()


class Live:
    """Live calls, at random moments."""

    def __init__(self, kafka: KafkaSettings, outcomes: Outcomes, every_s: float) -> None:
        """Send one every so many seconds in the mean."""
        self._kafka, self._outcomes, self._every_s = kafka, outcomes, every_s
        self._gaps = random.Random(20)

    def phase(self, name: str, seconds: float, process: "subprocess.Popen[bytes] | None" = None) -> dict[str, Any]:
        """Send calls for so long, or as long as the process lives; return what they and the machine did."""
        sent_s: dict[str, float] = {}
        psutil.cpu_percent()
        began_s = due_s = time.monotonic()
        done_before = len(self._outcomes.came_s)
        while (process.poll() is None) if process else time.monotonic() - began_s < seconds:
            due_s += self._gaps.expovariate(1 / self._every_s)
            time.sleep(max(0.0, due_s - time.monotonic()))
            call = call_ended(f"{name}-{len(sent_s)}", OneFile(uri=_RECORDING.as_uri()))
            sent_s[call.call_id] = due_s
            emit(self._kafka, [call])
        took_s, busy = time.monotonic() - began_s, psutil.cpu_percent()
        deadline = time.monotonic() + _LAST_LIMIT_S
        while not sent_s.keys() <= self._outcomes.came_s.keys():
            if time.monotonic() > deadline:
                raise SystemExit("live calls have no outcome: keep the folder (--keep) and read the logs")
            time.sleep(0.1)
        waited = [self._outcomes.came_s[call] - at for call, at in sent_s.items()]
        others = len(self._outcomes.came_s) - done_before - len(sent_s)
        return {
            "live_calls": len(waited),
            "p50_s": round(median(waited), 2),
            "p95_s": round(quantiles(waited, n=20)[18], 2),
            "seconds": round(took_s, 1),
            "backfill_per_minute": round(others / took_s * 60, 1),
            "machine_busy_percent": busy,
        }


def measure(folder: Path, *, calls: int, every_s: float, alone_s: float, in_flight: int | None) -> dict[str, Any]:
    """Return the figures of each phase, and their ratio."""
    with Cluster(folder / "kafka") as cluster:
        kafka = KafkaSettings(bootstrap_servers=cluster.bootstrap_servers)
        create_topics(kafka)
        variables = {
            "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": cluster.bootstrap_servers,
            "CALLSIFT_AUDIO_STORE_URI": (folder / "audio").as_uri(),
            "CALLSIFT_CLASSIFIER": "offline",
        }
        home = folder / "home"
        home.mkdir()
        with running(_ROOT, home, variables, separate=False):
            outcomes = Outcomes(kafka)
            live = Live(kafka, outcomes, every_s)
            live.phase("warm-up", 5 * every_s)
            found = {"before": live.phase("before", alone_s)}
            with _backfill(folder, home, _archive(folder, calls), in_flight) as process:
                found["beside"] = live.phase("beside", 0, process)
            found["after"] = live.phase("after", alone_s)
            outcomes.close()
    came = sum(call.startswith("old-") for call in outcomes.came_s)
    alone_p95_s = (found["before"]["p95_s"] + found["after"]["p95_s"]) / 2
    return found | {
        "ratio_p95": round(found["beside"]["p95_s"] / alone_p95_s, 2),
        "backfill_calls": calls,
        "backfill_outcomes": came,
        "failed": outcomes.failed,
        "came_twice": outcomes.again,
        "exit_code": process.returncode,
    }


@contextmanager
def _backfill(folder: Path, home: Path, archive: Path, in_flight: int | None) -> Iterator["subprocess.Popen[bytes]"]:
    paced = [] if in_flight is None else ["--in-flight", str(in_flight)]
    with (folder / "backfill.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "callsift", "backfill", str(archive), *paced, "--json"],
            env={**os.environ, "CALLSIFT_HOME": str(home)},
            stdout=log,
            stderr=sys.stderr,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            end(process, 20)


def _archive(folder: Path, calls: int) -> Path:
    path = folder / "archive.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(calls):
            ended_at = (_A_YEAR_AGO + timedelta(seconds=number)).isoformat()
            call = {"call_id": f"old-{number}", "ended_at": ended_at, "recording": {"uri": _RECORDING.as_uri()}}
            file.write(json.dumps(call) + "\n")
    return path


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backfill", description=__doc__)
    parser.add_argument("--calls", type=int, default=20_000, help="old calls; default 20,000")
    parser.add_argument("--every", type=float, default=3.0, help="seconds between live calls in the mean; default 3")
    parser.add_argument("--alone", type=float, default=300.0, help="seconds without backfill, twice; default 300")
    parser.add_argument("--in-flight", type=int, help="old calls on their way at once; default: as callsift backfill")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--keep", type=Path, help="folder for logs and data; default: a temporary one, removed")
    arguments = parser.parse_args()
    with kept_or_temporary(arguments.keep, "callsift-benchmark-") as folder:
        found = measure(
            folder,
            calls=arguments.calls,
            every_s=arguments.every,
            alone_s=arguments.alone,
            in_flight=arguments.in_flight,
        )
    print(json.dumps(found) if arguments.json else "\n".join(f"{name}: {value}" for name, value in found.items()))


if __name__ == "__main__":
    main()
