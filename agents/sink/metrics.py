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
for _state in ("done", "failed"):
    OUTCOMES.labels(_state)
