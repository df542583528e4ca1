"""Every set of values of the chart as the API server would take it: defaults, validation, admission, nothing kept."""

import json
from pathlib import Path

import yaml

from deploy.helm.reference import CHART
from tests.cluster.client import Cluster, ClusterRefused, Object

SETS = sorted((CHART / "ci").glob("*-values.yaml"))
_AS_ROOT = ("--set", "podSecurityContext.runAsNonRoot=false", "--set", "containerSecurityContext.runAsNonRoot=false")


def dry_run(cluster: Cluster, values: Path) -> str:
    """Send what a set renders to through the API server's admission, and return what was sent.

    A warning counts as a failure: that is how the namespace says which pods of a Deployment or Job it would refuse.

    Raises:
        ClusterRefused: An object is refused or warned about.
    """
    taken, unknown = [], set()
    for manifest in render(cluster, values):
        if cluster.has_api(manifest["apiVersion"]):
            taken.append(_sendable(manifest))
        else:
            unknown.add(manifest["kind"])
    _send(cluster, taken)
    left_out = f", not known here: {', '.join(sorted(unknown))}" if unknown else ""
    return f"{len(taken)} objects{left_out}"


def refuse_root(cluster: Cluster) -> str:
    """See to it that the namespace finds fault with pods that might run as root, so that the dry runs mean something.

    Raises:
        ClusterRefused: It did not.
    """
    workloads = [one for one in render(cluster, SETS[0], *_AS_ROOT) if one["kind"] in {"Deployment", "CronJob", "Job"}]
    for manifest in workloads:
        try:
            _send(cluster, [manifest])
        except ClusterRefused as error:
            if "violate PodSecurity" not in str(error):
                raise
        else:
            name = manifest["metadata"]["name"]
            raise ClusterRefused(f"{name} may run as root here", "Is the PodSecurity admission plugin switched on?")
    return f"{len(workloads)} workloads refused"


def render(cluster: Cluster, values: Path, *options: str) -> list[Object]:
    """Return what a set renders to for the cluster's version.

    Raises:
        ClusterRefused: Helm refuses it.
    """
    version = ("--kube-version", cluster.versions()["server"])
    text = cluster.helm("template", "callsift", str(CHART), "--values", str(values), *version, *options)
    return [document for document in yaml.safe_load_all(text) if document]


def _sendable(manifest: Object) -> Object:
    """A pod is refused for want of its account, which the release would have made."""
    if manifest["kind"] != "Pod":
        return manifest
    return manifest | {"spec": manifest["spec"] | {"serviceAccountName": "default"}}


def _send(cluster: Cluster, manifests: list[Object]) -> None:
    every = {"apiVersion": "v1", "kind": "List", "items": manifests}
    options = ("--server-side", "--dry-run=server", "--warnings-as-errors", "-f", "-")
    cluster.kubectl("apply", *options, given=json.dumps(every))
