"""Retention over a store of very many small objects: time, and the most memory that the process takes.

``python -m benchmarks.retention --objects 1000000`` fills a folder, half of it too old, a hundredth of that needed by
messages that wait on Kafka, and runs ``callsift retention run`` on it in a process of its own, dry first.
"""

import argparse
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from callsift.embedded import EmbeddedBroker
from schemas import ClaimCheck
from streams.kafka import produce
from streams.payloads import PREPARED
from streams.settings import KafkaSettings
from streams.topics import AUDIO

_OLD_S = 8 * 24 * 3600
_AT_ONCE = 10_000


def main() -> None:
    """Fill a store, run the retention, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--messages", type=int, default=5_000, help="how many wait on Kafka, each naming an old object")
    parser.add_argument("--folder", type=Path, default=None, help="where to put the store (default: a temporary one)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        root = Path(folder)
        began_s = time.monotonic()
        _fill(root, asked.objects)
        print(f"{asked.objects} objects written in {time.monotonic() - began_s:.0f} s", file=sys.stderr)
        broker = EmbeddedBroker()
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
        _let_wait(kafka, root, asked.messages)
        variables = {name: value for name, value in os.environ.items() if not name.startswith("CALLSIFT_")}
        variables |= {
            "CALLSIFT_HOME": str(root / "home"),
            "CALLSIFT_AUDIO_STORE_URI": root.as_uri(),
            "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        }
        for options in (["--dry-run"], []):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            began_s = time.monotonic()
            command = [sys.executable, "-m", "callsift", "retention", "run", *options]
            subprocess.run(command, env=variables, check=True)
            took_s, used = time.monotonic() - began_s, resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu_s = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
            print(f"{took_s:.1f} s, {cpu_s:.1f} s of CPU, {used.ru_maxrss / 1024:.0f} MiB at most")
        del broker


def _name(number: int) -> str:
    return PREPARED.file(hashlib.sha256(f"{number}".encode()).hexdigest(), ".flac")


def _fill(root: Path, count: int) -> None:
    (root / PREPARED.name).mkdir()
    then_s = time.time() - _OLD_S
    for number in range(count):
        path = root / _name(number)
        path.write_bytes(b"small")
        if number % 2:
            os.utime(path, (then_s, then_s))


def _let_wait(kafka: KafkaSettings, root: Path, count: int) -> None:
    for first in range(0, count, _AT_ONCE):
        claims = (
            ClaimCheck(uri=f"{root.as_uri()}/{_name(2 * number + 1)}", size_bytes=5, sha256=f"{number:064x}")
            for number in range(first, min(count, first + _AT_ONCE))
        )
        produce(kafka, AUDIO.name, [("call", f'{{"audio": {claim.model_dump_json()}}}'.encode()) for claim in claims])


if __name__ == "__main__":
    main()
