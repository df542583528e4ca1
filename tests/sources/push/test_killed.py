"""The process on the PBX's machine, killed at seeded moments while calls are recorded and the network fails."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.callsift.test_worker_imports import COSTLY
from tests.patience import PATIENCE_S
from tests.servers.upload_api import UploadApi, upload_api
from tests.sources.folder.test_killed import record

CALLS, KILLS, SECONDS = 40, 4, 6.0
KEEPING = {"yaml", "click", "rich", "typer", "callsift.commands"}
"""What costs little, and the command line needs."""


def options(api: UploadApi, root: Path) -> Sequence[str]:
    folder, state = str(root / "recordings"), str(root / "state")
    given = {"--watch": folder, "--to": api.address, "--preset": "vicidial", "--settle": "0.3", "--state": state}
    return [*(word for pair in given.items() for word in pair), "--since", "2000-01-01T00:00Z"]


def pushing(api: UploadApi, root: Path, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "callsift", "push", *options(api, root)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


@pytest.mark.slow  # make test-slow
@pytest.mark.integration
def test_a_pusher_that_is_killed_loses_no_call_and_makes_none_twice(tmp_path: Path) -> None:
    chance = random.Random(20)
    (tmp_path / "recordings").mkdir()
    environment = {**os.environ, "CALLSIFT_HOME": str(tmp_path / "home"), "CALLSIFT_PUSH_KEY": "cs_live_key"}

    def record_all() -> None:
        for number in range(CALLS):
            record(tmp_path / "recordings", number, 1 + number * 0.05, random.Random(number))
            api.cut += chance.choices(["before", "after"], k=1) if number % 5 == 0 else []
            time.sleep(SECONDS / CALLS)

    with upload_api() as api:
        api.slow_s = 0.05
        recording = threading.Thread(target=record_all)
        recording.start()
        for _ in range(KILLS):
            process, had = pushing(api, tmp_path, environment), api.requests
            deadline = time.monotonic() + PATIENCE_S
            while api.requests == had and time.monotonic() < deadline:  # a start takes long on a machine that is busy
                time.sleep(0.01)
            time.sleep(chance.uniform(0.0, 0.5))
            process.kill()
            assert process.wait() == -signal.SIGKILL
        recording.join()
        process = pushing(api, tmp_path, environment)
        stereo: dict[str, int] = {}
        deadline = time.monotonic() + PATIENCE_S
        while len(stereo) < CALLS and time.monotonic() < deadline:
            time.sleep(0.2)
            with api.lock:
                taken = list(api.calls)
            whole = [one for one in taken if one.event["recording"].get("channels")]
            stereo = {one.event["call_id"]: len(one.files["recording"]) for one in whole}
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
    assert len(stereo) == CALLS == len({one.event["call_id"] for one in taken})
    # a mono twin that came first has an event of its own, as in a watched folder; no recording was taken twice
    assert len(whole) == CALLS and len(taken) <= 2 * CALLS
    assert api.authorizations == {"Bearer cs_live_key"}
    for number in range(CALLS):
        name = f"20260701-12{number:02}00_555000{number:04}"
        assert stereo[name] == (tmp_path / "recordings" / f"S_{name}.wav").stat().st_size


@pytest.mark.integration
def test_it_loads_neither_a_kafka_client_nor_a_model_nor_a_store(tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir()
    record(tmp_path / "recordings", 1, 1.0, random.Random(1))
    program = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(','.join(sys.modules)))\n"
        "from callsift.__main__ import main\n"
        "main()"
    )
    with upload_api() as api:
        words = [sys.executable, "-c", program, "push", *options(api, tmp_path), "--once"]
        own = {**os.environ, "CALLSIFT_HOME": str(tmp_path / "home")}
        result = subprocess.run(words, env=own, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert (result.returncode, len(api.calls)) == (0, 1), result.stderr[-2000:]
    loaded = set(result.stdout.strip().split(","))
    assert "httpx" in loaded
    kept_out = (COSTLY | {"confluent_kafka", "prometheus_client", "jmespath", "fastapi", "callsift.settings"}) - KEEPING
    assert kept_out & loaded == set()
