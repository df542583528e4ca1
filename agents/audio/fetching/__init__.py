"""Fetching recordings from addresses that came from outside (docs/fetching.md)."""
