"""Metrics and health over HTTP."""

import json
import urllib.error
import urllib.request

from streams.health import Health, serve


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_worker_is_alive_before_it_is_ready() -> None:
    health = Health()
    port = serve(health, "127.0.0.1", 0)
    assert get(port, "/health/live")[0] == 200
    assert get(port, "/health/ready")[0] == 503
    health.joined = True
    status, body = get(port, "/health/ready")
    assert (status, json.loads(body)) == (200, {"alive": True, "ready": True, "paused": None})


def test_a_worker_whose_event_loop_stands_still_is_neither_alive_nor_ready() -> None:
    health = Health(silent_after_s=0.0)
    health.beat()
    health.joined = True
    port = serve(health, "127.0.0.1", 0)
    assert get(port, "/health/live")[0] == 503
    assert get(port, "/health/ready")[0] == 503


def test_metrics_are_served_in_prometheus_format() -> None:
    status, body = get(serve(Health(), "127.0.0.1", 0), "/metrics")
    assert status == 200
    assert "# TYPE callsift_events_total counter" in body


def test_an_unknown_path_lists_the_known_ones() -> None:
    status, body = get(serve(Health(), "127.0.0.1", 0), "/")
    assert status == 404
    assert "/health/ready" in body


def test_a_worker_that_waits_for_a_dependency_is_alive_and_not_ready() -> None:
    health = Health()
    health.joined = True
    port = serve(health, "127.0.0.1", 0)
    health.pause("MongoDB")
    assert get(port, "/health/live")[0] == 200
    status, body = get(port, "/health/ready")
    assert (status, json.loads(body)["paused"]) == (503, "MongoDB")
    health.pause(None)
    assert get(port, "/health/ready")[0] == 200


def test_a_worker_that_still_loads_its_model_is_alive() -> None:
    port = serve(Health(silent_after_s=0.0), "127.0.0.1", 0)
    assert get(port, "/health/live")[0] == 200
    assert get(port, "/health/ready")[0] == 503
