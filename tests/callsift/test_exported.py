"""What the workers of a real pipeline export: every metric that is documented, and 0 rather than nothing."""

import time
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from callsift.demo_files import RECORDINGS
from callsift.worker import ALL_WORKERS, API, MONITOR, RETRY
from deploy.grafana.dashboard import exported
from streams.topics import PIPELINE, RETRIES, STAGES
from tests.callsift.conftest import Up
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration

WITHOUT_TLS = {"callsift_certificate_not_after_timestamp_seconds"}
WITHOUT_SOURCES = {"callsift_source_events_total", "callsift_source_last_event_timestamp_seconds"}
WITHOUT_ENDPOINTS = {
    "callsift_webhook_attempts_total",
    "callsift_webhook_waiting_deliveries",
    "callsift_webhook_waiting_seconds",
    "callsift_webhook_endpoint_off",
}
WITHOUT_HOSTED_RECOGNISERS = {
    f"callsift_transcribe_{name}_total" for name in ("requests", "sent_seconds", "cost", "dropped_words")
}


class Samples:
    """What one worker exports at one moment."""

    def __init__(self, address: str) -> None:
        with urllib.request.urlopen(f"{address}/metrics", timeout=10) as answer:
            families = text_string_to_metric_families(answer.read().decode())
        self.all = [sample for family in families for sample in family.samples if sample.name.startswith("callsift_")]

    @property
    def names(self) -> set[str]:
        return {sample.name for sample in self.all if not sample.name.endswith("_created")}

    def value(self, name: str, **labels: str) -> float:
        [found] = [sample for sample in self.all if sample.name == f"callsift_{name}" and sample.labels == labels]
        return float(found.value)


def samples(up: Up) -> dict[str, Samples]:
    return {worker: Samples(address) for worker, address in up.state["health"].items()}


@pytest.fixture(scope="module")
def after_a_call(up: Up) -> Iterator[tuple[float, dict[str, Samples]]]:
    """When a call was sent, and what everybody exports after its outcome and one more look of the monitor."""
    began_s = time.time()
    [outcome] = up.emit(RECORDINGS / "leaking-washing-machine.wav")
    assert outcome["state"] == "done"
    deadline = time.monotonic() + PATIENCE_S
    while (found := samples(up))[MONITOR].value("monitor_last_look_timestamp_seconds") < began_s:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    yield began_s, found


def test_every_documented_metric_has_series_and_no_other(after_a_call: tuple[float, dict[str, Samples]]) -> None:
    _, found = after_a_call
    assert found.keys() == {*ALL_WORKERS, API}
    seen = {name for worker in found.values() for name in worker.names}
    unused = WITHOUT_TLS | WITHOUT_SOURCES | WITHOUT_ENDPOINTS | WITHOUT_HOSTED_RECOGNISERS
    assert exported().keys() - unused == seen - unused


def test_a_stage_shows_what_it_did(after_a_call: tuple[float, dict[str, Samples]]) -> None:
    began_s, found = after_a_call
    for stage in PIPELINE:
        worker = found[stage]
        assert worker.value("events_total", stage=stage, result="done") >= 1
        assert worker.value("events_total", stage=stage, result="retry") >= 0
        assert worker.value("rebalances_total", stage=stage) >= 1
        assert worker.value("last_progress_timestamp_seconds", stage=stage) > began_s
        assert worker.value("publish_duration_seconds_count", stage=stage) >= 1
        assert 0 < worker.value("publish_duration_seconds_sum", stage=stage) < 600
        for reason in ("dependency", "brake"):
            assert worker.value("paused_ratio", stage=stage, reason=reason) == 0
        assert 0 < worker.value("audio_store_free_ratio", stage=stage) < 1
    assert found["transcribe"].value("transcribe_busy_seconds_total") > 0
    assert found["sink"].value("store_duration_seconds_count", operation="insert") >= 1


def test_metrics_of_what_has_not_happened_begin_with_zero(after_a_call: tuple[float, dict[str, Samples]]) -> None:
    _, found = after_a_call
    lane = found["reprocess"]
    assert lane.value("last_progress_timestamp_seconds", stage="reprocess") == 0
    assert lane.value("events_total", stage="reprocess", result="dead_letter") == 0
    assert lane.value("failed_tries_total", stage="reprocess", kind="bug") == 0
    assert lane.value("classify_requests_total", result="throttled") == 0
    assert found[RETRY].value("retries_moved_total", topic="calls.ended") == 0


def test_the_monitor_shows_the_whole_pipeline(after_a_call: tuple[float, dict[str, Samples]]) -> None:
    _, found = after_a_call
    monitor = found[MONITOR]
    for stage in STAGES.values():
        assert monitor.value("oldest_unprocessed_age_seconds", stage=stage.name) >= 0
        assert monitor.value("brake_applied_ratio", stage=stage.name) == 0
        for topic in stage.consumes:
            assert monitor.value("consumer_lag_messages", stage=stage.name, topic=topic.name) >= 0
    assert [monitor.value("retries_waiting_messages", topic=topic.name) for topic in RETRIES] == [0, 0, 0]
