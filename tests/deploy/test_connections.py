"""docs/connections.md names every way out, and chart and compose file leave no other."""

import re
from typing import Any

import pytest
import yaml

from deploy.helm.reference import CHART
from tests.deploy.chart import of_kind
from tests.test_rooms import ROOT

PAGE = (ROOT / "docs" / "connections.md").read_text(encoding="utf-8")
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.kafka.yml").read_text(encoding="utf-8"))


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def names(cell: str) -> set[str]:
    return set(re.findall(r"`([\w-]+)`", cell))


PORTS = {
    way: {int(port) for port in ports.split(", ")}
    for way, ports in re.findall(r"^\| `(\w+)` \|.*\| ([\d, ]+) \|$", section("By destination"), re.MULTILINE)
}
WAYS = {
    component: names(ways)
    for components, ways in re.findall(r"^\| ((?:jobs )?`\w.*) \| (`.*`) \|$", section("By component"), re.MULTILINE)
    for component in names(components)
}


def test_the_ways_of_the_chart_are_the_rows_of_the_page() -> None:
    ways = VALUES["networkPolicy"]["ways"]
    assert ways.keys() - {"proxy"} == PORTS.keys()
    for name, way in ways.items():  # those without follow from the settings, which the test of the rules compares
        assert {rule["port"] for rule in way["ports"]} in ({*PORTS.get(name, ())}, set()), name


def test_every_worker_has_the_ways_of_its_row_and_no_other() -> None:
    default = VALUES["workerDefaults"]["ways"]
    assert VALUES["workers"]
    for name, worker in VALUES["workers"].items():
        assert set(worker.get("ways", default)) == WAYS[name], name


@pytest.mark.parametrize("values", ["minimal", "sasl-tls"])
def test_every_egress_rule_of_the_rendered_policies_is_a_row_of_the_page(values: str) -> None:
    policies = of_kind(values, "NetworkPolicy")
    assert len(policies) >= len(VALUES["workers"])
    usual = PORTS | {"kafka": {9094} if values == "sasl-tls" else PORTS["kafka"]}  # as its brokers' address says
    for policy in policies:
        spec = policy["spec"]
        assert "Egress" in spec["policyTypes"]
        component = spec["podSelector"]["matchLabels"].get("app.kubernetes.io/component")
        if component is None:  # the policy that denies everything to everybody
            assert spec.get("egress", []) == []
            continue
        found = sorted(sorted({one["port"] for one in rule["ports"]}) for rule in spec["egress"])
        assert found == sorted(sorted(usual[way]) for way in WAYS[component] | {"dns"}), component


def test_what_the_page_says_of_compose_is_set_there() -> None:
    grafana = COMPOSE["services"]["grafana"]["environment"]
    said = names(section("Beside callsift, in compose"))
    settings = {name for name in said if name.startswith("GF_")}
    quiet = {name for name in grafana if re.match("GF_(ANALYTICS|PLUGINS|SNAPSHOTS|NEWS|SECURITY_DISABLE)", name)}
    assert settings == quiet
    assert {grafana[name] for name in settings} <= {"true", "false"}
    for name in settings:
        assert grafana[name] == str(name.endswith(("_DISABLED", "_GRAVATAR"))).lower(), name
    config = "deploy/mongo/mongosh.conf"
    assert f"./{config}:/etc/mongosh.conf:ro" in COMPOSE["services"]["mongodb"]["volumes"]
    assert yaml.safe_load((ROOT / config).read_text(encoding="utf-8")) == {"mongosh": {"enableTelemetry": False}}


def test_every_service_of_compose_that_is_not_callsifts_is_on_the_page() -> None:
    others = {name for name, service in COMPOSE["services"].items() if "IMAGE_PREFIX" not in service["image"]}
    rows = re.findall(r"^\| (\w+).* \| .+ \| .+ \|$", section("Beside callsift, in compose"), re.MULTILINE)
    assert others == {row.lower() for row in rows} - {"service"}
