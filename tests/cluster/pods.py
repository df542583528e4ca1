"""What a pod's first container would see on a node, for a process of this machine: its environment and its volumes."""

import base64
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.client import ClusterRefused, Object

LookUp = Callable[..., Object]
"""Returns an object of the pod's namespace by kind and name, as ``Cluster.get`` does."""


@dataclass(frozen=True)
class Container:
    """A container as a process: what is run, with which variables."""

    command: list[str]
    environment: dict[str, str]
    niceness: int
    """What its share of a busy processor is, as nice(2) has it."""


def container(pod: Object, folder: Path, look_up: LookUp) -> Container:
    """Return what the first container of a pod runs, its volumes being folders in ``folder``.

    A process of this machine cannot have a folder mounted where the container has it. So every path in the command and
    in the variables that lies in a mount is written as where the volume is here.

    Raises:
        ClusterRefused: The pod refers to what does not exist, or has something that only a container can have.
    """
    first = pod["spec"]["containers"][0]
    paths = {volume["name"]: _volume(volume, folder, look_up) for volume in pod["spec"].get("volumes", [])}
    mounts = {mount["mountPath"]: paths[mount["name"]] for mount in first.get("volumeMounts", [])}
    command = [*first.get("command", []), *first.get("args", [])]
    variables = _variables(pod, first, look_up)
    return Container(
        [here(part, mounts) for part in command],
        {name: here(text, mounts) for name, text in variables.items()},
        niceness(first),
    )


def niceness(first: Object) -> int:
    """Return the niceness that gives a container's process such a share of a busy processor as it requests.

    0 for a core or more; each step of niceness is a share smaller by a fifth, in Linux.
    """
    requested = str(first.get("resources", {}).get("requests", {}).get("cpu", "1"))
    cores = float(requested[:-1]) / 1000 if requested.endswith("m") else float(requested)
    return min(19, max(0, round(math.log(1 / cores, 1.25))))


def here(text: str, mounts: Mapping[str, Path]) -> str:
    """Return a text with every path that lies in a mount written as where the volume is on this machine."""
    if not mounts:
        return text
    longest_first = sorted(mounts, key=len, reverse=True)
    pattern = rf"(?<![\w.-])({'|'.join(map(re.escape, longest_first))})(?![\w.-])"
    return re.sub(pattern, lambda found: str(mounts[found[1]]), text)


def _variables(pod: Object, first: Object, look_up: LookUp) -> dict[str, str]:
    variables: dict[str, str] = {}
    for source in first.get("envFrom", []):
        kind, reference = next((kind, source[key]) for key, kind in _SOURCES.items() if key in source)
        variables |= _data(look_up(kind, reference["name"]))
    for entry in first.get("env", []):
        variables[entry["name"]] = _value(pod, entry, look_up)
    return variables


_SOURCES = {"configMapRef": "configmap", "secretRef": "secret"}


def _value(pod: Object, entry: Object, look_up: LookUp) -> str:
    match entry.get("valueFrom"):
        case None:
            return str(entry.get("value", ""))
        case {"secretKeyRef": reference}:
            return _data(look_up("secret", reference["name"]))[reference["key"]]
        case {"configMapKeyRef": reference}:
            return _data(look_up("configmap", reference["name"]))[reference["key"]]
        case {"fieldRef": {"fieldPath": "metadata.name" | "metadata.namespace" as path}}:
            return str(pod["metadata"][path.removeprefix("metadata.")])
        case other:
            raise ClusterRefused(f"{entry['name']} comes from {other}", "Only a kubelet can have that")


def _volume(volume: Object, folder: Path, look_up: LookUp) -> Path:
    path = folder / str(volume["name"])
    match volume:
        case {"emptyDir": _}:
            path.mkdir(parents=True, exist_ok=True)
        case {"secret": {"secretName": name} as wanted}:
            _write(path, _data(look_up("secret", name)), wanted.get("items"))
        case {"projected": {"sources": sources}}:
            for source in sources:
                _write(path, _data(look_up("secret", source["secret"]["name"])), source["secret"].get("items"))
        case {"configMap": {"name": name} as wanted}:
            _write(path, _data(look_up("configmap", name)), wanted.get("items"))
        case {"persistentVolumeClaim": {"claimName": name}}:
            bound = look_up("persistentvolumeclaim", name)["spec"]["volumeName"]
            path = Path(look_up("persistentvolume", bound)["spec"]["hostPath"]["path"])
        case other:
            raise ClusterRefused(f"no volume of this machine can be {other}", "Only a kubelet can have that")
    return path


def _write(folder: Path, data: Mapping[str, str], items: list[dict[str, str]] | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for item in items or [{"key": key, "path": key} for key in data]:
        file = folder / item["path"]
        file.touch(0o600)
        file.write_text(data[item["key"]], encoding="utf-8")


def _data(found: Object) -> dict[str, str]:
    """Return a ConfigMap's data, or a Secret's, decoded."""
    data: dict[str, str] = found.get("data") or {}
    if found["kind"] == "Secret":
        return {key: base64.b64decode(text).decode() for key, text in data.items()}
    return data
