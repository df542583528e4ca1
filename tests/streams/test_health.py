"""Metrics and health over HTTP."""

import json
import socket
import urllib.error
import urllib.request

import pytest

from streams.health import Health, serve
from streams.settings import address_and_port


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


def test_a_worker_that_is_paused_is_ready_so_that_a_rollout_replaces_it_and_says_what_it_waits_for() -> None:
    health = Health()
    health.joined = True
    port = serve(health, "127.0.0.1", 0)
    health.pause("bad deployment")
    for path in ("/health/live", "/health/ready"):
        status, body = get(port, path)
        assert (status, json.loads(body)["paused"]) == (200, "bad deployment")
    health.joined = False
    assert get(port, "/health/ready")[0] == 503


@pytest.mark.parametrize("address", ["127.0.0.1", "[::1]"])
def test_where_no_address_is_named_both_families_are_answered(address: str) -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    port = serve(Health(), *address_and_port("0"))
    with urllib.request.urlopen(f"http://{address}:{port}/health/live", timeout=5) as response:
        assert response.status == 200


def test_an_address_of_ipv6_can_be_named_and_is_the_only_one() -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    port = serve(Health(), *address_and_port("[::1]:0"))
    with urllib.request.urlopen(f"http://[::1]:{port}/health/live", timeout=5) as response:
        assert response.status == 200
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=5)


def test_a_worker_that_still_loads_its_model_is_alive() -> None:
    port = serve(Health(silent_after_s=0.0), "127.0.0.1", 0)
    assert get(port, "/health/live")[0] == 200
    assert get(port, "/health/ready")[0] == 503
