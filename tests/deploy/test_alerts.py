"""The alerts: what they ask for exists, each has its page, and each fires when it should."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from callsift.reference import metrics_page
from deploy.helm.reference import CHART
from schemas import Taxonomy
from tests.deploy.chart import of_kind, run, tool

ALERTS = CHART / "files" / "alerts.yaml"
PAGE = Path(__file__).parents[2] / "docs" / "alerts.md"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]
]
NAMES = [rule["alert"] for rule in RULES if "alert" in rule]


def test_every_metric_exists() -> None:
    known = set(re.findall(r"^\| `(callsift_\w+)`", metrics_page(), re.MULTILINE))
    asked = {name for rule in RULES for name in re.findall(r"(?<!:)\bcallsift_\w+", rule["expr"])}
    asked = {re.sub(r"_(bucket|count|sum)$", "", name) for name in asked}
    assert asked
    assert asked <= known


def test_every_recorded_series_that_is_asked_for_is_recorded() -> None:
    recorded = {rule["record"] for rule in RULES if "record" in rule}
    asked = {name for rule in RULES for name in re.findall(r"\bcallsift:[\w:]+", rule["expr"])}
    assert asked == recorded


def test_every_category_exists() -> None:
    asked = {
        name
        for rule in RULES
        for found in re.findall(r'category=~?"([^"]+)"', rule["expr"])
        for name in found.split("|")
    }
    assert asked
    assert asked <= {category.code for category in Taxonomy.load().categories}


@pytest.mark.parametrize("alert", NAMES)
def test_every_alert_has_its_page(alert: str) -> None:
    [rule] = [rule for rule in RULES if rule.get("alert") == alert]
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert rule["annotations"]["runbook"] == f"docs/alerts.md#{alert.lower()}"
    assert f"\n## {alert}\n" in PAGE.read_text(encoding="utf-8")


def test_the_chart_ships_every_rule_but_those_that_are_disabled() -> None:
    [found] = of_kind("everything", "PrometheusRule")
    shipped = [rule for group in found["spec"]["groups"] for rule in group["rules"]]
    assert [rule for rule in RULES if rule.get("alert") != "CallsiftBudgetNear"] == shipped


def test_prometheus_reads_the_rules() -> None:
    answer = run(tool("promtool"), "check", "rules", "--lint-fatal", str(ALERTS))
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_the_alerts_fire_when_they_should_and_not_otherwise() -> None:
    cases = sorted(Path(__file__).parent.glob("*.test.yaml"))
    tests = [test for path in cases for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]]
    checks = [check for test in tests for check in test["alert_rule_test"]]
    for fires in (True, False):
        assert {check["alertname"] for check in checks if bool(check["exp_alerts"]) is fires} == set(NAMES)
    answer = run(tool("promtool"), "test", "rules", *map(str, cases))
    assert answer.returncode == 0, answer.stdout + answer.stderr
