"""Settings of the classify stage."""

from typing import Literal, Self

from pydantic import Field, PositiveFloat, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from streams.settings import Section

ClassifierName = Literal["gemini", "gemini-legacy", "offline"]


class ClassifySettings(Section):
    """Which classifier decides, and how sure it has to be."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_CLASSIFY_")

    classifier: ClassifierName | None = Field(default=None, validation_alias="CALLSIFT_CLASSIFIER")
    """gemini (google-genai), gemini-legacy (google-generativeai) or offline. Unset: gemini with a key, else offline."""
    gemini_api_key: SecretStr | None = Field(default=None, validation_alias="CALLSIFT_GEMINI_API_KEY")
    """Key of the Gemini API."""
    gemini_model: str = "gemini-3.5-flash-lite"
    """Gemini model that is asked."""
    gemini_endpoint: str | None = None
    """Address of the Gemini API, if not Google's own."""
    gemini_timeout_s: PositiveFloat = 30.0
    """Seconds to wait for one answer."""
    confidence_floor: float = Field(default=0.35, ge=0.0, le=1.0)
    """Below this confidence a call is Uncertain, whatever the classifier says."""

    @model_validator(mode="after")
    def _gemini_needs_a_key(self) -> Self:
        if self.classifier in {"gemini", "gemini-legacy"} and self.gemini_api_key is None:
            raise ValueError(f"CALLSIFT_CLASSIFIER={self.classifier} needs CALLSIFT_GEMINI_API_KEY")
        return self

    @property
    def chosen(self) -> ClassifierName:
        """The classifier that decides."""
        return self.classifier or ("gemini" if self.gemini_api_key else "offline")
