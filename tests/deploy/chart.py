"""Renders the chart with helm, for the tests."""

import subprocess
from functools import cache
from typing import Any

import pytest
import yaml

from deploy.helm.reference import CHART
from tests.tools import FOLDER, find

Manifest = dict[str, Any]
SETS = sorted((CHART / "ci").glob("*.yaml"))
NAMES = [path.name.removesuffix("-values.yaml") for path in SETS]
KUBERNETES = "1.33.0"
"""A helm that `go install` built takes the cluster for a very old one unless it is told."""
CURES = {"helm": "install it, it comes with `make setup` on x86-64 Linux alone", "kubectl": "install it"}
POD_KINDS = {"Deployment", "Job", "CronJob", "Pod"}


def tool(name: str) -> str:
    """Return a tool's path, or skip the test."""
    found = find(name)
    if found is None:
        pytest.skip(f"no {name} on the PATH or in {FOLDER}: {CURES.get(name, 'see `make deploy-tools`')}")
    return found


def run(*command: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a tool to its end."""
    return subprocess.run(command, input=given, capture_output=True, text=True, timeout=120, check=False)


def template(*options: str) -> subprocess.CompletedProcess[str]:
    """Render the chart as release callsift in namespace calls."""
    fixed = ("--namespace", "calls", "--kube-version", KUBERNETES)
    return run(tool("helm"), "template", "callsift", str(CHART), *fixed, *options)


@cache
def text(values: str) -> str:
    """Return what one set of ci/ renders to."""
    answer = template("--values", str(CHART / "ci" / f"{values}-values.yaml"))
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def rendered(values: str, *options: str) -> list[Manifest]:
    """Return the objects that one set of ci/ renders to with further options."""
    answer = template("--values", str(CHART / "ci" / f"{values}-values.yaml"), *options)
    assert answer.returncode == 0, answer.stderr
    return documents(answer.stdout)


class _EachKeyOnce(yaml.CSafeLoader):
    """What strict parsers refuse is refused here, too."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key comes twice{node.start_mark}"
        return super().construct_mapping(node, deep)


def documents(rendered: str) -> list[Manifest]:
    """Return the objects of what was rendered, in which no key may come twice."""
    return [document for document in yaml.load_all(rendered, _EachKeyOnce) if document]


@cache
def manifests(values: str) -> list[Manifest]:
    """Return the objects that one set of ci/ renders to."""
    return documents(text(values))


def of_kind(values: str, *kinds: str) -> list[Manifest]:
    """Return the objects of some kinds."""
    return [manifest for manifest in manifests(values) if manifest["kind"] in kinds]


def settings(values: str) -> dict[str, str]:
    """Return what every worker is told that is no secret."""
    [found] = [
        manifest
        for manifest in of_kind(values, "ConfigMap")
        if manifest["metadata"]["labels"]["app.kubernetes.io/component"] == "config"
    ]
    data: dict[str, str] = found["data"]
    return data


def refusal(*settings: str, values: str = "minimal") -> str:
    """Return why the chart refuses one of its sets with some values changed."""
    options = [part for setting in settings for part in ("--set", setting)]
    answer = template("--values", str(CHART / "ci" / f"{values}-values.yaml"), *options)
    assert answer.returncode != 0, "it was rendered"
    return answer.stderr


def pod_spec(manifest: Manifest) -> Manifest:
    """Return the pod's specification inside of whatever runs it."""
    spec: Manifest = manifest["spec"]
    for _ in range(2):
        inner = spec.get("jobTemplate", spec.get("template"))
        spec = inner["spec"] if inner else spec
    return spec


def pods(values: str) -> list[tuple[str, Manifest]]:
    """Return name and specification of every pod."""
    return [(found["metadata"]["name"], pod_spec(found)) for found in of_kind(values, *POD_KINDS)]


def containers(values: str) -> list[tuple[str, Manifest]]:
    """Return the pod's name and specification of every container, those that start first included."""
    return [
        (name, container)
        for name, spec in pods(values)
        for container in [*spec.get("initContainers", []), *spec["containers"]]
    ]
