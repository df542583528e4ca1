"""What is personal in English conversations."""

from collections.abc import Sequence

from agents.transcribe.languages.en.redaction import core
from agents.transcribe.redaction import Redacted, Said
from agents.transcribe.redaction import redact as redacted

__all__ = ["redact"]


def redact(turns: Sequence[Said]) -> Redacted:
    """Replace everything personal in an English conversation, as ``agents.transcribe.redaction.redact`` does."""
    return redacted(turns, core.personal)
