"""Metrics of the operations worker."""

from typing import get_args

from prometheus_client import Counter

from store.operations import Kind

OPERATIONS = Counter(
    "callsift_operations_total",
    "Operations that ended, by kind and by how. Many failed: GET /v1/operations says why, and what to do.",
    ["kind", "state"],
)
for _kind in get_args(Kind):
    for _state in ("succeeded", "failed", "cancelled"):
        OPERATIONS.labels(_kind, _state)
