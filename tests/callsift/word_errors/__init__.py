"""``callsift wer``."""
