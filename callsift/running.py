"""The state file, by which commands in other terminals find a running ``callsift up``."""

import json
import os
from pathlib import Path

from pydantic import BaseModel, ValidationError


def home() -> Path:
    """Return the folder of the embedded services' data and of the state file: CALLSIFT_HOME, or ``~/.callsift``."""
    return Path(os.environ.get("CALLSIFT_HOME") or Path.home() / ".callsift")


class Running(BaseModel):
    """A pipeline that is up on this machine."""

    pid: int
    """Process of the supervisor."""
    environment: dict[str, str]
    """The variables that lead to its broker, its store and its audio."""
    health: dict[str, str]
    """Base address of each stage's metrics and health."""

    def write(self) -> None:
        """Write the state file, whole or not at all."""
        home().mkdir(parents=True, exist_ok=True)
        draft = _state_file().with_suffix(".draft")
        draft.unlink(missing_ok=True)
        draft.touch(0o600)  # the store's address may hold a password
        draft.write_text(self.model_dump_json(indent=2), encoding="utf-8")
        draft.replace(_state_file())

    @staticmethod
    def remove() -> None:
        """Remove the state file."""
        _state_file().unlink(missing_ok=True)


def find_running() -> Running | None:
    """Return the pipeline that is up, or None."""
    try:
        running = Running.model_validate(json.loads(_state_file().read_text(encoding="utf-8")))
        os.kill(running.pid, 0)
    except (OSError, ValueError, ValidationError):
        return None
    return running


def adopt_running() -> None:
    """Let this process find the pipeline that is up; variables that are set already win."""
    if running := find_running():
        for variable, value in running.environment.items():
            os.environ.setdefault(variable, value)


def _state_file() -> Path:
    return home() / "up.json"
