"""What each worker needs as a process of its own, as on Kubernetes: CPU until it is ready, memory then (Linux).

All seven start together, with the embedded broker and store, the offline classifier and the demo's speech model, each
with its children. ``--against FOLDER`` does the same with another checkout and its .venv, in turns.

PSS divides what several processes share among them: right for the sum, too little for one of them.
"Private" is what nobody else has: at least that is saved where a worker has a machine for itself.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.processes import cpu_s, family
from callsift.demo_files import DEMO_MODEL
from callsift.embedded import EmbeddedBroker, EmbeddedStore, end, free_port
from callsift.worker import WORKERS

HERE = Path(__file__).parents[1]
_READY_LIMIT_S = 120.0
_SETTLE_S = 5.0


class Figures(NamedTuple):
    """What one worker needs, its children included."""

    cpu_s: float
    """Seconds of CPU until it is ready."""
    pss_mb: float
    private_mb: float


def measure(checkout: Path) -> dict[str, Figures]:
    """Start a checkout's workers, and return what each needs."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="callsift-workers-")))
        broker, store = EmbeddedBroker(), EmbeddedStore(folder / "store")
        stack.callback(lambda: broker)  # keeps it alive until the workers are gone
        stack.callback(store.stop)
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("CALLSIFT_", "OTEL_"))}
        environment |= {
            "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers,
            "CALLSIFT_AUDIO_STORE_URI": (folder / "audio").as_uri(),
            "CALLSIFT_VOSK_MODEL": str(DEMO_MODEL),
            "CALLSIFT_CLASSIFIER": "offline",
            "CALLSIFT_MONGO_URI": store.uri,
        }
        log = stack.enter_context((folder / "log").open("ab"))
        started: dict[str, tuple[subprocess.Popen[bytes], int]] = {}
        for name in WORKERS:
            port = free_port()
            started[name] = (
                subprocess.Popen(
                    [checkout / ".venv" / "bin" / "python", "-m", "callsift", "worker", name],
                    cwd=checkout,
                    env=environment | {"CALLSIFT_HTTP_PORT": f"127.0.0.1:{port}"},
                    stdout=log,
                    stderr=log,
                ),
                port,
            )
            stack.callback(end, started[name][0])
        taken_s = dict.fromkeys(started, 0.0)
        deadline = time.monotonic() + _READY_LIMIT_S
        while waiting := [name for name in started if not taken_s[name]]:
            assert time.monotonic() < deadline, (folder / "log").read_text(encoding="utf-8")[-2000:]
            taken_s |= {name: cpu_s(started[name][0].pid) for name in waiting if _ready(started[name][1])}
            time.sleep(0.05)
        time.sleep(_SETTLE_S)
        return {name: Figures(taken_s[name], *_memory_mb(process.pid)) for name, (process, _) in started.items()}


def _memory_mb(pid: int) -> tuple[float, float]:
    found = [process.memory_full_info() for process in family(pid)]
    return sum(one.pss for one in found) / 2**20, sum(one.uss for one in found) / 2**20


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=1) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def main() -> None:
    """Print medians of each checkout, worker by worker and together."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, action="append", default=[], help="another checkout with its .venv")
    parser.add_argument("--turns", type=int, default=3, help="how often each is measured")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    wanted = parser.parse_args()
    checkouts = [HERE, *(path.resolve() for path in wanted.against)]
    turns = [{checkout: measure(checkout) for checkout in checkouts} for _ in range(wanted.turns)]
    found = {str(checkout): _medians([turn[checkout] for turn in turns]) for checkout in checkouts}
    if wanted.json:
        print(json.dumps({name: {one: all_[one]._asdict() for one in all_} for name, all_ in found.items()}, indent=2))
        return
    for name, figures in found.items():
        print(name, "CPU s", "PSS MB", "private MB", sep="\t")
        for worker, one in figures.items():
            print(worker, f"{one.cpu_s:.2f}", f"{one.pss_mb:.0f}", f"{one.private_mb:.0f}", sep="\t")


def _medians(turns: list[dict[str, Figures]]) -> dict[str, Figures]:
    every = {name: [turn[name] for turn in turns] for name in turns[0]}
    every["together"] = [Figures(*map(sum, zip(*turn.values(), strict=True))) for turn in turns]
    return {name: Figures(*map(median, zip(*figures, strict=True))) for name, figures in every.items()}


if __name__ == "__main__":
    main()
