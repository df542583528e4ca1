"""A short chaos run in CI; ``make chaos`` is the long one."""

import json
import os
import subprocess
import sys

import pytest

from deploy.laptop.kafka import CannotRunKafka
from deploy.laptop.kafka_jars import jars, java

pytestmark = pytest.mark.integration


def test_while_everything_is_killed_every_call_ends_as_one_document_and_one_outcome() -> None:
    try:
        java()
        jars()
    except CannotRunKafka as reason:
        pytest.skip(f"cannot run Kafka on this machine: {reason}")
    short = ("--calls", "60", "--rounds", "1", "--pause", "0.5", "--session", "2", "--seed", "3")
    # Its workers start again and again, and a killed one leaves no figures: coverage would only slow them down.
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    ended = subprocess.run(
        [sys.executable, "-m", "tests.chaos", *short],
        env=unmeasured,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr + ended.stdout
    result = json.loads(ended.stdout.splitlines()[-1])
    assert result["lost"] == 0
    assert result["documents"] == result["unique_outcomes"] == result["calls"] == 60
