"""Settings of the classify stage."""

from typing import Annotated, Literal, Self
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
from pydantic_settings import SettingsConfigDict

from streams.settings import FromJson, Section

ClassifierName = Literal["gemini", "gemini-legacy", "offline", "none"]


CURRENCY = "USD"
"""Of prices that name none."""


class Price(BaseModel):
    """What a million tokens of a model cost."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    prompt: NonNegativeFloat
    """Per million tokens that are sent."""
    answer: NonNegativeFloat
    """Per million tokens that the model makes, its thoughts included."""
    currency: str = Field(default=CURRENCY, pattern=r"^[A-Z]{3}$")
    """Its currency, as ISO 4217 names it."""

    def cost(self, prompt_tokens: int, answer_tokens: int) -> float:
        """Return the cost of so many tokens."""
        return (prompt_tokens * self.prompt + answer_tokens * self.answer) / 1e6


class ClassifySettings(Section):
    """Which classifier decides, and how sure it has to be."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_CLASSIFY_")

    classifier: ClassifierName | None = Field(default=None, validation_alias="CALLSIFT_CLASSIFIER")
    """gemini (google-genai), gemini-legacy (google-generativeai), offline, or none: every call is Uncertain, as long as
    your categories have no classifier. Unset: gemini with a key or a Vertex AI project, else offline."""
    gemini_api_key: SecretStr | None = Field(default=None, validation_alias="CALLSIFT_GEMINI_API_KEY")
    """Key of the Gemini API."""
    gemini_model: str = "gemini-3.5-flash-lite"
    """Gemini model that is asked."""
    gemini_endpoint: str | None = None
    """Address of the Gemini API, if not Google's own."""
    gemini_vertex_project: str | None = Field(default=None, pattern=r"^[^/\s]+(/[^/\s]+)?$")
    """Google Cloud project, to ask Gemini through Vertex AI with the machine's own credentials instead of a key. The
    region that answers may follow, as in our-project/europe-west3; without one it is global."""
    gemini_timeout_s: PositiveFloat = 30.0
    """Seconds to wait for one answer, all of it."""
    gemini_transcript_chars: int = Field(default=40_000, ge=4)
    """Characters of one transcript that are sent at the most, a quarter of them from one turn; beginning and end are
    kept."""
    gemini_answer_tokens: PositiveInt = 4096
    """Tokens that the model may make for one answer, its thoughts included."""
    gemini_requests_per_minute: PositiveInt | None = None
    """Requests per minute of one worker; unset: no limit. Share the quota among the workers."""
    gemini_tokens_per_minute: PositiveInt | None = None
    """Tokens per minute of one worker, sent and made; unset: no limit."""
    gemini_concurrency: PositiveInt = 16
    """Requests under way at once in one worker; fewer while the service turns requests away."""
    when_away: Literal["wait", "offline"] = "wait"
    """While Gemini is away or the budget spent: wait for it, or decide offline and mark the outcome provisional."""
    reprocess_per_minute: PositiveInt = 600
    """Stored calls that one worker of the reprocessing lane classifies in a minute at the most."""
    daily_budget: NonNegativeFloat | None = None
    """What one worker may spend from midnight to midnight, in the currency of the price; unset or 0: no limit."""
    prices: FromJson[dict[str, Price]] = Field(default_factory=dict)
    """Price per million tokens by model, as JSON: {"a-model": {"prompt": 0.25, "answer": 1.5, "currency": "EUR"}}. USD
    where it names no currency; without a price no costs."""
    time_zone: str = "Europe/Istanbul"
    """Where the callers are: "tomorrow at two" is meant there, and the budget's day ends there."""
    agreement: Literal["none", "offline"] | Annotated[int, Field(ge=2, le=9)] = "none"
    """Who else is asked how sure Gemini's answer is: none, offline (the offline classifier), or Gemini itself: a number
    from 2 to 9 says how often in all, and each time is paid for."""
    confidence_floor: float = Field(default=0.35, ge=0.0, le=1.0)
    """Below this confidence a call is Uncertain, whatever the classifier says."""

    @field_validator("agreement", mode="before")
    @classmethod
    def _samples_are_a_number(cls, value: object) -> object:
        if value == "samples":  # retired
            raise ValueError("write the number, as CALLSIFT_CLASSIFY_AGREEMENT=3")
        return value

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
    def _a_budget_needs_a_price(self) -> Self:
        if self.daily_budget and self.is_hosted and self.gemini_model not in self.prices:
            raise ValueError("CALLSIFT_CLASSIFY_DAILY_BUDGET needs the model's price in CALLSIFT_CLASSIFY_PRICES")
        return self

    @property
    def currency(self) -> str:
        """Currency of the model's price and of the budget."""
        price = self.prices.get(self.gemini_model)
        return price.currency if price else CURRENCY

    @property
    def gemini_turn_chars(self) -> int:
        """Characters of one turn that are sent at the most."""
        return self.gemini_transcript_chars // 4

    @property
    def samples(self) -> int:
        """How often Gemini is asked about one call."""
        return self.agreement if isinstance(self.agreement, int) else 1

    @property
    def vertex_ai(self) -> tuple[str, str] | None:
        """Project and region; None: Gemini is not asked through Vertex AI."""
        if self.gemini_vertex_project is None:
            return None
        project, _, region = self.gemini_vertex_project.partition("/")
        return project, region or "global"

    @property
    def is_hosted(self) -> bool:
        """Whether a hosted model is asked."""
        return self.chosen not in {"offline", "none"}

    @property
    def chosen(self) -> ClassifierName:
        """The classifier that decides."""
        return self.classifier or ("gemini" if self.gemini_api_key or self.gemini_vertex_project else "offline")
