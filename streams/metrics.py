"""The conveyor's metrics; each stage's own are in its room."""

from prometheus_client import Counter, Gauge, Histogram

EVENTS = Counter(
    "callsift_events_total",
    "Events that a stage has finished, by result. dead_letter rising: read the dead letters, `callsift dlq list`.",
    ["stage", "result"],
)
STAGE_SECONDS = Histogram(
    "callsift_stage_duration_seconds",
    "From taking an event to the broker's confirmation of the next one. "
    "High with rising lag: add workers. High with flat lag: look at what the stage calls.",
    ["stage"],
    buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300),
)
IN_FLIGHT = Gauge(
    "callsift_in_flight_events",
    "Events in work. At the window's size for long: the stage is saturated, add workers.",
    ["stage"],
)
TRIES_FAILED = Counter(
    "callsift_failed_tries_total",
    "Tries that failed, by kind. transient: what the stage calls is shaky. bug: the log has the traceback.",
    ["stage", "kind"],
)
PAUSED = Gauge(
    "callsift_paused_ratio",
    "1 while the stage waits for something it depends on, else 0. At 1: look at that dependency, the log names it. "
    "The backlog waits in Kafka, nothing is lost.",
    ["stage"],
)
PUBLISH_RETRIES = Counter(
    "callsift_publish_retries_total",
    "Publications that the broker did not confirm and that were tried again. Rising: look at the brokers.",
    ["stage"],
)
MOVED = Counter(
    "callsift_retries_moved_total",
    "Messages that went from a retry topic back to their topic. Rising with dead letters flat: retries are worth it.",
    ["topic"],
)
