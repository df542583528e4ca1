"""One call: heard, read, and why it is what it is."""
