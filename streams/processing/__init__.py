"""One message through one stage, to its end whatever happens on the way. Knows no Kafka client and no Faust."""

from streams.processing.agent import Agent, Tombstone
from streams.processing.spans import NO_TRACING, Spans

__all__ = [
    "NO_TRACING",
    "Agent",
    "Spans",
    "Tombstone",
]
