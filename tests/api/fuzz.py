"""Asks a running API whatever its OpenAPI document allows, and what it does not, with a key of every role.

``python -m tests.api.fuzz`` starts ``callsift up`` in a folder of its own, hands some calls in, and lets schemathesis
ask. It fails for an answer of 5xx, and for one that the document does not describe.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.access import Role
from tests.callsift.conftest import RECORDINGS, Up, start_up

CALLS = ("leaking-washing-machine.wav", "wrong-number.mp3")
UNTRUE = ("positive_data_acceptance", "negative_data_rejection")
"""Checks that do not hold here: a document cannot say every rule, and numbers are taken for moments on purpose."""
_SUMMARY = re.compile(r"(\d+) generated(?:, (\d+) found)?")


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


def fuzzed(up: Up, role: Role, examples: int) -> dict[str, object]:
    """Return how many requests were sent as a role, and how many different failures they met."""
    made = up.run("keys", "create", role.value, "--role", role.value, "--listen", "--json")
    key = json.loads(made.stdout)["key"]
    address = up.state["environment"]["CALLSIFT_API_LISTEN"]
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"http://{address}/v1/openapi.json"]
    command += ["--header", f"Authorization: Bearer {key}", "--max-examples", str(examples), "--checks", "all"]
    command += ["--exclude-checks", ",".join(UNTRUE), "--seed", "1", "--no-color"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    found = _SUMMARY.search(ended.stdout)
    requests, failures = (int(found[1]), int(found[2] or 0)) if found else (0, 1)
    if ended.returncode or not found:
        print(ended.stdout.replace(key, "KEY")[-8000:], file=sys.stderr)
    return {"role": role.value, "requests": requests, "failures": failures}


def main() -> None:
    """Ask as every role; exits with 1 if something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=30, help="Requests of each kind and route, at the most.")
    wanted = parser.parse_args()
    with api() as up:
        found = [fuzzed(up, role, wanted.examples) for role in Role]
    print(json.dumps(found))
    sys.exit(any(one["failures"] for one in found))


if __name__ == "__main__":
    main()
