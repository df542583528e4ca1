"""A pipeline that is up: real worker processes, an embedded broker and store, the command line from outside."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from callsift import calls
from schemas import CallEnded, CallOutcome, OneFile
from streams.payloads.claim_check import ClaimCheckStore
from streams.settings import KafkaSettings
from tests.callsift import terminal
from tests.patience import PATIENCE_S
from tests.store.conftest import embedded

__all__ = ["embedded"]


@dataclass(frozen=True)
class Up:
    """A running ``callsift up``."""

    process: "subprocess.Popen[bytes]"
    home: Path
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    """What it was started with besides; other terminals have it too."""

    @property
    def variables(self) -> dict[str, str]:
        """What the environment of another terminal has."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("CALLSIFT_")}
        return {**own, **self.environment, "CALLSIFT_HOME": str(self.home)}

    @property
    def state(self) -> dict[str, Any]:
        """The state file."""
        state: dict[str, Any] = json.loads((self.home / "up.json").read_text(encoding="utf-8"))
        return state

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command as in another terminal."""
        return terminal.run(self.variables, *arguments)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command in a process of its own, whose standard output can be read."""
        command = [sys.executable, "-m", "callsift", *arguments]
        return subprocess.Popen(command, env=self.variables, stdout=subprocess.PIPE, text=True)

    def call_ended(self, recording: Path) -> CallEnded:
        """Make the event of a call that ends now; the recording lies in the audio store."""
        store = ClaimCheckStore(self.state["environment"]["CALLSIFT_AUDIO_STORE_URI"])
        return calls.call_ended(calls.new_call_id(), OneFile(uri=calls.store_recording(store, recording)))

    def send(self, event: CallEnded) -> CallOutcome:
        """Publish a call-ended event, and return what comes of it."""
        kafka = KafkaSettings(bootstrap_servers=self.state["environment"]["CALLSIFT_KAFKA_BOOTSTRAP_SERVERS"])
        return calls.emit_and_wait(kafka, [event], 120, lambda _: None)[event.call_id]

    def emit(self, *recordings: Path) -> list[dict[str, Any]]:
        """Send recordings and return their outcomes, in the same order."""
        ended = self.run("emit", "--wait", "--json", *map(str, recordings))
        assert ended.stdout, ended.stderr
        return [json.loads(line) for line in ended.stdout.splitlines()]


def start_up(home: Path, *, recorder: Sequence[str] = (), **environment: str) -> Up:
    """Start ``callsift up`` with more variables and return when it is ready; ``recorder`` stands before the command."""
    log = home / "up.log"
    with log.open("wb") as output:
        own = {name: value for name, value in os.environ.items() if not name.startswith("CALLSIFT_")}
        process = subprocess.Popen(
            [*recorder, sys.executable, "-m", "callsift", "up", "--any-port"],
            env={**own, "CALLSIFT_HOME": str(home), **environment},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    deadline = time.monotonic() + PATIENCE_S
    while not (home / "up.json").exists():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    return Up(process, home, log, environment)


@pytest.fixture(scope="session")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A pipeline for all tests that do not harm it."""
    running = start_up(tmp_path_factory.mktemp("up"))
    yield running
    running.process.terminate()
    assert running.process.wait(PATIENCE_S) == 0, running.log.read_text()
