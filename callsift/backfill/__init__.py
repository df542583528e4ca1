"""Handing an archive of old calls in, beside live ones: how many at a time, what became of them, and the estimate."""
