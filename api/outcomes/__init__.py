"""Outcomes as they come: the stream of server-sent events."""
