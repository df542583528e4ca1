"""A speech model as files: how it comes to this machine, and what it is. For ``callsift model``; no agent needs it."""

from agents.transcribe.model_files.check import ModelFacts, check_model
from agents.transcribe.model_files.fetch import Fetched, Limits, fetch_model

__all__ = ["Fetched", "Limits", "ModelFacts", "check_model", "fetch_model"]
