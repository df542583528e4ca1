"""What is too large for an event lies in the audio store: its folders, claim checks, and what is too old to be kept."""
