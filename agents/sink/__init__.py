"""Sink: one document per call in MongoDB, then the public outcome."""
