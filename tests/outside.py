"""Whom `callsift demo` talks to: run it recorded, and write down every place but this machine's own loopback.

``python -m tests.outside`` (``make outside``) runs the whole demo and writes the log, which has to be empty: the exit
code is 1 if it is not. After ``--`` another command of callsift can stand in the demo's place.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path

from tests.servers.recorder import Destination, destinations, recording

QUIET = {"ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "CI", "TF_BUILD", "GITHUB_ACTIONS", "GITLAB_CI", "TRAVIS"}
QUIET |= {"CIRCLECI", "BUILDKITE", "APPVEYOR", "JENKINS_URL", "CODEBUILD_BUILD_ID", "TEAMCITY_VERSION"}
QUIET |= {"DO_NOT_TRACK", "HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"}
"""Variables that make libraries quiet, ONNX Runtime for one: not to be inherited from whoever runs the tests."""
LOOPBACK = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


def loud(variables: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without settings of callsift's, and without what keeps libraries quiet."""
    return {name: value for name, value in variables.items() if not name.startswith("CALLSIFT_") and name not in QUIET}


def strangers(log: Path, named: Collection[int | None] | None = None) -> dict[Destination, str]:
    """Return everybody off this machine's loopback who was talked to, with what shows it; also on it, where not named.

    A name that is looked up is there as the resolver on port 53, wherever that listens.
    """
    return {
        place: line
        for place, line in destinations(log).items()
        if place.host not in LOOPBACK or place.port == 53 or (named is not None and place.port not in named)
    }


def main() -> int:
    """Run a command recorded, and write down where it went."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", type=Path, default=Path("outside.log"), help="what to write (default: outside.log)")
    parser.add_argument("command", nargs="*", default=["demo"], help="a command of callsift (default: demo)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        calls = Path(folder) / "calls"
        command = [*recording(calls), sys.executable, "-m", "callsift", *asked.command]
        ended = subprocess.run(command, env=loud(os.environ) | {"HOME": folder}, check=False)
        found = strangers(calls)
        everybody = destinations(calls)
    asked.log.write_text("".join(f"{line}\n" for line in found.values()), encoding="utf-8")
    print(
        f"{len(found)} places off loopback in {asked.log}, {len(everybody) - len(found)} on it; "
        f"callsift {' '.join(asked.command)} ended with {ended.returncode}"
    )
    return 1 if found or ended.returncode or not everybody else 0


if __name__ == "__main__":
    sys.exit(main())
