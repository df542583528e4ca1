"""calls.annotations: what people say of a call afterwards: what it was for, or what became of it."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, JsonValue, NonNegativeFloat, PositiveInt, model_validator

from schemas.event import Event, Part
from schemas.from_outside import holdable_fields

Cause = Literal["misheard", "misread", "category_unclear", "not_in_sound"]
LARGEST_FACT = 2**63
"""A number that is told of a call is nearer to 0 than this; a larger value counts in no sum."""
LaterFacts = Annotated[dict[str, JsonValue], AfterValidator(holdable_fields)]


class LeafName(Part):
    """A leaf of the taxonomy."""

    category: str
    """Code of the category in taxonomy.yaml."""
    sub_category: str | None = None
    """Code of the sub-category; null for a category that has none."""


class Drawn(Part):
    """How a call came to be labelled: only draws whose probability is known say how right the classifier is."""

    by: str = Field(pattern=r"^[a-z][a-z_]{0,49}$")
    """random, or stratum: by chance. uncertain, correction (somebody saw a mistake), complaint, or another word:
    chosen, and therefore no measure of anything."""
    p: float | None = Field(default=None, gt=0.0, le=1.0)
    """Probability with which the call was drawn, above 0 to 1; null where it was chosen."""
    stratum: str | None = Field(default=None, max_length=200)
    """Which part of the frame it was drawn from; null where the frame has no parts."""
    frame: str | None = Field(default=None, max_length=200)
    """Which calls could have been drawn, such as 2026-11-24/2026-11-30."""
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**63)
    """Seed of the draw: with the frame it gives the same calls again."""


class Label(Part):
    """What a person says that a call was for."""

    revision_seen: PositiveInt
    """Revision of the outcome that the reviewer decided on."""
    decides: bool = True
    """Whether it becomes the call's category. False: a measurement, such as a second reviewer's, which changes no
    outcome."""
    taxonomy_version: str
    """Version of the taxonomy that it is given in."""
    drawn: Drawn
    """How the call came to be labelled."""
    blind: bool = False
    """Whether the reviewer decided before they saw what the machine says."""
    first: LeafName | None = None
    """What the reviewer said before they saw it; null where they were not blind."""
    final: LeafName
    """What they say in the end."""
    cause: Cause | None = None
    """Why the machine was wrong: the words were misheard, or misread; the categories are unclear; it is not in the
    sound. Null: it was right, or nobody says."""
    note: str | None = Field(default=None, max_length=2000)
    """What the reviewer adds."""
    seconds: NonNegativeFloat | None = None
    """How long they took."""


class CallAnnotated(Event):
    """What a person, or another system, says of a call that has an outcome."""

    event_id: str = Field(min_length=1, max_length=100)
    """Identifier of the annotation; whoever makes it chooses it, and a repetition has the same one."""
    call_id: str = Field(min_length=1, max_length=200)
    """The call, and the key of the message."""
    who: str
    """Who says it: the key or the person, as the API knows them."""
    at: AwareDatetime
    """When (UTC)."""
    label: Label | None = None
    """What the call was for; null: the annotation has facts."""
    facts: LaterFacts | None = None
    """What became of the call, by name: job_booked, value, currency, and whatever else; it is merged with what was said
    before, name by name, and null takes a fact back. Null: the annotation is a label."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if (self.label is None) == (self.facts is None):
            raise ValueError("an annotation has either a label or facts")
        return self
