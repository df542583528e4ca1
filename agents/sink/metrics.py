"""Metrics of the sink stage."""

from prometheus_client import Counter, Histogram

OUTCOMES = Counter(
    "callsift_outcomes_total",
    "Outcomes stored, by state. failed rising: read the dead letters, they name the cure.",
    ["state"],
)
CALL_SECONDS = Histogram(
    "callsift_call_duration_until_outcome_seconds",
    "From hang-up to the stored outcome. Above the goal with lag in one stage: add workers to that stage.",
    buckets=(1, 2, 5, 10, 20, 30, 60, 120, 300, 900, 3600),
)
STORE_OPERATIONS = ("find", "insert", "update")
"""The commands that the sink sends; those that the driver sends for itself are not shown."""
STORE_SECONDS = Histogram(
    "callsift_sink_store_duration_seconds",
    "From a command to MongoDB's answer, failures included, by command. High: look at the database, at its slow "
    "queries and its disks. Above the time-out there is no answer at all.",
    ["operation"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2, 10),
)
for _state in ("done", "failed"):
    OUTCOMES.labels(_state)
for _operation in STORE_OPERATIONS:
    STORE_SECONDS.labels(_operation)
