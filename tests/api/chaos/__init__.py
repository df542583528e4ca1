"""Calls are handed in over HTTP while the API, the broker and the store are killed: ``python -m tests.api.chaos``."""
