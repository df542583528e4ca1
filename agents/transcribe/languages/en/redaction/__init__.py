"""What is personal in English conversations."""
