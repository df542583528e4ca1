"""Settings of the transcribe stage."""

from pathlib import Path

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from pydantic_settings import SettingsConfigDict

from streams.settings import Section


class TranscribeSettings(Section):
    """How speech is recognised."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_TRANSCRIBE_")

    vosk_model: Path | None = Field(default=None, validation_alias="CALLSIFT_VOSK_MODEL")
    """Folder of the Vosk model. A worker without one does not start."""
    language: str = Field(default="tr", min_length=2)
    """Language of the model, as a BCP 47 tag."""
    processes: PositiveInt = 1
    """Child processes that recognise; each keeps one core busy and holds a copy of the model."""
    time_limit_s: PositiveFloat = 1800.0
    """Seconds that one speaker's part of a call may take before its child process is killed."""
    memory_limit_mb: NonNegativeInt = Field(default=8192)
    """Megabytes of data that a child process may allocate; 0: no limit."""
    context_s: NonNegativeFloat = 0.2
    """Seconds of audio given to the recogniser before and after each stretch of speech."""
