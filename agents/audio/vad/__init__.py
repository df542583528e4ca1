"""Voice activity detection: Silero VAD's default model and its rule for segments, without importing torch."""

from agents.audio.vad.activity import LONGEST_S, VoiceActivity
from agents.audio.vad.model import CONTEXT, FRAME, load_model
from agents.audio.vad.weights import UnknownModel

__all__ = ["CONTEXT", "FRAME", "LONGEST_S", "UnknownModel", "VoiceActivity", "load_model"]
