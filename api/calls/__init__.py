"""Calls: handing them in, asking for them, and saying what they were."""
