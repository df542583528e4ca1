"""The network policies let out what the settings name, no more, and before anything is installed that needs it."""

from typing import Any

import pytest

from tests.deploy.chart import NAMES, POD_KINDS, Manifest, of_kind, refusal, rendered

DNS = {53, 5353}
every_set = pytest.mark.parametrize("values", NAMES)


def ports(policy: Manifest) -> list[set[int]]:
    return [{port["port"] for port in rule["ports"]} for rule in policy["spec"]["egress"]]


def policies(values: str, *options: str) -> dict[str, Manifest]:
    found = rendered(values, *options) if options else of_kind(values, "NetworkPolicy")
    return {
        one["metadata"]["labels"]["app.kubernetes.io/component"]: one
        for one in found
        if one["kind"] == "NetworkPolicy" and "egress" in one["spec"]
    }


def blocks(rule: dict[str, Any]) -> dict[str, list[str]]:
    found = [peer["ipBlock"] for peer in rule.get("to", []) if "ipBlock" in peer]
    return {block["cidr"]: block.get("except", []) for block in found}


@every_set
def test_every_pod_has_a_policy_and_a_hooks_own_is_there_before_it(values: str) -> None:
    pods = {found["metadata"]["labels"]["app.kubernetes.io/component"]: found for found in of_kind(values, *POD_KINDS)}
    made = policies(values)
    assert made.keys() == pods.keys()
    for name, policy in made.items():
        selected = policy["spec"]["podSelector"]["matchLabels"]
        assert selected.items() <= pods[name]["metadata"]["labels"].items()
        hook = pods[name]["metadata"].get("annotations", {}).get("helm.sh/hook", "")
        own = policy["metadata"].get("annotations", {})
        if hook.startswith("pre-"):
            assert own["helm.sh/hook"] == hook
            assert int(own["helm.sh/hook-weight"]) < int(pods[name]["metadata"]["annotations"]["helm.sh/hook-weight"])
        else:
            assert "helm.sh/hook" not in own


def test_the_hook_that_makes_the_topics_may_do_what_the_workers_may() -> None:
    made = policies("msk")
    assert {9096} in ports(made["topics"])
    assert ports(made["topics"]) == ports(made["retry"]) == ports(made["monitor"])


@pytest.mark.parametrize(
    ("values", "component", "wanted"),
    [
        ("minimal", "sink", [DNS, {9092}, {443}, {27017}]),
        ("msk", "audio", [DNS, {9096}, {443}, {80, 443}]),
        ("strimzi-mtls", "retry", [DNS, {9093}]),
        ("confluent", "indexes", [DNS, {27017}]),
        ("rwx", "audio", [DNS, {9092}, {80, 443}]),  # the volume is the node's to reach
        ("airgap", "audio", [DNS, {19092}, {9000}, {80, 443}, {3128}]),
        ("airgap", "topics", [DNS, {19092}, {3128}]),
        ("airgap", "retention", [DNS, {19092}, {9000}, {27017}, {3128}]),
        ("everything", "summary", [DNS, {9092}, {27017}, {465}]),
        ("gke-spot", "classify", [DNS, {9092}, {443}, {443}, {80, 988}]),
        ("gke-spot", "retry", [DNS, {9092}]),
    ],
)
def test_ports_follow_from_the_settings(values: str, component: str, wanted: list[set[int]]) -> None:
    assert ports(policies(values)[component]) == wanted


def test_the_resolver_is_found_on_every_platform() -> None:
    [rule] = [rule for rule in policies("minimal")["retry"]["spec"]["egress"] if rule["ports"][0]["port"] == 53]
    namespaces = {
        peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
        for peer in rule["to"]
        if "namespaceSelector" in peer
    }
    assert namespaces == {"kube-system", "openshift-dns"}
    assert blocks(rule).keys() == {"169.254.0.0/16", "fd00::/8"}  # a cache on the node
    assert {(port["port"], port["protocol"]) for port in rule["ports"]} == {
        (number, protocol) for number in DNS for protocol in ("UDP", "TCP")
    }


@every_set
def test_what_leads_to_the_internet_does_so_by_ipv6_too_and_not_to_the_metadata_server(values: str) -> None:
    for policy in policies(values).values():
        for rule in policy["spec"]["egress"]:
            found = blocks(rule)
            assert ("0.0.0.0/0" in found) is ("::/0" in found)
            if "::/0" in found:
                assert found["0.0.0.0/0"] == ["169.254.0.0/16"]
                assert found["::/0"] == ["fe80::/10", "fd00:ec2::/32"]


@pytest.mark.parametrize(("said", "reaches"), [("null", False), ("true", True), ("false", False)])
def test_the_metadata_server_is_reached_only_where_it_is_asked(said: str, reaches: bool) -> None:
    made = policies("minimal", "--set", f"serviceAccount.metadataServer={said}")
    assert ({80, 988} in ports(made["audio"])) is reaches
    assert {80, 988} not in ports(made["retry"])


@pytest.mark.parametrize(
    ("values", "setting", "way"),
    [
        ("msk", "networkPolicy.ways.kafka.ports[0].port=9092", "kafka.ports leaves out port 9096"),
        ("airgap", "networkPolicy.ways.store.ports[0].port=443", "store.ports leaves out port 9000"),
        ("airgap", "networkPolicy.ways.proxy.ports[0].port=8080", "proxy.ports leaves out port 3128"),
        ("sasl-tls", "networkPolicy.ways.mongo.ports[0].port=27018", "mongo.ports leaves out port 27017"),
    ],
)
def test_a_port_that_is_in_no_way_is_refused_before_pods_hang(values: str, setting: str, way: str) -> None:
    assert f"networkPolicy.ways.{way}" in refusal(setting, values=values)


def test_mongodbs_port_follows_from_an_address_that_the_chart_is_given() -> None:
    made = policies("minimal", "--set", "secrets.CALLSIFT_MONGO_URI=mongodb://u:p@a:27020\\,b:27021/calls")
    assert ports(made["indexes"]) == [DNS, {27020, 27021}]
