"""Settings of the classify stage."""

import json
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import NoDecode, SettingsConfigDict

from streams.settings import Section

ClassifierName = Literal["gemini", "gemini-legacy", "offline"]


class Price(BaseModel):
    """What a million tokens of a model cost."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    prompt: NonNegativeFloat
    """Per million tokens that are sent."""
    answer: NonNegativeFloat
    """Per million tokens that the model makes, its thoughts included."""

    def cost(self, prompt_tokens: int, answer_tokens: int) -> float:
        """Return the cost of so many tokens."""
        return (prompt_tokens * self.prompt + answer_tokens * self.answer) / 1e6


class ClassifySettings(Section):
    """Which classifier decides, and how sure it has to be."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_CLASSIFY_")

    classifier: ClassifierName | None = Field(default=None, validation_alias="CALLSIFT_CLASSIFIER")
    """gemini (google-genai), gemini-legacy (google-generativeai) or offline. Unset: gemini with a key or a Vertex AI
    project, else offline."""
    gemini_api_key: SecretStr | None = Field(default=None, validation_alias="CALLSIFT_GEMINI_API_KEY")
    """Key of the Gemini API."""
    gemini_model: str = "gemini-3.5-flash-lite"
    """Gemini model that is asked."""
    gemini_endpoint: str | None = None
    """Address of the Gemini API, if not Google's own."""
    gemini_vertex_project: str | None = Field(default=None, min_length=1)
    """Google Cloud project, to ask Gemini through Vertex AI with the machine's own credentials instead of a key."""
    gemini_vertex_location: str = "global"
    """Region that Vertex AI answers from."""
    gemini_timeout_s: PositiveFloat = 30.0
    """Seconds to wait for one answer, all of it."""
    gemini_turn_chars: PositiveInt = 10_000
    """Characters of one turn that are sent at the most; its beginning and its end are kept."""
    gemini_transcript_chars: PositiveInt = 40_000
    """Characters of one transcript that are sent at the most; at least twice those of a turn."""
    gemini_answer_tokens: PositiveInt = 4096
    """Tokens that the model may make for one answer, its thoughts included."""
    gemini_requests_per_minute: PositiveInt | None = None
    """Requests per minute of one worker; unset: no limit. Share the quota among the workers."""
    gemini_tokens_per_minute: PositiveInt | None = None
    """Tokens per minute of one worker, sent and made; unset: no limit."""
    gemini_concurrency: PositiveInt = 16
    """Requests under way at once in one worker; fewer while the service turns requests away."""
    gemini_longest_pause_s: PositiveFloat = 60.0
    """Seconds that the service may ask to be left alone; for longer than that it counts as away."""
    when_away: Literal["wait", "offline"] = "wait"
    """While Gemini is away or the budget spent: wait for it, or decide offline and mark the outcome provisional."""
    reprocess_per_minute: PositiveInt = 600
    """Stored calls that one worker of the reprocessing lane classifies in a minute at the most."""
    away_probe_s: PositiveFloat = 15.0
    """Seconds between two calls that ask whether Gemini is back, while all others are decided offline."""
    daily_budget: NonNegativeFloat | None = None
    """What one worker may spend from midnight to midnight, in the price table's currency; unset or 0: no limit."""
    prices: Annotated[dict[str, Price], NoDecode] = Field(default_factory=dict)
    """Price per million tokens by model, as JSON: {"a-model": {"prompt": 0.25, "answer": 1.5}}. Without it no costs."""
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    """Currency of the price table and the budget, as ISO 4217 names it."""
    time_zone: str = "Europe/Istanbul"
    """Where the callers are: "tomorrow at two" is meant there, and the budget's day ends there."""
    agreement: Literal["none", "samples", "offline"] = "none"
    """Who else is asked how sure Gemini's answer is: nobody, Gemini itself several times, or the offline classifier."""
    samples: int = Field(default=3, ge=2, le=9)
    """How often Gemini is asked about one call where samples are to agree; each is paid for."""
    confidence_floor: float = Field(default=0.35, ge=0.0, le=1.0)
    """Below this confidence a call is Uncertain, whatever the classifier says."""

    @field_validator("prices", mode="before")
    @classmethod
    def _prices_are_json(cls, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value

    @field_validator("time_zone")
    @classmethod
    def _time_zone_exists(cls, value: str) -> str:
        try:
            return ZoneInfo(value).key
        except (LookupError, OSError, ValueError):
            raise ValueError("there is no such time zone; write one like Europe/Istanbul") from None

    @model_validator(mode="after")
    def _gemini_can_be_asked(self) -> Self:
        if self.classifier == "gemini" and self.gemini_api_key is None and self.gemini_vertex_project is None:
            raise ValueError(
                "CALLSIFT_CLASSIFIER=gemini needs CALLSIFT_GEMINI_API_KEY or CALLSIFT_CLASSIFY_GEMINI_VERTEX_PROJECT"
            )
        if self.classifier == "gemini-legacy" and self.gemini_api_key is None:
            raise ValueError("CALLSIFT_CLASSIFIER=gemini-legacy needs CALLSIFT_GEMINI_API_KEY")
        return self

    @model_validator(mode="after")
    def _limits_fit_together(self) -> Self:
        if self.gemini_transcript_chars < 2 * self.gemini_turn_chars:
            raise ValueError(
                "CALLSIFT_CLASSIFY_GEMINI_TRANSCRIPT_CHARS must be at least twice CALLSIFT_CLASSIFY_GEMINI_TURN_CHARS"
            )
        if self.daily_budget and self.chosen != "offline" and self.gemini_model not in self.prices:
            raise ValueError("CALLSIFT_CLASSIFY_DAILY_BUDGET needs the model's price in CALLSIFT_CLASSIFY_PRICES")
        return self

    @property
    def chosen(self) -> ClassifierName:
        """The classifier that decides."""
        return self.classifier or ("gemini" if self.gemini_api_key or self.gemini_vertex_project else "offline")
