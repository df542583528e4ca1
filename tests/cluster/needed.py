"""What a set of values takes for granted, made for a trial: what an operator would have made before installing."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.client import Cluster, Object
from tests.cluster.namespace import claim, shared_folder

_WORKLOADS = {"Deployment", "Job", "CronJob", "Pod"}
_PRIORITY = -100


@dataclass(frozen=True)
class Asked:
    """What some objects refer to and do not bring along."""

    priorities: set[str]
    """Classes of priority."""
    labels: dict[str, str]
    """Labels without which no node takes the pods."""
    claims: set[str]
    """Claims of volumes."""
    plain: dict[str, set[str]]
    """Accounts, secrets and ConfigMaps, by kind."""


def asked_for(manifests: list[Object]) -> Asked:
    """Return what the objects of a set refer to and do not bring along."""
    specs = _pod_specs(manifests)
    own = {(one["kind"], one["metadata"]["name"]) for one in manifests} | {("ServiceAccount", "default")}
    plain: dict[str, set[str]] = {"ServiceAccount": {spec["serviceAccountName"] for spec in specs}}
    for kind, name in _references([specs, [one["spec"] for one in manifests if "spec" in one]]):
        plain.setdefault(kind, set()).add(name)
    volumes = [volume for spec in specs for volume in spec.get("volumes", [])]
    claims = {one["persistentVolumeClaim"]["claimName"] for one in volumes if "persistentVolumeClaim" in one}
    return Asked(
        {spec["priorityClassName"] for spec in specs if spec.get("priorityClassName")},
        _labels(specs),
        {name for name in claims if ("PersistentVolumeClaim", name) not in own},
        {kind: {name for name in names if (kind, name) not in own} for kind, names in plain.items()},
    )


@contextmanager
def made_for(cluster: Cluster, manifests: list[Object], folder: Path) -> Iterator[None]:
    """Make what the objects of a set refer to, and the volumes that their own claims want.

    Classes of priority and labels of nodes, which lie in no namespace, are removed at the end, as the volumes are.

    Raises:
        ClusterRefused: The API server does not take something: a name that nothing can have, for example.
    """
    asked = asked_for(manifests)
    with ExitStack() as stack:
        for name in asked.priorities:
            priority = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "value": _PRIORITY}
            cluster.apply(priority | {"metadata": {"name": name}})
            stack.callback(cluster.kubectl, "delete", "priorityclass", name)
        for label, value in asked.labels.items():
            nodes = [node["metadata"]["name"] for node in cluster.nodes() if label not in node["metadata"]["labels"]]
            for node in nodes:
                cluster.kubectl("label", "node", node, f"{label}={value}")
                stack.callback(cluster.kubectl, "label", "node", node, f"{label}-")
        for name in asked.claims:
            claim(cluster, name, stack.enter_context(shared_folder(cluster, name, folder)))
        for one in (one for one in manifests if one["kind"] == "PersistentVolumeClaim"):
            size = one["spec"]["resources"]["requests"]["storage"]
            options = {"storage_class": one["spec"].get("storageClassName", ""), "size": size}
            stack.enter_context(shared_folder(cluster, one["metadata"]["name"], folder, **options))
        for kind, names in asked.plain.items():
            for name in names:
                cluster.apply({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}})
        yield


def _pod_specs(manifests: list[Object]) -> list[Object]:
    """Return the specification of every pod that would come of some objects."""
    found = []
    for manifest in manifests:
        if manifest["kind"] in _WORKLOADS:
            spec = manifest["spec"]
            while inner := spec.get("jobTemplate", spec.get("template")):
                spec = inner["spec"]
            found.append(spec)
    return found


def _labels(specs: list[Object]) -> dict[str, str]:
    """Return the labels without which no node takes the pods."""
    labels: dict[str, str] = {}
    for spec in specs:
        labels |= spec.get("nodeSelector", {})
        labels |= {
            spread["topologyKey"]: "somewhere"
            for spread in spec.get("topologySpreadConstraints", [])
            if spread["whenUnsatisfiable"] == "DoNotSchedule"
        }
    return labels


_REFERENCES = {
    "secretKeyRef": ("Secret", "name"),
    "secretRef": ("Secret", "name"),
    "secret": ("Secret", "secretName"),
    "configMapKeyRef": ("ConfigMap", "name"),
    "configMapRef": ("ConfigMap", "name"),
    "configMap": ("ConfigMap", "name"),
}


def _references(part: object) -> Iterator[tuple[str, str]]:
    """Yield kind and name of every secret and ConfigMap that something refers to, wherever it does."""
    if isinstance(part, list):
        for entry in part:
            yield from _references(entry)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key in _REFERENCES and isinstance(value, dict):
                kind, field = _REFERENCES[key]
                if name := value.get(field, value.get("name")):
                    yield kind, name
            elif key == "secretTargetRef":
                yield from (("Secret", one["name"]) for one in value)
            elif key == "configMapTargetRef":
                yield from (("ConfigMap", one["name"]) for one in value)
            else:
                yield from _references(value)
