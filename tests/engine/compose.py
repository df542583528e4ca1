"""``python -m tests.engine.compose``, ``make compose-real``: the compose file, run from a fresh clone.

It is built and started, gets a call from within, one by HTTP and one over Kafka's outer listener, is killed in part and
started again, and is taken down. Nothing may be left then but the volumes that the file names.
"""

import json
import os
import re
import secrets
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer
import yaml

from callsift.commands.output import notes, print_json, print_table
from callsift.commands.progress import shown
from callsift.demonstration import read_labels
from schemas import OneFile
from tests.engine.engine import BUILD_LIMIT_S, docker, inspected, tried, until, why_none
from tests.engine.servers import ROOT
from tests.images.trial import CheckFailed

_FILE = "docker-compose.kafka.yml"
_TAG = "trial"
_TOOLS = f"callsift-tools:{_TAG}"
_START_LIMIT_S = 600.0
_CALL_LIMIT_S = 300.0
_RECORDING = "leaking-washing-machine.wav"
_BY_HTTP = Path(__file__).with_name("first_call.py")
_ENDED_BY_SIGTERM = 143
"""Of a shell, and of Java."""


@dataclass(frozen=True)
class Project:
    """A clone that compose runs from."""

    folder: Path
    name: str
    own: dict[str, str]
    """Variables that compose sees beside those of ``.env``."""

    def __call__(self, *arguments: str, limit_s: float = _START_LIMIT_S) -> str:
        """Run ``docker compose`` in the clone; raises CheckFailed."""
        return docker("compose", *arguments, limit_s=limit_s, also=self.own, cwd=self.folder)

    def containers(self) -> dict[str, dict[str, Any]]:
        """Return what the engine says of each container, by service."""
        found = inspected("container", *self("ps", "-a", "-q").split())
        return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in found}

    def volumes(self) -> set[str]:
        """Return the names of all volumes that the engine has."""
        return set(docker("volume", "ls", "-q").split())


def check(
    override: Annotated[
        list[Path] | None,
        typer.Option(help="Compose file over the project's, for example with images that stand in for the originals."),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Where the clone is made and removed again; the engine has to see it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Run the compose file; exits with 1 at the first thing that is wrong, and with 0 where there is no engine."""
    if reason := why_none() or why_no_compose():
        notes.print(f"skipped: {reason}", markup=False, highlight=False)
        return
    rows: list[dict[str, str | float]] = []
    with tempfile.TemporaryDirectory(prefix="callsift-compose-", dir=folder) as name:
        try:
            project = prepare(Path(name) / "callsift", override or [])
            try:
                _run(steps(project), rows)
            finally:
                tried("compose", "down", "-v", "--remove-orphans", also=project.own, cwd=project.folder)
        except CheckFailed as error:
            notes.print(f"error: {error}", markup=False, highlight=False)
            raise typer.Exit(1) from None
    if as_json:
        print_json(rows)
        return
    columns = ["step", "seen", "seconds"]
    print_table("Compose on this engine", columns, [[str(row[column]) for column in columns] for row in rows])


def why_no_compose() -> str | None:
    """Return why compose cannot be used, or None."""
    return None if tried("compose", "version").returncode == 0 else "this docker has no compose"


def prepare(folder: Path, overrides: list[Path]) -> Project:
    """Clone what is committed, and write .env as docs/compose.md says.

    Raises:
        CheckFailed: It cannot be cloned.
    """
    cloned = subprocess.run(["git", "clone", "-q", ROOT, folder], capture_output=True, text=True, check=False)
    if cloned.returncode != 0:
        raise CheckFailed(f"git clone ended with {cloned.returncode}: {cloned.stderr}")
    example = (folder / ".env.example").read_text(encoding="utf-8")
    named = ("MONGO_ROOT_PASSWORD", "MONGO_PASSWORD", "GRAFANA_PASSWORD")
    written = re.sub(f"^({'|'.join(named)})=$", lambda found: f"{found[0]}{secrets.token_hex(24)}", example, flags=re.M)
    (folder / ".env").write_text(written, encoding="utf-8")
    (folder / ".env").chmod(0o600)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=True)
    name = f"callsift-trial-{uuid4().hex[:8]}"
    own = {
        "COMPOSE_PROJECT_NAME": name,
        "COMPOSE_FILE": os.pathsep.join([_FILE, *(str(path.resolve()) for path in overrides)]),
        "COMPOSE_PROFILES": "",
        "IMAGE_TAG": _TAG,
        "REVISION": commit.stdout.strip(),
        "CALLSIFT_VOSK_MODEL": "/demo/model",
    }
    return Project(folder, name, own)


def steps(project: Project) -> dict[str, Callable[[], str]]:
    """Return what is done, in this order; each says what was seen."""
    before = project.volumes()
    return {
        "no warning": lambda: _no_warning(project),
        "build": lambda: _build(project),
        "up": lambda: _up(project),
        "healthy": lambda: _healthy(project),
        "a call from within": lambda: _emitted(
            project("run", "--rm", "-T", "tools", *_emit(f"/recordings/{_RECORDING}"))
        ),
        "a call by HTTP, from outside": lambda: _by_http(project),
        "a call over Kafka, from outside": lambda: _over_kafka(project),
        "old data removed": lambda: _retained(project),
        "killed and started again": lambda: _killed(project),
        "stop": lambda: _stopped(project),
        "down": lambda: _down(project, before),
        "down -v": lambda: _down_with_volumes(project, before),
    }


def _run(steps: dict[str, Callable[[], str]], rows: list[dict[str, str | float]]) -> None:
    with shown(len(steps)) as progress:
        for step, happen in steps.items():
            started = time.monotonic()
            seen = happen()
            rows.append({"step": step, "seen": seen, "seconds": round(time.monotonic() - started, 1)})
            progress.done(f"{step}: {seen}")


def _no_warning(project: Project) -> str:
    said = tried("compose", "config", "-q", also=project.own, cwd=project.folder)
    if said.returncode != 0 or said.stderr:
        raise CheckFailed(f"docker compose config: {said.stderr}")
    return "compose has nothing to say against the file"


def _build(project: Project) -> str:
    project("build", limit_s=BUILD_LIMIT_S)
    [seen] = inspected("image", f"callsift-sink:{_TAG}")
    revision = seen["Config"]["Labels"]["org.opencontainers.image.revision"]
    if revision != project.own["REVISION"]:
        raise CheckFailed(f"the sink image says that it was built from {revision}")
    return f"from commit {revision[:9]}"


def _up(project: Project) -> str:
    project("up", "-d")
    return f"{len(project.containers())} containers made"


def _healthy(project: Project) -> str:
    def all_are() -> bool:
        for service, container in project.containers().items():
            state = container["State"]
            if state["Status"] == "exited" and state["ExitCode"] != 0:
                raise CheckFailed(
                    f"{service} ended with {state['ExitCode']}: {project('logs', '--tail', '20', service)}"
                )
            if state["Status"] != "exited" and state.get("Health", {}).get("Status", "healthy") != "healthy":
                return False
        return True

    until("every service is healthy or done", all_are, _START_LIMIT_S)
    states = [container["State"]["Status"] for container in project.containers().values()]
    return f"{states.count('running')} run, {states.count('exited')} are done"


def _emit(path: str) -> list[str]:
    return ["emit", path, "--wait", "--timeout", str(_CALL_LIMIT_S), "--json"]


def _emitted(printed: str) -> str:
    outcome = json.loads(printed.splitlines()[-1])
    [label] = [one for one in read_labels() if isinstance(one.recording, OneFile) and one.recording.uri == _RECORDING]
    if outcome["category"] != label.category:
        raise CheckFailed(f"the outcome is {outcome['category']}, not {label.category}")
    return str(outcome["category"])


def _by_http(project: Project) -> str:
    key = project("run", "--rm", "-T", "tools", "keys", "create", "first", "--role", "admin").split()[-1]
    script = ("-c", _BY_HTTP.read_text(encoding="utf-8"))
    status, _, body = _outside(["--entrypoint", "python", "--env", f"KEY={key}"], *script).partition(" ")
    if status != "200":
        raise CheckFailed(f"the API answers {status}: {body}")
    return _emitted(json.dumps(json.loads(body)["outcome"]))


def _over_kafka(project: Project) -> str:
    told = {
        "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": "localhost:29092",
        "CALLSIFT_AUDIO_STORE_URI": "file:///var/lib/callsift/audio",
    }
    options = [part for name, value in told.items() for part in ("--env", f"{name}={value}")]
    options += ["--volume", f"{project.name}_audio:/var/lib/callsift/audio"]
    return _emitted(_outside(options, *_emit(f"/recording/{_RECORDING}")))


def _outside(options: list[str], *arguments: str) -> str:
    """Run the tools' image with a recording where only what the engine's machine sees of the project is seen."""
    volume = docker("volume", "create")
    holder = docker("create", "--network", "host", "--volume", f"{volume}:/recording", *options, _TOOLS, *arguments)
    try:
        docker("cp", str(ROOT / "demo" / "recordings" / _RECORDING), f"{holder}:/recording/")
        return docker("start", "-a", holder, limit_s=_CALL_LIMIT_S + 60)
    finally:
        docker("rm", "-f", holder)
        docker("volume", "rm", volume)


def _retained(project: Project) -> str:
    def table() -> list[str]:
        return [line for line in project("logs", "--no-log-prefix", "retention").splitlines() if "\t" in line]

    until("the first run of the retention is over", lambda: bool(table()), _CALL_LIMIT_S)
    return f"{len(table()) - 1} kinds of data were looked at"


def _killed(project: Project) -> str:
    """Kill two workers, and see what they left go when they are back."""
    killed = ("audio", "transcribe")
    before = {service: _work_folders(project, service) for service in killed}
    if not all(before.values()):
        raise CheckFailed(f"a worker has no folder for its work in /tmp: {before}")
    project("kill", *killed)
    project("up", "-d")
    _healthy(project)
    for service in killed:
        are_gone = partial(_are_gone, project, service, before[service])
        until(f"what {service} left is removed by its successor", are_gone, _START_LIMIT_S)
    _emitted(project("run", "--rm", "-T", "tools", *_emit(f"/recordings/{_RECORDING}")))
    return f"{sum(map(len, before.values()))} folders of killed workers are gone, and a call has its outcome"


def _are_gone(project: Project, service: str, folders: set[str]) -> bool:
    return not folders & _work_folders(project, service)


def _work_folders(project: Project, service: str) -> set[str]:
    return set(project("exec", "-T", service, "find", "/tmp", "-name", "callsift-work-*").split())


def _stopped(project: Project) -> str:
    project("stop")
    codes = {service: container["State"]["ExitCode"] for service, container in project.containers().items()}
    expected = {"kafka": _ENDED_BY_SIGTERM, "retention": _ENDED_BY_SIGTERM}
    ours = yaml.safe_load((ROOT / _FILE).read_text(encoding="utf-8"))["services"].keys() - {"mongodb"}
    if wrong := {name: code for name, code in codes.items() if name in ours and code != expected.get(name, 0)}:
        raise CheckFailed(f"ended with another exit code than they should: {wrong}")
    return f"exit codes {codes}"


def _down(project: Project, before: set[str]) -> str:
    project("down", "--remove-orphans")
    named = {f"{project.name}_{name}" for name in yaml.safe_load((ROOT / _FILE).read_text(encoding="utf-8"))["volumes"]}
    if orphans := project.volumes() - before - named:
        raise CheckFailed(f"down left {len(orphans)} volumes without a name behind: {orphans}")
    return f"{len(project.volumes() - before)} volumes stay, each with a name"


def _down_with_volumes(project: Project, before: set[str]) -> str:
    project("down", "-v", "--remove-orphans")
    if left := project.volumes() - before:
        raise CheckFailed(f"down -v left {left}")
    return "nothing stays"


if __name__ == "__main__":
    typer.run(check)
