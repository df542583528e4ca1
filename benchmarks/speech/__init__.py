"""What the speech stages cost: ``python -m benchmarks.speech``."""
