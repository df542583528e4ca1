"""Classify: what a call was for, and why; by Gemini, or offline."""
