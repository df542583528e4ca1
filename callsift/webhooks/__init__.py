"""Ways out by webhook: outcomes are queued for endpoints, posted, and tried again (Standard Webhooks 1.0.0)."""

from callsift.webhooks.worker import WebhooksWorker

__all__ = ["WebhooksWorker"]
