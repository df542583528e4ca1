"""Writes the dashboard from the list of panels, for Grafana's provisioning and for the chart: ``make dashboard``."""

import importlib
import json
import re
from pathlib import Path
from typing import Any

from prometheus_client.metrics import MetricWrapperBase

from callsift.reference import METRIC_ROOMS
from deploy.grafana.panels import ROWS, Panel

_HERE = Path(__file__).parent
PATHS = (_HERE / "dashboards" / "callsift.json", _HERE.parent / "helm" / "callsift" / "files" / "dashboard.json")
"""Two files rather than a link from one to the other, which some that fetch charts leave out."""
_COLUMNS = 24
_PER_ROW = 4
_HEIGHT = 8
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_DATA_SOURCE = {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}
_NAMESPACE = {
    "name": "namespace",
    "label": "Namespace",
    "type": "query",
    "datasource": _SOURCE,
    "query": {"query": "label_values(callsift_in_flight_events, namespace)", "refId": "namespace"},
    "refresh": 2,  # whenever the time range changes
    "includeAll": True,
    "allValue": ".*",  # compose's series have no namespace, which this is true of, too
    "current": {"text": "All", "value": "$__all"},
}


def exported() -> dict[str, str]:
    """Return what every series is called that a worker exports, with what its metric's help says."""
    names: dict[str, str] = {}
    for room in METRIC_ROOMS.values():
        for wrapper in vars(importlib.import_module(room)).values():
            if isinstance(wrapper, MetricWrapperBase):
                metric = next(iter(wrapper.describe()))
                endings = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(metric.type, [""])
                names |= {metric.name + ending: metric.documentation for ending in endings}
    return names


def used(query: str) -> set[str]:
    """Return the project's series that a query names."""
    return set(re.findall(r"\bcallsift_\w+", query))


def of_namespace(query: str) -> str:
    """Return a query that asks for the series of the chosen namespace alone: several may be in one Prometheus."""
    bare = re.sub(r"\b(callsift_\w+|up)\b(?!\{)", r"\1{}", query)
    return re.sub(r"\b(callsift_\w+|up)\{(?=(\}?))", _with_namespace, bare)


def _with_namespace(found: re.Match[str]) -> str:
    return f'{found[1]}{{namespace=~"$namespace"{"" if found[2] else ", "}'


def dashboard() -> dict[str, Any]:
    """Return the dashboard as Grafana reads it."""
    helps, panels, top = exported(), [], 0
    for title, row in ROWS.items():
        panels.append({**_place(top, 0, _COLUMNS, 1), "type": "row", "title": title, "collapsed": False, "panels": []})
        top += 1
        width = _COLUMNS // min(_PER_ROW, len(row))
        for number, panel in enumerate(row):
            line, column = divmod(number, _PER_ROW)
            place = _place(top + line * _HEIGHT, column * width, width, _HEIGHT)
            panels.append({**place, **_panel(panel, helps)})
        top += -(-len(row) // _PER_ROW) * _HEIGHT
    return {
        "uid": "callsift",
        "title": "callsift",
        "description": "Every metric is explained in docs/metrics.md.",
        "tags": ["callsift"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [_DATA_SOURCE, _NAMESPACE]},
        "panels": [{"id": number, **panel} for number, panel in enumerate(panels, 1)],
    }


def text() -> str:
    """Return the file's content."""
    return json.dumps(dashboard(), indent=1, ensure_ascii=False) + "\n"


def _place(top: int, left: int, width: int, height: int) -> dict[str, Any]:
    return {"gridPos": {"x": left, "y": top, "w": width, "h": height}}


def _panel(panel: Panel, helps: dict[str, str]) -> dict[str, Any]:
    said = dict.fromkeys(
        helps[name] for query in panel.queries.values() for name in sorted(used(query)) if name in helps
    )
    defaults: dict[str, Any] = {"unit": panel.unit, "min": 0}
    if panel.highest is not None:
        defaults["max"] = panel.highest
    return {
        "type": "stat" if panel.is_figure else "timeseries",
        "title": panel.title,
        "description": "\n\n".join(said),
        "datasource": _SOURCE,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": {} if panel.is_figure else {"legend": {"displayMode": "list", "placement": "bottom"}},
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": _SOURCE,
                "expr": of_namespace(query),
                "legendFormat": legend,
            }
            for number, (legend, query) in enumerate(panel.queries.items())
        ],
    }


if __name__ == "__main__":
    for path in PATHS:
        path.write_text(text(), encoding="utf-8")
