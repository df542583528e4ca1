"""Metrics of the operations worker."""

from prometheus_client import Counter

OPERATIONS = Counter(
    "callsift_operations_total",
    "Operations that ended, by kind and by how. Many failed: GET /v1/operations says why, and what to do.",
    ["kind", "state"],
)
for _kind in ("erasure", "reprocess", "replay"):
    for _state in ("succeeded", "failed", "cancelled"):
        OPERATIONS.labels(_kind, _state)
