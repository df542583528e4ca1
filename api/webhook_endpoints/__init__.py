"""Endpoints that outcomes are posted to: made, changed and looked at here, and told by the worker of webhooks."""

from api.webhook_endpoints import deliveries, routes

ROUTERS = (routes.router, deliveries.router)
"""The routes about them."""
