"""Settings of the audio stage."""

from typing import Self

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator
from pydantic_settings import SettingsConfigDict

from schemas import Speaker
from streams.settings import Section


class AudioSettings(Section):
    """How recordings are decoded and listened to."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_AUDIO_")

    customer_channel: NonNegativeInt | None = None
    """Channel of the customer, counted from 0, where the event does not say. Unset, as agent_channel: 0."""
    agent_channel: NonNegativeInt | None = None
    """Channel of the agent, counted from 0, where the event does not say. Unset, as customer_channel: 1."""
    processes: PositiveInt = 1
    """Child processes that decode; each keeps one core busy."""
    time_limit_s: PositiveFloat = 900.0
    """Seconds that one recording may take before its child process is killed."""
    memory_limit_mb: NonNegativeInt = Field(default=4096)
    """Megabytes of data that a child process may allocate; 0: no limit."""
    speech_threshold: float = Field(default=0.5, gt=0.0, lt=1.0)
    """Probability above which Silero VAD's frame counts as speech."""
    min_silence_s: PositiveFloat = 0.3
    """Pauses shorter than this, in seconds, do not end a stretch of speech."""

    @property
    def channels(self) -> dict[Speaker, int] | None:
        """Who is on which channel where the event does not say; None where nothing is set."""
        if self.customer_channel is None or self.agent_channel is None:
            return None
        return {Speaker.CUSTOMER: self.customer_channel, Speaker.AGENT: self.agent_channel}

    @model_validator(mode="after")
    def _one_channel_each(self) -> Self:
        if (self.customer_channel is None) != (self.agent_channel is None):
            raise ValueError("CALLSIFT_AUDIO_CUSTOMER_CHANNEL and CALLSIFT_AUDIO_AGENT_CHANNEL belong together")
        if self.customer_channel is not None and self.customer_channel == self.agent_channel:
            raise ValueError("two speakers share a channel; give each speaker a channel of its own")
        return self
