"""Metrics of the API."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter(
    "callsift_api_requests_total",
    "Requests that were answered, by route, method and class of status. 5xx rising: look at the log, and at what the "
    "API depends on.",
    ["route", "method", "status"],
)
SECONDS = Histogram(
    "callsift_api_request_duration_seconds",
    "From a request to the end of its answer, by route and method. High for lists and statistics: look at the store's "
    "indexes. Streams, exports and answers that wait for an outcome take as long as they are asked to.",
    ["route", "method"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
IN_FLIGHT = Gauge(
    "callsift_api_open_requests",
    "Requests that are being answered. Rising without more requests: what the API depends on has become slow.",
)
STREAMS = Gauge(
    "callsift_api_open_streams", "Streams of outcomes that are open. Near the limit of the settings: more are refused."
)
STREAMS_DROPPED = Counter(
    "callsift_api_streams_dropped_total",
    "Streams that were ended because their reader was too slow; it may resume. Rising: somebody's reader falls behind.",
)
OPERATION_WAIT = Gauge(
    "callsift_api_operation_wait_seconds",
    "How long an operation has waited that no worker has taken, the longest; 0: none waits. High: no worker of "
    "operations runs, or all are busy with others; start one more.",
)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

REQUESTS.labels("other", "GET", "2xx")
SECONDS.labels("other", "GET")


def observe(route: str, method: str, status: int, seconds: float) -> None:
    """Count an answer; 0 as its status: whoever asked had gone."""
    named = method if method in _METHODS else "other"
    REQUESTS.labels(route, named, f"{status // 100}xx" if status else "none").inc()
    SECONDS.labels(route, named).observe(seconds)
