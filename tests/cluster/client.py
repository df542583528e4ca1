"""kubectl and helm as child processes, for whatever cluster KUBECONFIG names."""

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from streams.errors import CallsiftError
from tests.tools import FOLDER, find

Object = dict[str, Any]
"""A Kubernetes object, or a list of them, as its JSON has it."""
_FAKE_KUBELET = "kwok-"
_POLL_S = 0.3


class ClusterRefused(CallsiftError):
    """The API server, kubectl or helm did not do what it was asked for."""


class Cluster:
    """A namespace of the cluster that KUBECONFIG and its current context name."""

    def __init__(self, namespace: str, helm: Path | None = None) -> None:
        """Find the tools.

        Raises:
            ClusterRefused: kubectl or helm is missing.
        """
        self.namespace = namespace
        self._kubectl = _tool("kubectl")
        self._helm = str(helm) if helm else _tool("helm")

    def kubectl(self, *arguments: str, given: str | None = None, limit_s: float = 60.0) -> str:
        """Run kubectl in the namespace and return its standard output; ``given`` is its standard input.

        Raises:
            ClusterRefused: It failed, or took longer than ``limit_s`` seconds.
        """
        return run(self._kubectl, "--namespace", self.namespace, *arguments, given=given, limit_s=limit_s)

    def helm(self, *arguments: str, limit_s: float = 600.0) -> str:
        """Run helm in the namespace and return its standard output.

        Raises:
            ClusterRefused: It failed, or took longer than ``limit_s`` seconds.
        """
        return run(self._helm, "--namespace", self.namespace, *arguments, limit_s=limit_s)

    def watching(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a kubectl that goes on until it is ended, with its standard output as a pipe."""
        command = [self._kubectl, "--namespace", self.namespace, *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def get(self, *what: str) -> Object:
        """Return an object, or a list of objects under ``items``: ``get("pods", "-l", "a=b")``.

        Raises:
            ClusterRefused: There is none of that name, or none of that kind.
        """
        found: Object = json.loads(self.kubectl("get", *what, "-o", "json"))
        return found

    def apply(self, manifest: Object) -> None:
        """Create an object, or change it into this.

        Raises:
            ClusterRefused: The API server does not take it.
        """
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", given=json.dumps(manifest))

    def has_api(self, group_version: str) -> bool:
        """Return whether the API server knows a group and version such as keda.sh/v1alpha1."""
        return group_version in self.kubectl("api-versions").split()

    def has_keda(self) -> bool:
        """Return whether KEDA is installed."""
        return self.has_api("keda.sh/v1alpha1")

    def versions(self) -> Mapping[str, str]:
        """Return the versions of the API server and of helm, without build information."""
        server: Object = json.loads(self.kubectl("version", "-o", "json"))["serverVersion"]
        helm = run(self._helm, "version", "--template", "{{.Version}}")
        return {"server": server["gitVersion"], "helm": helm}

    def nodes(self) -> list[Object]:
        """Return the nodes that pods may be put on."""
        return [node for node in self.get("nodes")["items"] if not node["spec"].get("unschedulable")]

    def has_fake_nodes(self) -> bool:
        """Return whether the nodes are kwok's: pods are called running and ready there, and nothing runs."""
        nodes = self.nodes()
        return bool(nodes) and all(
            node["status"]["nodeInfo"]["kubeletVersion"].startswith(_FAKE_KUBELET) for node in nodes
        )


def run(
    *command: str, given: str | None = None, limit_s: float = 60.0, environment: Mapping[str, str] | None = None
) -> str:
    """Run a command to its end, in this process's environment or another, and return its standard output.

    Raises:
        ClusterRefused: It failed, or took longer than ``limit_s`` seconds.
    """
    short = " ".join((Path(command[0]).name, *command[1:8]))
    try:
        ended = subprocess.run(
            command, input=given, capture_output=True, text=True, timeout=limit_s, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        raise ClusterRefused(f"no end of {short} within {limit_s:g} s", "Look at the cluster") from None
    if ended.returncode != 0:
        raise ClusterRefused(
            f"{short} ended with {ended.returncode}: {ended.stderr.strip()[-2000:]}", "Look at the cluster"
        )
    return ended.stdout


def wait_until(what: str, is_so: Callable[[], bool], limit_s: float = 120.0) -> float:
    """Return the seconds after which ``is_so`` was true.

    Raises:
        ClusterRefused: It was not within ``limit_s`` seconds.
    """
    started = time.monotonic()
    while not is_so():
        if time.monotonic() - started > limit_s:
            raise ClusterRefused(f"within {limit_s:g} s not so: {what}", "Look at the namespace: run it with --keep")
        time.sleep(_POLL_S)
    return time.monotonic() - started


def _tool(name: str) -> str:
    found = find(name)
    if found is None:
        raise ClusterRefused(
            f"no {name} on the PATH or in {FOLDER}", "Install it; helm comes with `make setup` on x86-64 Linux"
        )
    return found
