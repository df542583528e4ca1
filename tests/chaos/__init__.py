"""Chaos: a stream of calls through real processes, a real Kafka and a real store, while all of them are killed.

``make chaos SEED=7 CALLS=1000``. The speech stages use precomputed work; everything that delivers is the real thing.
"""
