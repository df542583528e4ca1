"""How far the whole pipeline is, as the brokers know it: for `callsift status`, and for Prometheus."""

from streams.monitor.monitor import Monitor
from streams.monitor.observer import Observer
from streams.monitor.status import Status

__all__ = [
    "Monitor",
    "Observer",
    "Status",
]
