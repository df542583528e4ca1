"""How far the whole pipeline is, as the brokers know it: for `callsift status`, and for Prometheus."""

from streams.monitor.monitor import Monitor
from streams.monitor.observer import Observer, published_at
from streams.monitor.old_calls import old_calls
from streams.monitor.places import Found, Place
from streams.monitor.status import Status
from streams.monitor.under_way import CallsUnderWay

__all__ = [
    "CallsUnderWay",
    "Found",
    "Monitor",
    "Observer",
    "Place",
    "Status",
    "old_calls",
    "published_at",
]
