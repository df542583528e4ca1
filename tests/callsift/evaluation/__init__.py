"""The command that evaluates, and its files."""
