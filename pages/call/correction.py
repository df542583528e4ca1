"""What people say of a call in the forms of its page. Pure."""

from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from schemas import Taxonomy
from schemas.call_annotated import Cause
from schemas.taxonomy import Leaf


class Correction(BaseModel):
    """The form that says what a call was for."""

    revision: int = 0
    """Revision that the page showed."""
    leaf: str = Field(default="", max_length=200)
    """Code of a leaf of the taxonomy."""
    cause: Cause | None = None
    """Why the machine was wrong; None: nobody says."""
    note: str = Field(default="", max_length=2000)
    """What else there is to say."""

    @property
    def said(self) -> str | None:
        """The note; None: there is none."""
        return self.note.strip() or None

    def named(self, taxonomy: Taxonomy) -> Leaf | None:
        """Return the leaf; None: the form names none of the taxonomy."""
        return taxonomy.leaves.get(self.leaf)

    def at(self, tag: str) -> Self:
        """Return the same about the revision that an ETag names."""
        return self.model_copy(update={"revision": int(tag.strip('"r'))})


class FactsForm(BaseModel):
    """The form that says what became of a call."""

    job_booked: Literal["yes", "no"] | None = None
    """Whether a job followed; None: nobody knows."""
    value: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)
    """What it was worth."""
    currency: str = Field(default="TRY", pattern="^[A-Z]{3}$")
    """Currency of the value (ISO 4217)."""

    def facts(self) -> dict[str, Any]:
        """Return what is told; a field that was left empty takes back what was said."""
        booked = {"yes": True, "no": False, None: None}[self.job_booked]
        has_value = self.value is not None
        return {"job_booked": booked, "value": self.value, "currency": self.currency if has_value else None}
