"""The platforms of docs/kubernetes.md: each has values in ci/ that keep what it demands, and a demand can be broken."""

import re

import pytest

from deploy.helm.reference import CHART
from tests.deploy.chart import NAMES
from tests.deploy.demands import (
    Demand,
    account_has,
    asks_the_metadata_server,
    asks_what_it_may_have,
    ends_within,
    hooks_that_argo_knows,
    images_from,
    labelled,
    no_pod_serves_by_an_account_token,
    no_volume_for_several_nodes,
    own_authority,
    reaches,
    reaches_istiod,
    renders_alike_twice,
    resolves_at,
    restricted,
    store_at,
    takes_event_hubs,
    told,
    user_of_the_namespace,
    whole_without_links,
)

_KUBE_SYSTEM = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}
_OPENSHIFT_DNS = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "openshift-dns"}}}
_ON_THE_NODE = {"ipBlock": {"cidr": "169.254.0.0/16"}}
_OPENSHIFT = (user_of_the_namespace, resolves_at(5353, _OPENSHIFT_DNS), restricted)
PLATFORMS: dict[str, tuple[str, tuple[Demand, ...]]] = {
    "EKS": ("msk", (account_has("eks.amazonaws.com/role-arn"), resolves_at(53, _KUBE_SYSTEM))),
    "MSK (SCRAM)": (
        "msk",
        (reaches(9096), told(security_protocol="SASL_SSL", sasl_mechanism="SCRAM-SHA-512")),
    ),
    "GKE, spot nodes": (
        "gke-spot",
        (asks_the_metadata_server, ends_within(25, "transcribe"), account_has("iam.gke.io/gcp-service-account")),
    ),
    "GKE Autopilot": (
        "gke-autopilot",
        (asks_what_it_may_have, restricted, asks_the_metadata_server, account_has("iam.gke.io/gcp-service-account")),
    ),
    "AKS": (
        "aks-eventhubs",
        (
            labelled("azure.workload.identity/use", "true"),
            account_has("azure.workload.identity/client-id"),
            no_pod_serves_by_an_account_token,
        ),
    ),
    "Event Hubs": (
        "aks-eventhubs",
        (
            reaches(9093),
            told(security_protocol="SASL_SSL", sasl_mechanism="PLAIN", username="$ConnectionString"),
            takes_event_hubs,
        ),
    ),
    "OpenShift": ("openshift", _OPENSHIFT),
    "OpenShift with its mesh": (
        "openshift-mesh",
        (*_OPENSHIFT, labelled("sidecar.istio.io/inject", "false", "api"), reaches_istiod),
    ),
    "DigitalOcean": (
        "digitalocean-aiven",
        (
            no_volume_for_several_nodes,
            store_at("https://fra1.digitaloceanspaces.com", 443),
            images_from("registry.digitalocean.com/"),
        ),
    ),
    "Aiven": (
        "digitalocean-aiven",
        (reaches(23456), own_authority, told(security_protocol="SASL_SSL", sasl_mechanism="SCRAM-SHA-256")),
    ),
    "RKE2": (
        "rke2-redpanda",
        (
            restricted,
            no_pod_serves_by_an_account_token,
            resolves_at(53, _KUBE_SYSTEM),
            resolves_at(53, _ON_THE_NODE),
            store_at("http://minio.minio:9000", 9000),
        ),
    ),
    "Redpanda": (
        "rke2-redpanda",
        (reaches(9093), own_authority, told(security_protocol="SASL_SSL", sasl_mechanism="SCRAM-SHA-256")),
    ),
    "k3s": (
        "k3s",
        (no_volume_for_several_nodes, resolves_at(53, _KUBE_SYSTEM), store_at("http://minio.minio:9000", 9000)),
    ),
    "Confluent Cloud": ("confluent", (reaches(9092), told(security_protocol="SASL_SSL", sasl_mechanism="PLAIN"))),
    "Strimzi": ("strimzi-mtls", (reaches(9093), own_authority, told(security_protocol="SSL"))),
    "Argo CD": ("gitops", (hooks_that_argo_knows, renders_alike_twice)),
    "Flux": ("flux", (whole_without_links, renders_alike_twice)),
}
ROWS = [(name, demand) for name, (_, demands) in PLATFORMS.items() for demand in demands]


@pytest.mark.parametrize(("name", "demand"), ROWS, ids=lambda one: getattr(one, "__qualname__", one).split(".")[0])
def test_the_values_of_a_platform_keep_what_it_demands(name: str, demand: Demand) -> None:
    assert list(demand(PLATFORMS[name][0])) == []


BROKEN = [
    (reaches(9096), "minimal"),
    (told(sasl_mechanism="PLAIN"), "msk"),
    (own_authority, "msk"),
    (asks_what_it_may_have, "gke-spot"),
    (asks_the_metadata_server, "minimal"),
    (ends_within(25, "audio"), "gke-spot"),
    (account_has("eks.amazonaws.com/role-arn"), "minimal"),
    (labelled("azure.workload.identity/use", "true"), "minimal"),
    (labelled("sidecar.istio.io/inject", "false", "api"), "openshift"),
    (reaches_istiod, "openshift"),
    (user_of_the_namespace, "minimal"),
    (resolves_at(5300, _KUBE_SYSTEM), "minimal"),
    (no_volume_for_several_nodes, "rwx"),
    (store_at("http://minio.minio:9000", 9000), "minimal"),
    (takes_event_hubs, "confluent"),
    (images_from("registry.digitalocean.com/"), "minimal"),
]


@pytest.mark.parametrize(("demand", "values"), BROKEN, ids=lambda one: getattr(one, "__qualname__", one).split(".")[0])
def test_a_demand_is_broken_by_values_that_are_not_for_that_platform(demand: Demand, values: str) -> None:
    assert list(demand(values))


def test_the_pages_table_has_every_platform_with_its_values_and_no_other() -> None:
    page = (CHART.parents[2] / "docs" / "kubernetes.md").read_text(encoding="utf-8")
    table = page.partition("\n### Platforms\n")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| ([^|`]+) \| `([\w-]+)`", table, re.MULTILINE))
    others = {"no way to the internet", "without KEDA", "no CPU limits, enforced labels"}
    assert {name: values for name, values in rows.items() if name not in others} == {
        name: values for name, (values, _) in PLATFORMS.items()
    }
    assert {*rows.values()} <= set(NAMES)
