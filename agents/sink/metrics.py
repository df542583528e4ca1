"""Metrics of the sink stage."""

from prometheus_client import Counter, Histogram

OUTCOMES = Counter(
    "callsift_outcomes_total",
    "Outcomes stored, by state. failed rising: read the dead letters, they name the cure. unrecorded "
    "rising: more calls are lost before anybody answers, or the PBX has ceased to record.",
    ["state"],
)
CALL_SECONDS = Histogram(
    "callsift_call_duration_until_outcome_seconds",
    "From hang-up to the stored outcome; calls of a backfill do not count. Above the goal with lag in one stage: add "
    "workers to that stage.",
    buckets=(1, 2, 5, 10, 20, 30, 60, 120, 300, 900, 3600),
)
ANNOTATIONS = Counter(
    "callsift_annotations_total",
    "What people and other systems said of calls, labels and facts, redeliveries included. refused: the call had "
    "changed since the reviewer looked, or is not there. Most labels refused: two people review the same calls.",
    ["kind", "result"],
)
for _kind in ("label", "facts"):
    for _result in ("taken", "refused"):
        ANNOTATIONS.labels(_kind, _result)
for _state in ("done", "failed", "unrecorded"):
    OUTCOMES.labels(_state)
