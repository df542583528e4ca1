"""The alerts: what they ask for exists, each has its runbook, and each fires when it should."""

import json
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
from tests.deploy.chart import of_kind, refusal, rendered, run, tool

OFFICE = "monitoring.prometheusRule.officeHours"
ALERTS = CHART / "files" / "alerts.yaml"
DOCS = Path(__file__).parents[2] / "docs"
INDEX = (DOCS / "alerts.md").read_text(encoding="utf-8")
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in (DOCS / "runbooks").iterdir()}
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]
]
OF_OFFICE_HOURS = ("callsift:office_hours:bool", "CallsiftSourceSilent")
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
        of_keda = bare_of_it.replace('exported_namespace="", namespace="calls"', 'exported_namespace=""')
        rule["expr"] = of_keda.replace('exported_namespace="calls"', 'exported_namespace!=""')
    left_out = {"CallsiftBudgetNear", *OF_OFFICE_HOURS}
    assert [rule for rule in RULES if rule.get("alert", rule.get("record")) not in left_out] == shipped


def rules_of(values: str, *options: str) -> list[dict[str, Any]]:
    """Return the rules that the chart ships with further options."""
    [found] = [one for one in rendered(values, *options) if one["kind"] == "PrometheusRule"]
    return [rule for group in found["spec"]["groups"] for rule in group["rules"]]


def office(time_zone: str, **hours: str) -> tuple[str, ...]:
    """Return the options that say when the office is open."""
    given = {f"{OFFICE}.timeZone": time_zone} | {f"{OFFICE}.{name}": value for name, value in hours.items()}
    return tuple(part for name, value in given.items() for part in ("--set-string", f"{name}={value}"))


@pytest.mark.parametrize(
    ("zone", "hours", "is_open", "is_shut"),
    [
        # 1970 began on a Thursday; the moments are UTC's.
        ("Europe/Istanbul", {}, ["6h", "14h59m", "30h"], ["5h59m", "15h", "54h", "78h"]),
        # an hour counts if it is the office's by both clocks
        ("Europe/Berlin", {}, ["8h", "15h59m"], ["7h59m", "16h"]),
        ("America/Los_Angeles", {}, ["17h", "24h59m", "96h59m"], ["16h59m", "25h", "48h59m", "80h"]),
        ("Asia/Kolkata", {}, ["3h30m", "12h29m"], ["3h29m", "12h30m"]),
        ("Etc/UTC", {"from": "08:30", "to": "24:00"}, ["8h30m", "23h59m"], ["8h29m", "24h"]),
    ],
)
def test_office_hours_are_those_of_the_time_zone(
    zone: str, hours: dict[str, str], is_open: list[str], is_shut: list[str], tmp_path: Path
) -> None:
    rules = [
        rule for rule in rules_of("everything", *office(zone, **hours)) if rule.get("record") == OF_OFFICE_HOURS[0]
    ]
    assert [rule["labels"] for rule in rules] == [{"namespace": "calls"}]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "hours", "rules": rules}]}))
    found = [{"labels": f'{OF_OFFICE_HOURS[0]}{{namespace="calls"}}', "value": 1}]
    asked = [
        {"expr": OF_OFFICE_HOURS[0], "eval_time": moment, "exp_samples": found if moment in is_open else []}
        for moment in (*is_open, *is_shut)
    ]
    tests: dict[str, Any] = {"rule_files": ["rules.yml"], "evaluation_interval": "1m"}
    tests["tests"] = [{"interval": "1m", "input_series": [], "promql_expr_test": asked}]
    (tmp_path / "hours.test.yml").write_text(yaml.safe_dump(tests))
    answer = run(tool("promtool"), "test", "rules", str(tmp_path / "hours.test.yml"))
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_a_way_in_may_be_silent_for_as_long_as_the_values_say_and_without_a_zone_nobody_is_told() -> None:
    minutes = ("--set", "monitoring.prometheusRule.sourceSilentMinutes=45")
    [told] = [rule for rule in rules_of("everything", *office("Europe/Istanbul"), *minutes) if is_of_sources(rule)]
    assert told["for"] == "45m"
    assert not [rule for rule in rules_of("everything") if is_of_sources(rule)]


def is_of_sources(rule: dict[str, Any]) -> bool:
    return rule.get("alert") == OF_OFFICE_HOURS[1]


def test_office_hours_that_no_clock_shows_are_refused() -> None:
    cases: list[tuple[str, dict[str, str], str]] = [
        ("Europe/Stambul", {}, "nobody knows the time zone Europe/Stambul"),
        ("Europe/Istanbul", {"from": "18:00", "to": "09:00"}, "to has to be later than from"),
        ("Europe/Istanbul", {"from": "9:00"}, "pattern"),
    ]
    for zone, hours, why in cases:
        settings = [f"{OFFICE}.timeZone={zone}", *(f"{OFFICE}.{name}={value}" for name, value in hours.items())]
        assert why in refusal(*settings, values="everything")


def test_what_kube_state_metrics_is_told_gives_the_series_that_is_asked_for() -> None:
    [block] = re.findall(r"```yaml\n(kind: CustomResourceStateMetrics.+?)```", INDEX, re.DOTALL)
    [resource] = yaml.safe_load(block)["spec"]["resources"]
    [metric] = resource["metrics"]
    [rule] = [rule for rule in RULES if rule.get("alert") == "CallsiftScalerFails"]
    asked = re.findall(r"(kube_customresource\w+)\{type=\"(\w+)\", scaledObject=~", rule["expr"])
    assert {name for name, _ in asked} == {f"{resource['metricNamePrefix']}_{metric['name']}"}
    labels = resource["labelsFromPath"].keys() | metric["each"]["gauge"]["labelsFromPath"].keys()
    assert labels == {"namespace", "scaledObject", "type"}
    schema = json.loads((CHART.parent / "schemas" / "scaledobject-keda-v1alpha1.json").read_text(encoding="utf-8"))
    conditions = schema["properties"]["status"]["properties"]["conditions"]
    assert {"type", "status"} <= conditions["items"]["properties"].keys()


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
