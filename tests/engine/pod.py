"""A container as the chart's pod: who it is, what it may and what it is told come from the chart's values."""

from typing import Any

import yaml

from deploy.helm.reference import CHART

VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
_BYTES = {"Mi": "m", "Gi": "g"}


def pod_options(name: str) -> list[str]:
    """Return the options of ``docker run`` for a worker, or for a job of the tools' image.

    The engine's own seccomp profile is what Kubernetes calls RuntimeDefault; it applies unless it is switched off.
    """
    pod, container = VALUES["podSecurityContext"], VALUES["containerSecurityContext"]
    worker = VALUES["workers"].get(name, {})
    memory = (worker.get("resources") or VALUES["workerDefaults"]["resources"])["limits"]["memory"]
    room = worker.get("tmpSizeLimit", VALUES["workerDefaults"]["tmpSizeLimit"])
    options = ["--user", f"{pod['runAsUser']}:{pod['runAsGroup']}", "--memory", _size(memory)]
    options += ["--tmpfs", f"/tmp:size={_size(room)},mode=1777"]
    options += [part for dropped in container["capabilities"]["drop"] for part in ("--cap-drop", dropped)]
    options += ["--read-only"] if container["readOnlyRootFilesystem"] else []
    options += [] if container["allowPrivilegeEscalation"] else ["--security-opt", "no-new-privileges"]
    told = {"HOME": "/tmp", "TMPDIR": "/tmp"} | worker.get("config", {})
    return options + [part for key, value in told.items() for part in ("--env", f"{key}={value}")]


def _size(amount: str) -> str:
    """Return an amount of Kubernetes (512Mi) as docker writes it (512m)."""
    return amount[:-2] + _BYTES[amount[-2:]]
