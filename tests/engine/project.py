"""A clone of this repository that compose runs from, with the ``.env`` that docs/compose.md makes."""

import os
import re
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.engine.engine import docker, inspected
from tests.engine.servers import COMPOSE, ROOT
from tests.images.trial import CheckFailed

TAG = "trial"
LIMIT_S = 600.0


@dataclass(frozen=True)
class Project:
    """A clone that compose runs from."""

    folder: Path
    name: str
    own: dict[str, str]
    """Variables that compose sees beside those of ``.env``."""

    def __call__(self, *arguments: str, limit_s: float = LIMIT_S) -> str:
        """Run ``docker compose`` in the clone; raises CheckFailed."""
        return docker("compose", *arguments, limit_s=limit_s, also=self.own, cwd=self.folder)

    def containers(self) -> dict[str, dict[str, Any]]:
        """Return what the engine says of each container, by service."""
        found = inspected("container", *self("ps", "-a", "-q").split())
        return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in found}

    def volumes(self) -> set[str]:
        """Return the names of all volumes that the engine has."""
        return set(docker("volume", "ls", "-q").split())


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
        "COMPOSECOMPOSE.name": os.pathsep.join([COMPOSE.name, *(str(path.resolve()) for path in overrides)]),
        "COMPOSE_PROFILES": "",
        "IMAGETAG": TAG,
        "REVISION": commit.stdout.strip(),
        "CALLSIFT_VOSK_MODEL": "/demo/model",
    }
    return Project(folder, name, own)
