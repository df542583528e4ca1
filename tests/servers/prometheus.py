"""A real Prometheus on this machine, told what the compose file's is told: its jobs, its labels, its alerts.

The binary is where ``tests/tools.py`` looks (Debian has a package).
"""

import json
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import yaml

from callsift.embedded import end
from callsift.supervisor import answers
from deploy.laptop.kafka import free_ports
from streams.errors import CallsiftError
from tests.tools import find

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "deploy/helm/callsift/files/alerts.yaml"
SCRAPE_S = 2
_READY_LIMIT_S = 60.0


class NoPrometheus(CallsiftError):
    """There is no Prometheus here, or it did not start."""


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus."""

    address: str

    def range(self, query: str, start: float, end: float, step_s: int) -> list[list[float]]:
        """Return every series' values between two Unix times, without those that are no number.

        Raises:
            NoPrometheus: It refuses the query; the message says why.
        """
        asked = {"query": query, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": str(step_s)}
        found = self._ask("query_range", asked)["result"]
        series = [[float(value) for _, value in one["values"]] for one in found]
        return [numbers for one in series if (numbers := [value for value in one if value == value])]  # noqa: PLR0124

    def rules(self) -> list[dict[str, Any]]:
        """Return every rule with its health and state."""
        return [rule for group in self._ask("rules")["groups"] for rule in group["rules"]]

    def targets(self) -> list[dict[str, Any]]:
        """Return every target that is scraped, with its labels and health."""
        found: list[dict[str, Any]] = self._ask("targets", {"state": "active"})["activeTargets"]
        return found

    def _ask(self, what: str, values: Mapping[str, str] | None = None) -> dict[str, Any]:
        address = f"{self.address}/api/v1/{what}?{urllib.parse.urlencode(values or {})}"
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                data: dict[str, Any] = json.load(answer)["data"]
                return data
        except HTTPError as refused:
            reason = json.load(refused).get("error", "")
            raise NoPrometheus(f"Prometheus refuses: {reason}", "Mend the query") from None


@contextmanager
def prometheus(folder: Path, workers: Mapping[str, str]) -> Iterator[Prometheus]:
    """Run one that scrapes workers (host:port by name) every ``SCRAPE_S`` seconds, with its data in ``folder``.

    Raises:
        NoPrometheus: There is no binary, or it ended at once; its log is in the folder.
    """
    binary = find("prometheus")
    if binary is None:
        raise NoPrometheus("there is no prometheus", "Install Debian's package, or `make deploy-tools`")
    folder.mkdir(parents=True, exist_ok=True)
    own = f"127.0.0.1:{next(free_ports())}"
    config = folder / "prometheus.yml"
    config.write_text(yaml.safe_dump(configuration(workers, own)), encoding="utf-8")
    command = [binary, f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen([*command, f"--web.listen-address={own}"], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + _READY_LIMIT_S
        while not answers(f"http://{own}/-/ready"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise NoPrometheus("prometheus did not start", f"Read {log.name}")
            time.sleep(0.1)
        yield Prometheus(f"http://{own}")
    finally:
        end(process)


def configuration(workers: Mapping[str, str], own: str) -> dict[str, Any]:
    """Return the compose file's configuration with this machine's addresses: ``workers`` by name, and its ``own``."""
    told: dict[str, Any] = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    told["global"] = {"scrape_interval": f"{SCRAPE_S}s", "evaluation_interval": f"{SCRAPE_S}s"}
    told["rule_files"] = [str(ALERTS)]
    for job in told["scrape_configs"]:
        names = [name for source in job.pop("dns_sd_configs", ()) for name in source["names"]]
        if names:  # what a name resolves to, and the label that it becomes
            [relabelled] = job.pop("relabel_configs")
            label = relabelled["target_label"]
            job["static_configs"] = [{"targets": [workers[name]], "labels": {label: name}} for name in names]
        else:
            job["static_configs"] = [{"targets": [own]}]
    return told
