"""Every metric of the dashboard exists, every metric of the stages is on it, and Prometheus asks every worker."""

import re
from pathlib import Path

import pytest
import yaml

from callsift.worker import ALL_WORKERS, API
from deploy.grafana.dashboard import PATHS, dashboard, exported, of_namespace, text, used
from deploy.grafana.panels import ROWS
from deploy.helm.reference import CHART
from streams import metrics
from streams.health import Health, serve
from tests.deploy.chart import of_kind, run, tool

ROOT = Path(__file__).parents[2]
ALERTS = CHART / "files" / "alerts.yaml"
QUERIES = [query for row in ROWS.values() for panel in row for query in panel.queries.values()]


def base(series: str) -> str:
    for ending in ("_bucket", "_sum", "_count"):
        series = series.removesuffix(ending)
    return series


@pytest.mark.parametrize("query", QUERIES)
def test_every_metric_that_a_query_names_is_exported(query: str) -> None:
    assert used(query) or "up{" in query
    assert used(query) - exported().keys() == set()
    assert query.count("(") == query.count(")")


def test_every_metric_that_a_worker_exports_is_on_the_dashboard() -> None:
    shown = {base(series) for query in QUERIES for series in used(query)}
    assert {base(series) for series in exported()} - shown == set()


def test_prometheus_itself_understands_every_query_and_its_own_file(tmp_path: Path) -> None:
    promtool = tool("promtool")
    rules = [
        {"record": f"query:number_{number}", "expr": of_namespace(query).replace("$__rate_interval", "1m")}
        for number, query in enumerate(QUERIES)
    ]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}), encoding="utf-8")
    config = tmp_path / "prometheus.yml"
    config.write_text(inside_out((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8")))
    for kind, path in (("rules", file), ("config", config)):
        ended = run(promtool, "check", kind, str(path))
        assert ended.returncode == 0, ended.stdout + ended.stderr


def inside_out(config: str) -> str:
    """Return Prometheus's file with the rules' path as it is here, where compose mounts it from."""
    compose = yaml.safe_load((ROOT / "docker-compose.kafka.yml").read_text(encoding="utf-8"))
    mounts = [volume.split(":") for volume in compose["services"]["prometheus"]["volumes"]]
    [(source, target, _)] = [mount for mount in mounts if mount[0].endswith("alerts.yaml")]
    assert yaml.safe_load(config)["rule_files"] == [target]
    return config.replace(target, str(ROOT / source))


def test_prometheus_loads_the_charts_alerts() -> None:
    config = yaml.safe_load(inside_out((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8")))
    [path] = config["rule_files"]
    assert Path(path).samefile(ALERTS)


def test_every_query_asks_for_the_chosen_namespace_alone() -> None:
    asked = [target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", ())]
    assert len(asked) == len(QUERIES)
    for query in asked:
        selectors = re.findall(r"\b(?:callsift_\w+|up)\b(.{,25})", query)
        assert selectors
        assert all(after.startswith('{namespace=~"$namespace"') for after in selectors), query
    [variable] = [one for one in dashboard()["templating"]["list"] if one["name"] == "namespace"]
    [name] = used(variable["query"]["query"])
    assert name in exported()
    assert re.fullmatch(variable["allValue"], "")  # compose's series have none


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sum (rate(callsift_a_total[5m]))", 'sum (rate(callsift_a_total{namespace=~"$namespace"}[5m]))'),
        ('up{worker!=""}', 'up{namespace=~"$namespace", worker!=""}'),
        ("callsift_a{} / callsift_b", 'callsift_a{namespace=~"$namespace"} / callsift_b{namespace=~"$namespace"}'),
    ],
)
def test_a_query_gets_the_namespace_with_whatever_else_it_asks(query: str, expected: str) -> None:
    assert of_namespace(query) == expected


def test_the_names_are_those_that_a_worker_serves() -> None:
    import urllib.request

    metrics.STAGE_SECONDS.labels(stage="a test").observe(1)
    port = serve(Health(), "127.0.0.1", 0)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        served = {line.split("{")[0].split()[0] for line in answer.read().decode().splitlines() if line[:1] != "#"}
    assert {"callsift_stage_duration_seconds_bucket", "callsift_classify_cost_total"} <= served
    ours = {name for name in served if name.startswith("callsift_") and not name.endswith("_created")}
    assert ours - exported().keys() == set()


def test_the_bucket_of_the_goal_exists() -> None:
    from agents.sink.metrics import CALL_SECONDS

    assert 60.0 in CALL_SECONDS._upper_bounds
    assert any('le="60.0"' in query for query in QUERIES)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_the_file_is_current_and_no_link(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == text(), "run `make dashboard`"
    assert not path.is_symlink()


def test_panels_do_not_overlap_and_every_one_says_what_to_conclude() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
    silent = [panel["title"] for panel in dashboard()["panels"] if panel["type"] != "row" and not panel["description"]]
    assert silent == ["Workers that answer"]  # Prometheus's own metric


def test_prometheus_asks_every_worker_and_the_api() -> None:
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    [job] = [job for job in config["scrape_configs"] if job["job_name"] == "callsift"]
    [names] = [source["names"] for source in job["dns_sd_configs"]]
    assert sorted(names) == sorted((*ALL_WORKERS, API))


def test_workers_are_counted_by_a_label_that_compose_and_the_chart_both_give() -> None:
    [query] = [query for query in QUERIES if query.startswith("sum by (worker) (up")]
    assert query == 'sum by (worker) (up{worker!=""})'
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    [monitor] = of_kind("layers", "PodMonitor")
    given = [rule["target_label"] for job in config["scrape_configs"] for rule in job.get("relabel_configs", ())]
    made = [rule["targetLabel"] for one in monitor["spec"]["podMetricsEndpoints"] for rule in one["relabelings"]]
    assert given == made == ["worker"]


def test_grafana_finds_its_source_and_its_dashboards() -> None:
    provisioning = ROOT / "deploy/grafana/provisioning"
    [source] = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text(encoding="utf-8"))["datasources"]
    assert source["url"] == "http://prometheus:9090"
    [provider] = yaml.safe_load((provisioning / "dashboards/callsift.yml").read_text(encoding="utf-8"))["providers"]
    compose = yaml.safe_load((ROOT / "docker-compose.kafka.yml").read_text(encoding="utf-8"))
    mounts = dict(volume.split(":")[:2] for volume in compose["services"]["grafana"]["volumes"])
    assert mounts["./deploy/grafana/dashboards"] == provider["options"]["path"]
    assert mounts["./deploy/grafana/provisioning"] == "/etc/grafana/provisioning"
