"""The monitor: how far the whole pipeline is, as the brokers know it, for Prometheus."""

from streams.monitor.monitor import Monitor

__all__ = ["Monitor"]
