"""Hostile messages: a stream of good calls, and among them as many messages as nobody should send.

``make hostile SEED=7 CALLS=1000``. Kafka, the store and the workers are real, the speech is precomputed, as for chaos.
"""
