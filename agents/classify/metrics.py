"""Metrics of the classify stage."""

from prometheus_client import Counter, Gauge, Histogram

DECISIONS = Counter(
    "callsift_classify_decisions_total",
    "Decisions by classifier and category. The share of empty_call or uncertain leaving its usual band: "
    "listen to calls, a dead microphone or a broken model looks like this.",
    ["classifier", "category"],
)
PROVISIONAL = Counter(
    "callsift_classify_provisional_total",
    "Calls decided offline because the chosen classifier was away or its budget spent. Rising: they are to be done "
    "again once it is back.",
)
REQUESTS = Counter(
    "callsift_classify_requests_total",
    "Requests to the hosted model by how they ended. throttled rising: lower the limits per minute or raise the quota. "
    "garbled rising: look at the model and the prompt.",
    ["result"],
)
TOKENS = Counter(
    "callsift_classify_tokens_total",
    "Tokens by kind, prompt or answer, as the hosted model's service counts them. By call rising: calls or the prompt "
    "have become longer.",
    ["kind"],
)
COST = Counter(
    "callsift_classify_cost_total",
    "Estimated cost of the hosted model, in the currency of the price table. Multiply by what is still to come of the "
    "day to see whether the budget lasts.",
)
BUDGET = Gauge(
    "callsift_classify_budget_ratio",
    "Share of this worker's budget of the day that is spent. At 1: it waits for midnight, or decides offline.",
)
LIMITER_WAIT = Histogram(
    "callsift_classify_limiter_wait_seconds",
    "From wanting to ask the hosted model to being let. High: the limits, not the model, set the pace.",
    buckets=(0.005, 0.05, 0.5, 2, 10, 60, 300),
)
CONCURRENCY = Gauge(
    "callsift_classify_concurrency_ratio",
    "Share of the allowed concurrency that the hosted model's service leaves. Low for long: its quota is too small.",
)
CONCURRENCY.set(1)
for _result in ("answered", "garbled", "blocked", "away", "busy", "throttled", "refused"):
    REQUESTS.labels(_result)
for _kind in ("prompt", "answer"):
    TOKENS.labels(_kind)
