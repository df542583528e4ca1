"""The file of hosted recognisers: which there are, and which calls they get."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    FilePath,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from streams.errors import SettingsError
from streams.yaml_file import read_yaml_file

_CURE = "Correct the file that CALLSIFT_TRANSCRIBE_ENGINES_FILE names; docs/recognisers.md shows one"
EngineName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]


class _FilePart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)


def _absolute(url: str) -> str:
    return url.rstrip("/")


class OpenAISettings(_FilePart):
    """A service that speaks OpenAI's ``POST /audio/transcriptions``."""

    url: Annotated[str, Field(pattern=r"^https?://[^/?#\s@]+(/[^?#\s]*)?$"), AfterValidator(_absolute)]
    """What stands before ``/audio/transcriptions``, such as http://speaches:8000/v1."""
    model: str = Field(min_length=1)
    """The model that it is asked for."""
    prompt: str | None = Field(default=None, min_length=1)
    """What it is told before, such as names of your brands; 224 tokens of it count with Whisper."""


class GoogleSettings(_FilePart):
    """Google Speech-to-Text, version 2."""

    project: str = Field(pattern=r"^[a-z][a-z0-9:.-]{4,60}$")
    """Project of Google Cloud that pays."""
    location: str = Field(default="global", pattern=r"^[a-z0-9-]+$")
    """Region where the speech is processed, such as eu; not every model is in every region."""
    model: str = Field(default="telephony", min_length=1)
    """The model, such as telephony or chirp_2."""
    language_codes: Mapping[str, str] = Field(default={"tr": "tr-TR", "en": "en-US"})
    """The tag that Google has for a language."""
    phrases: FilePath | None = None
    """Text file with a name or phrase on each line that callers are likely to say."""
    phrases_boost: float = Field(default=10.0, ge=0.0, le=20.0)
    """How much more likely they are."""
    endpoint: str | None = Field(default=None, pattern=r"^(http://)?[^/?#\s@]+$")
    """Host and port instead of Google's own; with ``http://`` without encryption and without credentials."""


class EngineSettings(_FilePart):
    """One hosted recogniser."""

    openai: OpenAISettings | None = None
    """It speaks OpenAI's protocol."""
    google: GoogleSettings | None = None
    """It is Google's."""
    key_file: FilePath | None = None
    """File with the key that is sent as a bearer token (OpenAI's protocol); unset: none is sent."""
    at_once: PositiveInt = 4
    """Requests under way at once at the most, in one worker."""
    timeout_s: PositiveFloat = 60.0
    """Seconds that one request may take."""
    longest_piece_s: float = Field(default=28.0, ge=5.0, le=55.0)
    """Seconds of speech in one request at the most. Whisper hears 30 s at a time; Google takes 60 s in one answer."""
    price_per_minute: float = Field(default=0.0, ge=0.0)
    """What a minute that is sent costs, in your currency."""

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if (self.openai is None) == (self.google is None):
            raise ValueError("say openai or google, and not both")
        if self.google is not None and self.key_file is not None:
            raise ValueError("key_file is for openai; Google takes GOOGLE_APPLICATION_CREDENTIALS or the pod's account")
        return self


class Route(_FilePart):
    """Which calls go to an engine: those that fit all that is said here."""

    engine: EngineName
    """Name of a hosted recogniser, or ``vosk``."""
    languages: tuple[str, ...] = ()
    """Primary subtags, such as en; empty: every language."""
    queues: tuple[str, ...] = ()
    """The PBX's names of queues; empty: every queue, and calls without one."""
    share: float = Field(default=1.0, gt=0.0, le=1.0)
    """This share of them, drawn by the call's identifier: a call that is tried again gets the same engine."""


class EnginesFile(_FilePart):
    """Hosted recognisers, and which calls they get."""

    engines: dict[EngineName, EngineSettings] = Field(default_factory=dict)
    """By name."""
    routes: tuple[Route, ...] = ()
    """The first that fits a call counts; a call that none fits is recognised by Vosk."""

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        if "vosk" in self.engines:
            raise ValueError("engines: vosk is the one in the worker; call yours otherwise")
        if unknown := sorted({route.engine for route in self.routes} - self.engines.keys() - {"vosk"}):
            raise ValueError(f"routes: no engine is called {', '.join(unknown)}")
        return self

    @property
    def needs_vosk(self) -> bool:
        """Whether a call may come that Vosk recognises."""
        takes_all = (r for r in self.routes if not r.languages and not r.queues and r.share == 1.0)
        last = next(takes_all, None)
        reached = self.routes if last is None else self.routes[: self.routes.index(last) + 1]
        return last is None or any(route.engine == "vosk" for route in reached)


def read_engines(path: Path | None) -> EnginesFile:
    """Read the file of engines; without one there are none.

    Raises:
        SettingsError: It breaks a rule; the message names the field.
    """
    return EnginesFile() if path is None else read_yaml_file(path, EnginesFile, _CURE)


def read_lines(path: Path | None) -> tuple[str, ...]:
    """Return a text file's lines, without empty ones and without those that begin with #.

    Raises:
        SettingsError: It cannot be read as UTF-8.
    """
    if path is None:
        return ()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{path.name} cannot be read as text in UTF-8", _CURE) from None
    return tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
