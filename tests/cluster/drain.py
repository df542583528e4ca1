"""A node is emptied: the eviction API against the release's disruption budgets."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from tests.cluster.client import Cluster, ClusterRefused, Object, wait_until
from tests.cluster.release import SELECTOR, STAGE, Release

_DRAIN_LIMIT_S = 300.0


def refuse_second(release: Release) -> str:
    """Evict two pods of everything with a budget while no node takes new ones: the first goes, the second must stay.

    Raises:
        ClusterRefused: A budget let both go, or none.
    """
    cluster = release.cluster
    budgets = cluster.get("poddisruptionbudgets", "-l", SELECTOR)["items"]
    stages = sorted(budget["metadata"]["labels"][STAGE] for budget in budgets)
    with _cordoned(cluster, [node["metadata"]["name"] for node in cluster.nodes()]):
        for stage in stages:
            wait_until(f"the budget of {stage} allows one", partial(_allows_one, cluster, stage), 30)
            first, second, *_ = release.pods(f"{STAGE}={stage}")
            _evict(cluster, first)
            try:
                _evict(cluster, second)
            except ClusterRefused as error:
                if "disruption budget" not in str(error):
                    raise
            else:
                raise ClusterRefused(f"two pods of {stage} were evicted at once", "Look at its PodDisruptionBudget")
    release.wait_until_available()
    return f"{len(stages)} stages: the first pod went, the second was refused"


def drain_one_node(release: Release) -> str:
    """Drain a node of the release's pods, and count how many each stage lacks at the worst moment.

    Raises:
        ClusterRefused: The drain did not end, or a stage lacked more than one pod at once.
    """
    cluster = release.cluster
    node, *others = (one["metadata"]["name"] for one in cluster.nodes())
    if not others:
        return "skipped: there is one node only"
    before = _on(release, node)
    with _cordoned(cluster, [node]), release.watched() as seen:
        limit = f"--timeout={_DRAIN_LIMIT_S:g}s"
        options = ("--ignore-daemonsets", "--delete-emptydir-data", limit)
        cluster.kubectl("drain", node, f"--pod-selector={SELECTOR}", *options, limit_s=_DRAIN_LIMIT_S + 10)
        if left := _on(release, node):
            raise ClusterRefused(f"{left} pods are still on {node}", "Look at their evictions")
        release.wait_until_available()
    if worst := {name: count for name, count in seen.missing.items() if count > 1}:
        raise ClusterRefused(f"too many pods were away at once: {worst}", "Look at the disruption budgets")
    return f"{before} pods moved, never more than {max(seen.missing.values())} of a stage away"


def _on(release: Release, node: str) -> int:
    return sum(pod["spec"].get("nodeName") == node for pod in release.pods())


def _allows_one(cluster: Cluster, stage: str) -> bool:
    [budget] = cluster.get("poddisruptionbudgets", "-l", f"{SELECTOR},{STAGE}={stage}")["items"]
    return bool(budget.get("status", {}).get("disruptionsAllowed") == 1)


def _evict(cluster: Cluster, pod: Object) -> None:
    """Ask for an eviction as ``kubectl drain`` does, but once."""
    name = pod["metadata"]["name"]
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": name, "namespace": cluster.namespace},
    }
    address = f"/api/v1/namespaces/{cluster.namespace}/pods/{name}/eviction"
    cluster.kubectl("create", "--raw", address, "-f", "-", given=json.dumps(eviction))


@contextmanager
def _cordoned(cluster: Cluster, nodes: list[str]) -> Iterator[None]:
    """Let no new pods onto nodes for as long as the block runs."""
    cluster.kubectl("cordon", *nodes)
    try:
        yield
    finally:
        cluster.kubectl("uncordon", *nodes)
