"""Asks a running API whatever its OpenAPI document allows, and what it does not, with a key of every role.

``python -m tests.api.fuzz`` starts ``callsift up`` in a folder of its own, hands some calls in, and lets schemathesis
ask: as an admin all that it can think of (edges of every parameter, chains of requests), as everybody else a part of
it. It exits with 1 for an answer of 5xx, one that the document does not describe, or a role that nothing was asked as.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from api.access import Role
from callsift.demo_files import RECORDINGS
from tests.callsift.conftest import Up, start_up

CALLS = ("leaking-washing-machine.wav", "wrong-number.mp3")
UNTRUE = ("positive_data_acceptance", "negative_data_rejection")
"""Checks that do not hold here: a document cannot say every rule, and numbers are taken for moments on purpose."""
ENDLESS = "/v1/outcomes/stream"
"""Its answer has no end to look at; tests/api/outcomes asks it."""
ALL_PHASES, FEW_PHASES = "examples,coverage,fuzzing,stateful", "examples,fuzzing"
_SUMMARY = re.compile(r"(\d+) generated(?:, (\d+) found)?")
_OPERATIONS = re.compile(r"Tested: (\d+)")


@dataclass(frozen=True)
class Asked:
    """What came of asking as one role."""

    role: str
    operations: int
    requests: int
    failures: int
    took_s: float

    @property
    def is_good(self) -> bool:
        """Whether something was asked, and nothing found."""
        return bool(self.requests) and not self.failures


@contextmanager
def api() -> Iterator[Up]:
    """Run a pipeline with calls in it, whose API nobody is limited at."""
    with tempfile.TemporaryDirectory(prefix="callsift-fuzz-") as home:
        up = start_up(
            Path(home), CALLSIFT_API_REQUESTS_PER_MINUTE="1000000", CALLSIFT_API_REFUSALS_PER_MINUTE="1000000"
        )
        try:
            up.emit(*(RECORDINGS / name for name in CALLS))
            yield up
        finally:
            up.process.terminate()
            up.process.wait(60)


def fuzzed(up: Up, role: Role, examples: int, phases: str) -> Asked:
    """Ask as a role: ``examples`` requests of each kind and route at the most."""
    made = up.run("keys", "create", role.value, "--role", role.value, "--listen", "--json")
    key = json.loads(made.stdout)["key"]
    address = up.state["environment"]["CALLSIFT_API_LISTEN"]
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"http://{address}/v1/openapi.json"]
    command += ["--header", f"Authorization: Bearer {key}", "--max-examples", str(examples), "--checks", "all"]
    command += ["--exclude-checks", ",".join(UNTRUE), "--phases", phases, "--exclude-path", ENDLESS]
    command += ["--seed", "1", "--no-color", "--no-shrink"]
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="callsift-fuzz-") as folder:  # schemathesis leaves files behind
        ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    found, tested = _SUMMARY.search(ended.stdout), _OPERATIONS.search(ended.stdout)
    requests, failures = (int(found[1]), int(found[2] or 0)) if found else (0, 0)
    if ended.returncode or not found:
        failures = max(failures, 1)
        print((ended.stdout + ended.stderr).replace(key, "KEY")[-20000:], file=sys.stderr)
    took_s = round(time.monotonic() - began_s, 1)
    return Asked(role.value, int(tested[1]) if tested else 0, requests, failures, took_s)


def _shown(found: Sequence[Asked]) -> Table:
    table = Table(title="Asked of the API")
    for name in ("role", "operations", "requests", "failures", "seconds"):
        table.add_column(name, justify="left" if name == "role" else "right")
    for one in found:
        table.add_row(one.role, *map(str, (one.operations, one.requests, one.failures, one.took_s)))
    return table


def main() -> None:
    """Ask as the roles; exits with 1 if something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=10, help="Requests of each kind and route, at the most (10).")
    parser.add_argument("--role", type=Role, action="append", help="Only this role; may be given several times.")
    parser.add_argument("--json", action="store_true", help="Print JSON.")
    wanted = parser.parse_args()
    with api() as up:
        found = [
            fuzzed(up, role, wanted.examples, ALL_PHASES if role is Role.ADMIN else FEW_PHASES)
            for role in wanted.role or Role
        ]
    if wanted.json:
        print(json.dumps([asdict(one) for one in found]))
    else:
        Console().print(_shown(found))
    sys.exit(not all(one.is_good for one in found))


if __name__ == "__main__":
    main()
