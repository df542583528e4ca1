"""Trials on a real container engine: the images as the chart runs them, and the compose file from a fresh clone."""
