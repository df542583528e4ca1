"""One module per command: each parses, reads its settings, and calls one plain function."""
