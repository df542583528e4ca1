"""The alerts: what they ask for exists, each has its runbook, and each fires when it should."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.core import TyperGroup
from typer.main import get_command

from callsift.cli import app
from callsift.reference import metrics_page
from deploy.helm.reference import CHART
from schemas import Taxonomy
from tests.deploy.chart import of_kind, run, tool

ALERTS = CHART / "files" / "alerts.yaml"
DOCS = Path(__file__).parents[2] / "docs"
INDEX = (DOCS / "alerts.md").read_text(encoding="utf-8")
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in (DOCS / "runbooks").iterdir()}
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]
]
METRICS = set(re.findall(r"^\| `(callsift_\w+)`", metrics_page(), re.MULTILINE))
NAMES = [rule["alert"] for rule in RULES if "alert" in rule]


def test_every_metric_exists() -> None:
    asked = {name for rule in RULES for name in re.findall(r"(?<!:)\bcallsift_\w+", rule["expr"])}
    assert asked
    assert bare(asked) <= METRICS


def bare(series: set[str]) -> set[str]:
    return {re.sub(r"_(bucket|count|sum)$", "", name) for name in series}


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
def test_every_alert_names_the_page_or_the_section_about_it(alert: str) -> None:
    [rule] = [rule for rule in RULES if rule.get("alert") == alert]
    severity = rule["labels"]["severity"]
    assert severity in {"warning", "critical"}
    name, _, anchor = rule["annotations"]["runbook"].removeprefix("docs/runbooks/").partition(".md")
    assert f"\n{'##' if anchor else '#'} {alert}\n\n{severity.capitalize()}. " in f"\n{PAGES[name]}"
    assert anchor in ("", f"#{alert.lower()}")
    assert f"\n| [{alert}](runbooks/{name}.md{anchor}) | {severity} | " in INDEX


def test_every_page_has_its_alert() -> None:
    named = re.findall(r"docs/runbooks/(\w+)\.md", ALERTS.read_text(encoding="utf-8"))
    assert PAGES.keys() == set(named) == set(re.findall(r"runbooks/(\w+)\.md", INDEX))
    assert set(re.findall(r"^#+ (Callsift\w+)$", "\n".join(PAGES.values()), re.MULTILINE)) == set(NAMES)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_who_notices_where_to_look_what_to_do_and_when_to_escalate(page: str) -> None:
    text = PAGES[page]
    marks = [text.index(f"**{part}") for part in ("Who notices.**", "Look first.**", "Do", "Escalate**")]
    assert marks == sorted(marks)
    assert text.count("```") >= 2
    assert len(text.splitlines()) <= 45


@pytest.mark.parametrize("page", PAGES)
def test_every_metric_of_a_page_exists(page: str) -> None:
    assert bare(set(re.findall(r"\bcallsift_\w+", PAGES[page]))) <= METRICS


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_are_commands_and_its_queries_are_queries(page: str, tmp_path: Path) -> None:
    for words in re.findall(r"(?:^|`)callsift ([^`#\n]+)", PAGES[page], re.MULTILINE):
        parts, command = words.split(), get_command(app)
        while isinstance(command, TyperGroup):
            command = command.commands[parts.pop(0)]
        options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert {part for part in parts if part.startswith("--")} <= options, words
    blocks = re.findall(r"```\n(.+?)```", PAGES[page], re.DOTALL)
    lines = [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines()]
    queries = [line for line in lines if "callsift_" in line]
    file = tmp_path / "rules.yml"
    rules = [{"record": f"query:number_{number}", "expr": query} for number, query in enumerate(queries)]
    file.write_text(yaml.safe_dump({"groups": [{"name": "page", "rules": rules}]}), encoding="utf-8")
    answer = run(tool("promtool"), "check", "rules", str(file))
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_the_chart_ships_every_rule_but_those_that_are_disabled_for_its_own_installation_alone() -> None:
    [found] = of_kind("everything", "PrometheusRule")
    shipped = [rule for group in found["spec"]["groups"] for rule in group["rules"]]
    for rule in shipped:
        if "alert" in rule:
            url = rule["annotations"].pop("runbook_url")
            assert url == rule["annotations"]["runbook"].replace("docs/", "https://wiki.example.com/callsift/")
        asked = re.findall(r"\b(?:callsift[_:]|kube_)[\w:]+(.{,20})", rule["expr"])
        assert asked
        assert all(after.startswith('{namespace="calls"') for after in asked), rule["expr"]
        bare_of_it = rule["expr"].replace('{namespace="calls", ', "{").replace('{namespace="calls"}', "")
        rule["expr"] = bare_of_it
    assert [rule for rule in RULES if rule.get("alert") != "CallsiftBudgetNear"] == shipped


def test_prometheus_reads_the_rules_of_the_chart(tmp_path: Path) -> None:
    [found] = of_kind("everything", "PrometheusRule")
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump(found["spec"]), encoding="utf-8")
    answer = run(tool("promtool"), "check", "rules", "--lint-fatal", str(file))
    assert answer.returncode == 0, answer.stdout + answer.stderr


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
