"""Whoever asks the brokers survives coordinators that are not ready: fresh brokers, and brokers that are killed."""
