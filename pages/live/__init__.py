"""Live: outcomes as they arrive, what came of today, and what is on its way."""
