"""What a trial makes before it installs a set of values, and how ready it says that a pod is."""

import pytest

from callsift.embedded import free_port
from streams.health import Health, serve
from tests.cluster.needed import asked_for
from tests.cluster.readiness import conditions, is_ready
from tests.deploy.chart import NAMES, manifests


def test_what_sets_take_for_granted_is_found_wherever_they_refer_to_it() -> None:
    existing = asked_for(manifests("existing-secrets"))
    assert existing.plain["ServiceAccount"] == {"callsift-pods"}
    assert existing.plain["Secret"] == {"callsift-kafka-user", "callsift-secrets", "recordings-credentials"}
    assert existing.claims == {"speech-models"}
    everything = asked_for(manifests("everything"))
    assert everything.priorities == {"calls"}
    assert everything.labels == {"example.com/spot": "true", "kubernetes.io/arch": "amd64"}
    assert everything.plain["ConfigMap"] == {"corrections"}
    assert "callsift-scaler" in asked_for(manifests("strimzi-mtls")).plain["Secret"]
    assert asked_for(manifests("layers")).labels == {"topology.kubernetes.io/zone": "somewhere"}
    assert asked_for(manifests("rwx")).claims == {"speech-models"}


@pytest.mark.parametrize("values", NAMES)
def test_what_a_release_makes_itself_is_not_made_for_it(values: str) -> None:
    asked = asked_for(manifests(values))
    own = {(one["kind"], one["metadata"]["name"]) for one in manifests(values)}
    assert not {(kind, name) for kind, names in asked.plain.items() for name in names} & own
    assert not {("PersistentVolumeClaim", name) for name in asked.claims} & own


def test_a_pod_is_as_ready_as_its_process_answers() -> None:
    health = Health()
    port = serve(health, "127.0.0.1", 0)
    assert not is_ready(port, "/health/ready")
    health.joined = True
    health.beat()
    assert is_ready(port, "/health/ready")
    health.pause("45 of the last 50 events were invalid")
    assert is_ready(port, "/health/ready")
    assert not is_ready(free_port(), "/health/ready")
    assert {one["status"] for one in conditions(ready=False)} == {"False"}
    assert {one["type"] for one in conditions(ready=True)} == {"ContainersReady", "Ready"}
