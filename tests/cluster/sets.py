"""Every set of values of the chart, installed: each in a namespace of its own, with what it takes for granted."""

from collections import Counter
from pathlib import Path

import yaml

from tests.cluster.client import Cluster, ClusterRefused, Object, wait_until
from tests.cluster.dry_run import render
from tests.cluster.life import uninstall
from tests.cluster.namespace import restricted_namespace
from tests.cluster.needed import made_for
from tests.cluster.release import NAME, SELECTOR, Release, values

_OPTIONAL = {
    "HTTPRoute": "api.httpRoute.enabled",
    "PodMonitor": "monitoring.podMonitor.enabled",
    "PrometheusRule": "monitoring.prometheusRule.enabled",
}
"""Which value leaves out a kind that not every cluster knows."""


def install_set(values_file: Path, helm: Path | None) -> str:
    """Install a set, look at its pods and policies, uninstall it, and return what was there.

    Raises:
        ClusterRefused: Something was refused or stayed behind, a pod was not put on a node, or no policy is for it.
    """
    name = values_file.name.removesuffix("-values.yaml")
    with restricted_namespace(f"callsift-{name}", helm) as cluster:
        if not cluster.has_fake_nodes():
            return "skipped: its brokers are on no real cluster"
        manifests = render(cluster, values_file)
        unknown = {one["kind"] for one in manifests if not cluster.has_api(one["apiVersion"])}
        if other := unknown - _OPTIONAL.keys():
            return f"skipped: not known here: {', '.join(sorted(other))}"
        left_out = [part for kind in sorted(unknown) for part in ("--set", f"{_OPTIONAL[kind]}=false")]
        release = Release(cluster, [*values(values_file), *left_out])
        with made_for(cluster, manifests, Path("/var/tmp") / cluster.namespace):
            release.install()
            wait_until("every pod is put on a node", lambda: all(map(_node, release.pods())))
            pods = release.pods()
            policies = cluster.get("networkpolicies", "-l", SELECTOR)["items"]
            for pod in pods:
                _is_under_policies(pod, policies)
            objects = sum(_count(cluster).values())
            uninstall(release)
    without = f", without {', '.join(sorted(unknown))}" if unknown else ""
    return f"{objects} objects, {len(policies)} of them policies, {len(pods)} pods{without}"


def _count(cluster: Cluster) -> Counter[str]:
    """Count what the release has, by kind; hooks are gone."""
    text = cluster.helm("get", "manifest", NAME)
    return Counter(one["kind"] for one in yaml.safe_load_all(text) if one)


def _node(pod: Object) -> str:
    return str(pod["spec"].get("nodeName", ""))


def _is_under_policies(pod: Object, policies: list[Object]) -> None:
    """See to it that a pod is under the policy that denies all, and under one of its own."""
    labels = pod["metadata"]["labels"].items()
    matching = [one for one in policies if one["spec"]["podSelector"]["matchLabels"].items() <= labels]
    if len(matching) != 2:
        names = [one["metadata"]["name"] for one in matching]
        raise ClusterRefused(f"{pod['metadata']['name']} is under {names}", "Look at the selectors of the policies")
