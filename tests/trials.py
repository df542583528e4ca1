"""The trial programs (``python -m tests.chaos`` and its like), run short and apart, as tests do."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from deploy.laptop.kafka import CannotRunKafka
from deploy.laptop.kafka_jars import jars, java

_LIMIT_S = 400.0


def trial(program: str, *arguments: str) -> dict[str, Any]:
    """Run ``python -m program`` and return its result; skips the test where there is no Kafka to be run."""
    try:
        java()
        jars()
    except CannotRunKafka as reason:
        pytest.skip(f"cannot run Kafka on this machine: {reason}")
    # Its workers start again and again, and a killed one leaves no figures: coverage would only slow them down.
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    ended = subprocess.run(
        [sys.executable, "-m", program, *arguments],
        env=unmeasured,
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr + ended.stdout
    result: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return result
