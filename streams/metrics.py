"""The conveyor's metrics; each stage's own are in its room."""

from prometheus_client import Counter, Gauge, Histogram

EVENTS = Counter(
    "callsift_events_total",
    "Events that a stage has finished, by result. dead_letter rising: read the dead letters, `callsift dlq list`. "
    "set_aside: a failure of which no outcome tells; the log has its position. forgotten: dropped, `callsift forget` "
    "named its call.",
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
    "1 while the stage waits on purpose, else 0. dependency: look at what it depends on, the log names it. "
    "brake: nearly everything was invalid, a person has to release it. The backlog waits in Kafka, nothing is lost.",
    ["stage", "reason"],
)
LAST_PROGRESS = Gauge(
    "callsift_last_progress_timestamp_seconds",
    "When the worker last finished an event, as Unix time; 0: none since it started. "
    "Long ago while events wait and nothing pauses: it is stuck.",
    ["stage"],
)
REBALANCES = Counter(
    "callsift_rebalances_total",
    "Times that the group gave the worker its partitions, the first included. "
    "Rising without scaling or deployments: workers die, or miss their heartbeats.",
    ["stage"],
)
PUBLISH_SECONDS = Histogram(
    "callsift_publish_duration_seconds",
    "From publishing a message to the broker's confirmation. High: look at the brokers, at the slowest replica first.",
    ["stage"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2, 10),
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
AUDIO_STORE_FREE = Gauge(
    "callsift_audio_store_free_ratio",
    "Free share of the disk under the audio store, where the store is a folder. "
    "Towards 0: every stage stops when nothing can be written. Run the retention, or give it a larger disk.",
    ["stage"],
)
CERTIFICATE_NOT_AFTER = Gauge(
    "callsift_certificate_not_after_timestamp_seconds",
    "When a certificate file for Kafka ends, as Unix time: client with the first of its chain to end, ca with the last "
    "of its authorities. Near: renew it and restart the workers. NaN: the file cannot be read.",
    ["certificate"],
)


def start_from_zero(stage: str) -> None:
    """Let a stage's series begin with 0: a query is to find 0 rather than nothing, and the first dead letter counts."""
    for result in ("done", "forgotten", "dead_letter", "retry", "set_aside"):
        EVENTS.labels(stage, result)
    for kind in ("permanent", "transient", "bug"):
        TRIES_FAILED.labels(stage, kind)
    for metric in (STAGE_SECONDS, LAST_PROGRESS, REBALANCES, PUBLISH_SECONDS, PUBLISH_RETRIES):
        metric.labels(stage)
