"""Metrics of the worker that posts to endpoints; endpoints are named by their identifiers alone."""

from prometheus_client import Counter, Gauge

ATTEMPTS = Counter(
    "callsift_webhook_attempts_total",
    "Tries to post to an endpoint, by what came of them. Anything but delivered: "
    "GET /v1/webhook-endpoints/ENDPOINT/deliveries says what was answered.",
    ["endpoint", "result"],
)
WAITING = Gauge(
    "callsift_webhook_waiting_deliveries",
    "Deliveries that wait for an endpoint to take them. Growing: it is away, switched off, or slower than calls come.",
    ["endpoint"],
)
WAITING_S = Gauge(
    "callsift_webhook_waiting_seconds",
    "Age of the oldest delivery that waits for an endpoint; 0: none waits, or the endpoint is switched off, by "
    "callsift or by a person. Rising: the endpoint does not answer.",
    ["endpoint"],
)
OFF = Gauge(
    "callsift_webhook_endpoint_off",
    "1: callsift posts nothing more to an endpoint, because it answered 410, or took nothing for three days. Mend it, "
    "then enable it by the API; replay since then sends what it has missed.",
    ["endpoint"],
)
