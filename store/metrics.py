"""Metrics of the store, from whichever process asks it."""

from prometheus_client import Histogram

STORE_OPERATIONS = ("find", "insert", "update")
"""The commands whose answers are measured; those that the driver sends for itself are not shown."""
STORE_SECONDS = Histogram(
    "callsift_store_duration_seconds",
    "From a command to MongoDB's answer, failures included, by command. High: look at the database, at its slow "
    "queries and its disks. Above the time-out there is no answer at all.",
    ["operation"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2, 10),
)
for _operation in STORE_OPERATIONS:
    STORE_SECONDS.labels(_operation)
