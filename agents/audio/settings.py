"""Settings of the audio stage."""

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt
from pydantic_settings import SettingsConfigDict

from schemas import Channels
from streams.settings import FromJson, Section


class AudioSettings(Section):
    """How recordings are decoded and listened to."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_AUDIO_")

    channels: FromJson[Channels | None] = None
    """Channel of each speaker, counted from 0, where the event does not say, as JSON as there: {"customer": 1, "agent":
    0}. Unset: the customer is on 0 and the agent on 1, if there are no more than two."""
    processes: PositiveInt = 1
    """Child processes that decode; each keeps one core busy. While recordings of more than ten minutes hold all of
    them, one more decodes shorter ones."""
    time_limit_s: PositiveFloat = 900.0
    """Seconds that a recording of two and a half hours, or longer, may take before its child process is killed. Shorter
    ones may take less by the length that they announce: of 900 s, half a minute and a tenth of that length."""
    memory_limit_mb: NonNegativeInt = Field(default=4096)
    """Megabytes of data that a child process may allocate; 0: no limit."""
    speech_threshold: float = Field(default=0.5, gt=0.0, lt=1.0)
    """Probability above which Silero VAD's frame counts as speech."""
    min_silence_s: PositiveFloat = 0.3
    """Pauses shorter than this, in seconds, do not end a stretch of speech."""
