"""Questions of one's own that are asked of a call, as taxonomy.yaml names them."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.names import Code, LanguageTag, Names, named, repeated

QuestionKind = Literal["yes_no", "choice", "number", "text"]
"""What an answer is: true or false, the code of an option, a number, or a few words."""
MOST_QUESTIONS = 20
"""Questions of a taxonomy at the most: each is a part of every request."""
_MOST_OPTIONS = 20


class Option(BaseModel):
    """One of the answers to choose from."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    code: Code
    """What events and documents say."""
    name: Names
    """What people read, by language."""

    def title(self, language: str = "en") -> str:
        """Return the name in a language; where there is none, in English, else in the first that there is."""
        return named(self.name, language)


class Question(BaseModel):
    """What a company wants to know of a call beside its category."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    code: Code
    """What events and documents say."""
    text: Annotated[dict[LanguageTag, Annotated[str, Field(min_length=1, max_length=200)]], Field(min_length=1)]
    """The question, in one or more languages, by BCP 47 tag."""
    kind: QuestionKind
    """What an answer is: yes_no, choice, number or text."""
    options: tuple[Option, ...] = Field(default=(), max_length=_MOST_OPTIONS)
    """What there is to choose from; of a choice alone."""
    unit: str | None = Field(default=None, min_length=1, max_length=20)
    """What a number counts; of a number alone."""
    categories: tuple[str, ...] = ()
    """Codes of the categories or sub-categories of whose calls it is asked; empty: of all."""

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        codes = [option.code for option in self.options]
        if self.kind == "choice" and len(codes) < 2:
            raise ValueError("a choice needs two options or more")
        if self.kind != "choice" and codes:
            raise ValueError("only a choice has options")
        if twice := repeated(codes):
            raise ValueError(f"two options share a code: {', '.join(twice)}")
        if self.kind != "number" and self.unit is not None:
            raise ValueError("only a number has a unit")
        return self

    def title(self, language: str = "en") -> str:
        """Return the question in a language; where it is not asked in it, in English, else in the first there is."""
        return named(self.text, language)

    def option_title(self, code: str, language: str = "en") -> str:
        """Return the name of an option; the code itself where there is none of it."""
        return next((option.title(language) for option in self.options if option.code == code), code)
