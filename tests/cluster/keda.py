"""KEDA's own Kafka scaler (keda_scaler/), asked about the triggers that the chart renders."""

import json
import math
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from streams.settings import KafkaSettings
from tests.deploy.chart import Manifest, rendered, tool


@dataclass(frozen=True)
class Reading:
    """What one trigger says."""

    active: bool
    """Whether there have to be pods."""
    value: float
    """Lag, as the autoscaler is told."""
    target: float
    """Lag for each pod."""
    metric: str
    error: str = ""

    @property
    def pods(self) -> int:
        """How many pods an autoscaler without bounds has for it."""
        return max(math.ceil(self.value / self.target), int(self.active))


class Scalers:
    """The scalers of one ScaledObject, which remember what they saw."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Talk to a program that has the triggers."""
        self._process = process

    def look(self) -> list[Reading]:
        """Let each trigger look once."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return [Reading(**one) for one in json.loads(self._process.stdout.readline())]


def triggers(kafka: KafkaSettings, worker: str, *options: str, values: str = "keda") -> list[dict[str, str]]:
    """Return the metadata of a stage's triggers, as ``helm template`` renders it for these brokers."""
    own = ("--set-string", f"kafka.prefix={kafka.prefix}")
    brokers = kafka.bootstrap_servers.replace(",", r"\,")
    objects = rendered(values, *own, "--set-string", f"kafka.bootstrapServers={brokers}", *options)
    found: list[Manifest] = [
        one for one in objects if one["kind"] == "ScaledObject" and one["metadata"]["name"] == f"callsift-{worker}"
    ]
    [scaled] = found
    assert {trigger["type"] for trigger in scaled["spec"]["triggers"]} == {"kafka"}
    return [trigger["metadata"] for trigger in scaled["spec"]["triggers"]]


@contextmanager
def scalers(metadata: Sequence[Mapping[str, str]], auth: Mapping[str, str] | None = None) -> Iterator[Scalers]:
    """Run KEDA's scalers for some triggers; skips the test when the program was not built."""
    command = [tool("keda-kafka-scaler")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps([{"metadata": one, "auth": auth or {}} for one in metadata]) + "\n")
        try:
            yield Scalers(process)
        finally:
            process.stdin.close()
            process.wait(30)
