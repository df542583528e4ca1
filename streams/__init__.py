"""The conveyor: settings, topics, Faust, and the runner that takes every message to its end.

Knows events and stages, knows nothing of audio, speech or Gemini.
"""
