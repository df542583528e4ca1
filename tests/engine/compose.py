"""``python -m tests.engine.compose``, ``make compose-real``: the compose file, run from a fresh clone.

It is built and started, gets a call from within, one by HTTP and one over Kafka's outer listener, is killed in part and
started again, and is taken down. Nothing may be left then but the volumes that the file names.
"""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
import yaml

from callsift.commands.output import notes, print_json, print_table
from tests.engine.calls import by_http, from_within, over_kafka
from tests.engine.engine import BUILD_LIMIT_S, inspected, tried, until, why_none
from tests.engine.project import LIMIT_S, TAG, Project, prepare
from tests.engine.servers import COMPOSE, SERVICES
from tests.images.trial import CheckFailed
from tests.steps import run_steps

_ENDED_BY_SIGTERM = 143
"""Of a shell, and of Java."""


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
                run_steps(steps(project), rows)
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


def steps(project: Project) -> dict[str, Callable[[], str]]:
    """Return what is done, in this order; each says what was seen."""
    before = project.volumes()
    return {
        "no warning": lambda: _no_warning(project),
        "build": lambda: _build(project),
        "up": lambda: _up(project),
        "healthy": lambda: _healthy(project),
        "a call from within": lambda: from_within(project),
        "a call by HTTP, from outside": lambda: by_http(project),
        "a call over Kafka, from outside": lambda: over_kafka(project),
        "old data removed": lambda: _retained(project),
        "killed and started again": lambda: _killed(project),
        "stop": lambda: _stopped(project),
        "down": lambda: _down(project, before),
        "down -v": lambda: _down_with_volumes(project, before),
    }


def _no_warning(project: Project) -> str:
    said = tried("compose", "config", "-q", also=project.own, cwd=project.folder)
    if said.returncode != 0 or said.stderr:
        raise CheckFailed(f"docker compose config: {said.stderr}")
    return "compose has nothing to say against the file"


def _build(project: Project) -> str:
    project("build", limit_s=BUILD_LIMIT_S)
    [seen] = inspected("image", f"callsift-sink:{TAG}")
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

    until("every service is healthy or done", all_are, LIMIT_S)
    states = [container["State"]["Status"] for container in project.containers().values()]
    return f"{states.count('running')} run, {states.count('exited')} are done"


def _retained(project: Project) -> str:
    def table() -> list[str]:
        return [line for line in project("logs", "--no-log-prefix", "retention").splitlines() if "\t" in line]

    until("the first run of the retention is over", lambda: bool(table()), LIMIT_S)
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
        until(f"what {service} left is removed by its successor", are_gone, LIMIT_S)
    from_within(project)
    return f"{sum(map(len, before.values()))} folders of killed workers are gone, and a call has its outcome"


def _are_gone(project: Project, service: str, folders: set[str]) -> bool:
    return not folders & _work_folders(project, service)


def _work_folders(project: Project, service: str) -> set[str]:
    return set(project("exec", "-T", service, "find", "/tmp", "-name", "callsift-work-*").split())


def _stopped(project: Project) -> str:
    project("stop")
    codes = {service: container["State"]["ExitCode"] for service, container in project.containers().items()}
    expected = {"kafka": _ENDED_BY_SIGTERM, "retention": _ENDED_BY_SIGTERM}
    ours = SERVICES.keys() - {"mongodb"}
    if wrong := {name: code for name, code in codes.items() if name in ours and code != expected.get(name, 0)}:
        raise CheckFailed(f"ended with another exit code than they should: {wrong}")
    return f"exit codes {codes}"


def _down(project: Project, before: set[str]) -> str:
    project("down", "--remove-orphans")
    named = {f"{project.name}_{name}" for name in yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["volumes"]}
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
