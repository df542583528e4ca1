"""Watched: a real Prometheus scrapes real workers while calls flow, and is asked everything that the dashboard asks.

``make watch-check``. Kafka is a real one with mutual TLS, the hosted model a local server that speaks Gemini's format.
"""
