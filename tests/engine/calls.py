"""One demo call, handed in to compose's services from within, by HTTP, and over Kafka's outer listener."""

import json
from collections.abc import Mapping
from pathlib import Path

from callsift.demonstration import read_labels
from schemas import OneFile
from tests.engine.engine import docker
from tests.engine.project import TAG, Project
from tests.engine.servers import ROOT
from tests.images.trial import CheckFailed

LIMIT_S = 300.0
_RECORDING = "leaking-washing-machine.wav"
_BY_HTTP = Path(__file__).with_name("first_call.py")
_TOOLS = f"callsift-tools:{TAG}"


def from_within(project: Project) -> str:
    """Emit it from a container of the project; returns the category, raises CheckFailed unless it is the right one."""
    return _right(project("run", "--rm", "-T", "tools", *_emit(f"/recordings/{_RECORDING}")))


def _emit(path: str) -> list[str]:
    return ["emit", path, "--wait", "--timeout", str(LIMIT_S), "--json"]


def _right(printed: str) -> str:
    outcome = json.loads(printed.splitlines()[-1])
    [label] = [one for one in read_labels() if isinstance(one.recording, OneFile) and one.recording.uri == _RECORDING]
    if outcome["category"] != label.category:
        raise CheckFailed(f"the outcome is {outcome['category']}, not {label.category}")
    return str(outcome["category"])


def by_http(project: Project) -> str:
    """Post it to the API's port of the engine's machine with a new key; returns and raises as ``from_within``."""
    key = project("run", "--rm", "-T", "tools", "keys", "create", "first", "--role", "admin").split()[-1]
    script = ("-c", _BY_HTTP.read_text(encoding="utf-8"))
    status, _, body = _outside(["--entrypoint", "python", "--env", "KEY"], *script, also={"KEY": key}).partition(" ")
    if status != "200":
        raise CheckFailed(f"the API answers {status}: {body}")
    return _right(json.dumps(json.loads(body)["outcome"]))


def over_kafka(project: Project) -> str:
    """Publish it to the engine's machine, port 29092; returns and raises as ``from_within``."""
    told = {
        "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": "localhost:29092",
        "CALLSIFT_AUDIO_STORE_URI": "file:///var/lib/callsift/audio",
    }
    options = [part for name, value in told.items() for part in ("--env", f"{name}={value}")]
    options += ["--volume", f"{project.name}_audio:/var/lib/callsift/audio"]
    return _right(_outside(options, *_emit(f"/recording/{_RECORDING}")))


def _outside(options: list[str], *arguments: str, also: Mapping[str, str] | None = None) -> str:
    """Run the tools' image with a recording where only what the engine's machine sees of the project is seen."""
    volume = docker("volume", "create")
    options = ["--network", "host", "--volume", f"{volume}:/recording", *options]
    holder = docker("create", *options, _TOOLS, *arguments, also=also)
    try:
        docker("cp", str(ROOT / "demo" / "recordings" / _RECORDING), f"{holder}:/recording/")
        return docker("start", "-a", holder, limit_s=LIMIT_S + 60)
    finally:
        docker("rm", "-f", holder)
        docker("volume", "rm", volume)
