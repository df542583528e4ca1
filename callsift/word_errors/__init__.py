"""How many words a recogniser gets wrong on calls of one's own (docs/word-errors.md)."""
