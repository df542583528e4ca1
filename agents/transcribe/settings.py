"""Settings of the transcribe stage."""

from pathlib import Path

from pydantic import Field, FilePath, NonNegativeInt, PositiveFloat, PositiveInt
from pydantic_settings import SettingsConfigDict

from streams.settings import FromJson, Section


class TranscribeSettings(Section):
    """How speech is recognised."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_TRANSCRIBE_")

    vosk_model: Path | None = Field(default=None, validation_alias="CALLSIFT_VOSK_MODEL")
    """Folder of the Vosk model for the default language. A worker without one does not start, unless hosted recognisers
    take every call."""
    vosk_models: FromJson[dict[str, Path]] = Field(default={}, validation_alias="CALLSIFT_VOSK_MODELS")
    """Folders of the Vosk models for further languages, as JSON: {"en": "/models/en"}. Where it names the default
    language too, CALLSIFT_VOSK_MODEL wins."""
    engines_file: FilePath | None = None
    """YAML file of hosted recognisers and which calls they get (docs/recognisers.md). Unset: Vosk recognises all."""
    language: str = Field(default="tr", min_length=2)
    """Language of calls whose event names none, as a BCP 47 tag."""
    partly_redacted: FromJson[tuple[str, ...]] = ()
    """Languages that nobody has written rules for and whose calls are taken all the same, as JSON: ["de"]. Their
    transcripts keep names, addresses and all numbers that are said in words (docs/languages.md); calls of other such
    languages are given up."""
    corrections: Path | None = None
    """File of corrections of what was heard: on each line what is heard, a tab, what is meant. Unset: none."""
    processes: PositiveInt = 1
    """Child processes that recognise; each keeps one core busy and holds a copy of every model it has used. The
    pieces of one call are shared out over all of them. While old calls of a backfill hold all of them, one more
    recognises live ones."""
    time_limit_s: PositiveFloat = 600.0
    """Seconds that one piece of a call may take (about 20 seconds of speech, more only where somebody speaks longer
    without a pause) before its child process is killed."""
    memory_limit_mb: NonNegativeInt = Field(default=8192)
    """Megabytes of data that a child process may allocate; 0: no limit."""
    checkpoint_s: PositiveFloat = 10.0
    """Seconds between two checkpoints of a call under way: what is decoded by then is not decoded again after a crash.
    A call that takes less leaves none."""
