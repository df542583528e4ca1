"""A short chaos run in CI; ``make chaos`` is the long one."""

import json
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
    ended = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--calls", "60", "--rounds", "1", "--pause", "1", "--seed", "3"],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr + ended.stdout
    result = json.loads(ended.stdout.splitlines()[-1])
    assert result["lost"] == 0
    assert result["documents"] == result["unique_outcomes"] == result["calls"] == 60
