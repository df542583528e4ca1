"""Kafka and MongoDB in containers, as the compose file has them, and volumes with the demo's files."""

import re
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from callsift.commands.output import notes
from tests.engine.engine import docker, tried, until
from tests.engine.pod import pod_options

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.kafka.yml"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
RECORDINGS = "/recordings"
_MODEL = "/model"
_SOURCES = "/etc/callsift/sources"
_DEFAULT = re.compile(r"\$\{\w+:-([^}]*)\}")
_START_LIMIT_S = 180.0


@dataclass(frozen=True)
class Surroundings:
    """A network of the trial's own with both servers, and volumes with the demo's recordings and speech model."""

    label: str
    tools: str
    """The image that has ``callsift`` with everything for single commands."""
    images: dict[str, str] = field(default_factory=dict)
    """Images to use for ``kafka`` and ``mongodb`` instead of the compose file's."""

    @property
    def name(self) -> str:
        """The network's name, and the beginning of all others."""
        return self.label.replace(".", "-").replace("=", "-")

    def start(self) -> None:
        """Make all of it, and wait until both servers answer as compose would.

        Raises:
            CheckFailed: One does not start.
        """
        docker("network", "create", "--label", self.label, self.name)
        for volume in ("audio", "recordings", "model", "sources", "state"):
            docker("volume", "create", "--label", self.label, f"{self.name}-{volume}")
        self._fill("recordings", ROOT / "demo" / "recordings", RECORDINGS)
        self._fill("model", ROOT / "demo" / "speech_model" / "model", _MODEL)
        self._fill("sources", ROOT / "deploy" / "compose" / "sources", _SOURCES)
        for server in ("kafka", "mongodb"):
            self._serve(server)
        for server in ("kafka", "mongodb"):
            _, *check = SERVICES[server]["healthcheck"]["test"]
            answers = partial(_succeeds, "exec", f"{self.name}-{server}", *check)
            took_s = until(f"{server} answers", answers, _START_LIMIT_S, (f"{self.name}-{server}",))
            notes.print(f"{server} answers after {took_s:.0f} s", highlight=False)

    def run(self, pod: str, *options: str) -> list[str]:
        """Return the arguments of ``docker run`` for one more container, up to the image."""
        told = {
            "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
            "CALLSIFT_KAFKA_REPLICATION_FACTOR": "1",
            "CALLSIFT_MONGO_URI": "mongodb://mongodb:27017",
            "CALLSIFT_AUDIO_STORE_URI": "file:///var/lib/callsift/audio",
            "CALLSIFT_FETCH_FILE_ROOTS": f"/var/lib/callsift/audio,{RECORDINGS}",
            "CALLSIFT_VOSK_MODEL": _MODEL,
            "CALLSIFT_CLASSIFIER": "offline",
            "CALLSIFT_API_LISTEN": "8080",
            "CALLSIFT_SOURCES_FILE": f"{_SOURCES}/sources.yaml",
        }
        mounts = {"audio": "/var/lib/callsift/audio", "recordings": f"{RECORDINGS}:ro", "model": f"{_MODEL}:ro"}
        mounts |= {"sources": f"{_SOURCES}:ro", "state": "/var/lib/callsift/sources"}
        return [
            *("run", "--label", self.label, "--network", self.name, *pod_options(pod)),
            *(part for name, value in told.items() for part in ("--env", f"{name}={value}")),
            *(part for volume, where in mounts.items() for part in ("--volume", f"{self.name}-{volume}:{where}")),
            *options,
        ]

    def command(self, *arguments: str, limit_s: float = 300.0) -> str:
        """Run ``callsift`` once from the tools' image, as a job of the chart, and return what it prints."""
        return docker(*self.run("tools", "--rm"), self.tools, *arguments, limit_s=limit_s)

    def _fill(self, volume: str, source: Path, target: str) -> None:
        """Copy a folder of this machine into a volume: the engine may be another machine, and see no folder of ours."""
        mount = f"{self.name}-{volume}:{target}"
        holder = docker("create", "--label", self.label, "--volume", mount, self.tools)
        docker("cp", f"{source}/.", f"{holder}:{target}")
        docker("rm", holder)

    def _serve(self, server: str) -> None:
        told = SERVICES[server]["environment"] if server == "kafka" else {}  # MongoDB without users
        environment = [f"{name}={_DEFAULT.sub(_stands_for, str(value))}" for name, value in told.items()]
        docker(
            *("run", "-d", "--label", self.label, "--network", self.name, "--network-alias", server),
            *("--name", f"{self.name}-{server}", *(part for one in environment for part in ("--env", one))),
            self.images.get(server, SERVICES[server]["image"]),
        )


def _stands_for(variable: re.Match[str]) -> str:
    return variable[1]


def _succeeds(*arguments: str) -> bool:
    return tried(*arguments).returncode == 0
