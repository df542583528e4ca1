"""Fetching recordings."""
