"""What KEDA makes of a release's ScaledObject."""

from collections.abc import Callable

from tests.cluster.client import Cluster, Object, wait_until
from tests.cluster.readings import Rule
from tests.cluster.release import NAME

_LIMIT_S = 120.0


def rule_of(cluster: Cluster, stage: str) -> Rule:
    """Return how many pods a lag of a stage asks for, once KEDA scales it.

    Raises:
        ClusterRefused: It does not get there.
    """
    wait_until("KEDA calls the ScaledObject ready", _is_ready(cluster, stage), _LIMIT_S)
    spec = _scaled_object(cluster, stage)["spec"]
    [trigger] = spec["triggers"]
    return Rule(spec["minReplicaCount"], spec["maxReplicaCount"], int(trigger["metadata"]["lagThreshold"]))


def _scaled_object(cluster: Cluster, stage: str) -> Object:
    return cluster.get("scaledobject", f"{NAME}-{stage}")


def _is_ready(cluster: Cluster, stage: str) -> Callable[[], bool]:
    def is_ready() -> bool:
        conditions = _scaled_object(cluster, stage).get("status", {}).get("conditions", [])
        return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)

    return is_ready
