"""Audio: from a recording to one 16 kHz channel per speaker, and who spoke when."""
