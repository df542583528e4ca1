"""A container engine, by the ``docker`` command and whatever DOCKER_HOST names.

Nothing of this machine is mounted, and no port of a container is asked from here: the engine may be another machine.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from callsift.commands.output import notes
from tests.images.trial import CheckFailed

BUILD_LIMIT_S = 1800.0
_LIMIT_S = 300.0


def why_none() -> str | None:
    """Return why no engine can be used, or None."""
    if shutil.which("docker") is None:
        return "there is no docker on the PATH"
    ended = tried("version", "--format", "{{.Server.Version}}")
    return None if ended.returncode == 0 else (ended.stderr.strip() or "docker version failed").splitlines()[-1]


def docker(
    *arguments: str, limit_s: float = _LIMIT_S, also: Mapping[str, str] | None = None, cwd: Path | None = None
) -> str:
    """Run one command to its end and return what it printed.

    Args:
        arguments: What follows ``docker``.
        limit_s: Seconds that it may take.
        also: Variables that it sees beside this process's own.
        cwd: Folder to run it in.

    Raises:
        CheckFailed: It failed or took too long.
    """
    ended = tried(*arguments, limit_s=limit_s, also=also, cwd=cwd)
    if ended.returncode != 0:
        said = (ended.stderr or ended.stdout)[-2000:]
        raise CheckFailed(f"docker {' '.join(arguments)} ended with {ended.returncode}: {said}")
    return ended.stdout.strip()


def tried(
    *arguments: str, limit_s: float = _LIMIT_S, also: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one command that may fail; takes what ``docker`` takes.

    Raises:
        CheckFailed: It took too long.
    """
    command, sees = ["docker", *arguments], os.environ | (also or {})
    try:
        return subprocess.run(command, env=sees, cwd=cwd, capture_output=True, text=True, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired:
        raise CheckFailed(f"{' '.join(command)} was not done after {limit_s:.0f} s") from None


def inspected(kind: str, *names: str) -> list[dict[str, Any]]:
    """Return what the engine says of containers, images or volumes."""
    found: list[dict[str, Any]] = json.loads(docker(kind, "inspect", *names)) if names else []
    return found


def logs(container: str, lines: int = 20) -> str:
    """Return the end of what a container wrote."""
    written = tried("logs", "--tail", str(lines), container)
    return written.stdout + written.stderr


def until(claim: str, holds: Callable[[], bool], limit_s: float, alive: tuple[str, ...] = ()) -> float:
    """Wait until something holds, and return how many seconds that took.

    Raises:
        CheckFailed: It does not in time, or one of the containers ``alive`` has ended.
    """
    began = time.monotonic()
    while not holds():
        for container in inspected("container", *alive):
            if not container["State"]["Running"]:
                raise CheckFailed(
                    f"{container['Name']} ended with {container['State']['ExitCode']} before {claim}: "
                    f"{logs(container['Id'])}"
                )
        if time.monotonic() - began > limit_s:
            raise CheckFailed(f"not after {limit_s:.0f} s: {claim}")
        time.sleep(0.5)
    return time.monotonic() - began


@contextmanager
def removed_at_the_end(*, keep: bool = False) -> Iterator[str]:
    """Give a label; every container, network and volume that has it is removed after the block."""
    label = f"callsift.trial={uuid4().hex[:8]}"
    try:
        yield label
    finally:
        if keep:
            notes.print(f"kept: docker ps -a --filter label={label}", highlight=False)
        else:
            ours = ("-q", "--filter", f"label={label}")
            for listed, remove in (
                (("container", "ls", "-a", *ours), ("container", "rm", "-f", "-v")),
                (("network", "ls", *ours), ("network", "rm")),
                (("volume", "ls", *ours), ("volume", "rm")),
            ):
                if names := docker(*listed).split():
                    tried(*remove, *names)
