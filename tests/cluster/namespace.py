"""A namespace of its own for every run, with the restricted Pod Security Standard enforced."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.client import Cluster, ClusterRefused

_LIMIT_S = 180.0
_SIZE = "1Gi"


@contextmanager
def restricted_namespace(prefix: str, helm: Path | None = None, *, keep: bool = False) -> Iterator[Cluster]:
    """Yield a namespace that no other run has; it is deleted at the end unless it is to be kept.

    Raises:
        ClusterRefused: The cluster cannot be reached, or does not allow it.
    """
    cluster = Cluster(f"{prefix}-{secrets.token_hex(3)}", helm)
    try:
        cluster.kubectl("get", "--raw", "/readyz")
    except ClusterRefused as error:
        raise ClusterRefused(str(error), "Let KUBECONFIG name a cluster that is there for trials") from None
    levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": cluster.namespace, "labels": levels}})
    try:
        yield cluster
    finally:
        if not keep:
            arguments = ("delete", "namespace", cluster.namespace, "--wait", f"--timeout={_LIMIT_S:g}s")
            cluster.kubectl(*arguments, limit_s=_LIMIT_S + 10)


@contextmanager
def shared_folder(
    cluster: Cluster, name: str, folder: Path, *, storage_class: str | None = None, size: str = _SIZE
) -> Iterator[str]:
    """Yield the storage class of a volume that is a node's folder; a claim of that class binds it.

    ``storage_class`` names another class than one of its own; an empty one is for claims that name none. It is
    ReadWriteMany as far as the API server knows, and in truth where there is one node, or none that is real. The volume
    is removed at the end, what is in the folder stays.

    Raises:
        ClusterRefused: The API server does not take it.
    """
    volume_name = f"{cluster.namespace}-{name}"
    if storage_class is None:
        storage_class = volume_name
    volume = {
        "capacity": {"storage": size},
        "accessModes": ["ReadWriteOnce", "ReadWriteMany"],
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": storage_class,
        "hostPath": {"path": str(folder), "type": "DirectoryOrCreate"},
    }
    cluster.apply({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": volume_name}, "spec": volume})
    try:
        yield storage_class
    finally:
        cluster.kubectl("delete", "persistentvolume", volume_name, "--wait=false")


def claim(cluster: Cluster, name: str, storage_class: str) -> None:
    """Claim a volume of ``shared_folder``.

    Raises:
        ClusterRefused: The API server does not take it.
    """
    asked = {
        "accessModes": ["ReadWriteMany"],
        "storageClassName": storage_class,
        "resources": {"requests": {"storage": _SIZE}},
    }
    cluster.apply({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": asked})
