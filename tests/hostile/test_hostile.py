"""A short run among hostile messages in CI; ``make hostile`` is the long one."""

import json
import os
import subprocess
import sys

import pytest

from deploy.laptop.kafka import CannotRunKafka
from deploy.laptop.kafka_jars import jars, java
from tests.hostile.messages import KINDS

pytestmark = pytest.mark.integration


def test_among_hostile_messages_every_good_call_is_done_and_every_message_accounted_for() -> None:
    try:
        java()
        jars()
    except CannotRunKafka as reason:
        pytest.skip(f"cannot run Kafka on this machine: {reason}")
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    ended = subprocess.run(
        [sys.executable, "-m", "tests.hostile", "--calls", str(2 * len(KINDS)), "--seed", "3"],
        env=unmeasured,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr + ended.stdout
    result = json.loads(ended.stdout.splitlines()[-1])
    assert result["good_calls_done"] == result["good_calls"] == 2 * len(KINDS)
    assert result["unaccounted"] == result["waiting_at_the_end"] == 0
    assert result["ended_unasked"] == []
