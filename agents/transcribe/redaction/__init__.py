"""Redaction of personal data in transcripts."""

from agents.transcribe.redaction.core import Redacted, redact
from agents.transcribe.redaction.spans import Kind, Said, Span
from agents.transcribe.redaction.transcript import Cleared, redacted_turns

__all__ = ["Cleared", "Kind", "Redacted", "Said", "Span", "redact", "redacted_turns"]
