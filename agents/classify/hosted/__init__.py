"""Asking a hosted model: what it is asked, how fast and at what cost, and what its answer is worth.

The two clients, `gemini` and `gemini_legacy`, are imported by the one who chose one of them, and by nobody else.
"""

from agents.classify.hosted.classifier import HostedClassifier
from agents.classify.hosted.errors import GarbledAnswer, ModelAway, ModelBusy, ModelThrottles
from agents.classify.hosted.limits import TokenBucket
from agents.classify.hosted.metered import MeteredModel
from agents.classify.hosted.model import HostedModel
from agents.classify.hosted.transcript_block import transcript_block

__all__ = [
    "GarbledAnswer",
    "HostedClassifier",
    "HostedModel",
    "MeteredModel",
    "ModelAway",
    "ModelBusy",
    "ModelThrottles",
    "TokenBucket",
    "transcript_block",
]
