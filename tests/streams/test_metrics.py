"""Names, units and help of every metric."""

import importlib
from collections.abc import Iterator

import pytest
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from callsift.reference import METRIC_ROOMS

ROOMS = list(METRIC_ROOMS.values())
LABELS = {"stage", "result", "kind", "speaker", "classifier", "category", "state", "topic", "layout"}
LABELS |= {
    "reason",
    "operation",
    "certificate",
    "route",
    "method",
    "status",
    "source",
    "disposition",
    "engine",
    "rule",
    "endpoint",
}


def metrics() -> Iterator[MetricWrapperBase]:
    for room in ROOMS:
        module = importlib.import_module(room)
        yield from (value for value in vars(module).values() if isinstance(value, MetricWrapperBase))


@pytest.mark.parametrize("metric", list(metrics()), ids=lambda metric: metric._name)
def test_a_metric_is_named_by_the_conventions_and_says_what_to_conclude(metric: MetricWrapperBase) -> None:
    name = metric._name
    assert name.startswith("callsift_")
    if isinstance(metric, Histogram):
        assert name.endswith("_seconds")
    if isinstance(metric, Gauge):
        assert name.endswith(
            ("_events", "_messages", "_requests", "_streams", "_seconds", "_ratio", "_bytes", "_deliveries", "_off")
        )
    if isinstance(metric, Counter):
        assert not name.endswith("_total")  # the client appends it
    assert set(metric._labelnames) <= LABELS
    assert len(metric._documentation.split(". ")) >= 2 or isinstance(metric, Histogram)
