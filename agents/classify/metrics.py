"""Metrics of the classify stage."""

from prometheus_client import Counter

DECISIONS = Counter(
    "callsift_classify_decisions_total",
    "Decisions by classifier and category. The share of empty_call or uncertain leaving its usual band: "
    "listen to calls, a dead microphone or a broken model looks like this.",
    ["classifier", "category"],
)
