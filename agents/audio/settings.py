"""Settings of the audio stage."""

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from pydantic_settings import SettingsConfigDict

from streams.settings import Section


class AudioSettings(Section):
    """How recordings are fetched and decoded."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_AUDIO_")

    customer_channel: NonNegativeInt = 0
    """Channel of the customer, counted from 0, where the event does not say."""
    agent_channel: NonNegativeInt = 1
    """Channel of the agent, counted from 0, where the event does not say."""
    recording_limit_mb: PositiveInt = 500
    """Largest recording that is fetched, in megabytes."""
    missing_grace_s: NonNegativeFloat = 600.0
    """Seconds after hang-up in which a missing recording may still come; after that its call is given up."""
    processes: PositiveInt = 1
    """Child processes that decode; each keeps one core busy."""
    time_limit_s: PositiveFloat = 300.0
    """Seconds that one recording may take before its child process is killed."""
    memory_limit_mb: NonNegativeInt = Field(default=4096)
    """Megabytes of data that a child process may allocate; 0: no limit."""
    speech_threshold: float = Field(default=0.5, gt=0.0, lt=1.0)
    """Probability above which Silero VAD's frame counts as speech."""
    min_silence_s: PositiveFloat = 0.3
    """Pauses shorter than this, in seconds, do not end a stretch of speech."""
