"""Which calls are meant: the same parameters for lists, exports and statistics."""

import json
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from api.access import Principal
from api.problems import PlaceOfError, Problem
from schemas import Disposition, Speaker
from store.folding import folded_words
from store.search import CallQuery

_METADATA = "metadata."
_MOST_WORDS = 8
_LONGEST = 200
_LARGEST = 2**63


def _with_its_plus(moment: object) -> object:
    """Give an offset its plus back, which a query string means as a space unless it is written %2B."""
    return moment.replace(" ", "+") if isinstance(moment, str) and "T" in moment else moment


Moment = Annotated[AwareDatetime, BeforeValidator(_with_its_plus)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=_LONGEST)]
Texts = Annotated[tuple[Text, ...], Field(max_length=50)]


class CallFilters(BaseModel):
    """Parameters that say which calls are meant: those that fit all of them. One that is given twice means either.

    ``metadata.KEY=VALUE`` asks for a value of the metadata, where KEY may be a path (``metadata.campaign.name``).
    """

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    ended_since: Moment | None = Field(default=None, alias="ended_at.gte", examples=["2026-10-05T00:00:00+03:00"])
    """Calls that ended then or later."""
    ended_before: Moment | None = Field(default=None, alias="ended_at.lt", examples=["2026-10-06T00:00:00+03:00"])
    """Calls that ended earlier."""
    category: Texts = Field(default=(), examples=[["unnecessary_call"]])
    """Code of a category (GET /v1/taxonomy)."""
    sub_category: Texts = Field(default=(), examples=[["price_research"]])
    """Code of a sub-category."""
    agent: Texts = ()
    """Who answered, as the PBX names them."""
    queue: Texts = ()
    """The queue that the call came through."""
    direction: Texts = ()
    """inbound or outbound, as the PBX names it."""
    state: tuple[Literal["done", "failed", "unrecorded"], ...] = ()
    """done: calls with a category. failed: those that could not be processed. unrecorded: those without a recording."""
    disposition: tuple[Disposition, ...] = ()
    """How the call went, as the PBX saw it."""
    provisional: bool | None = None
    """Whether a simpler classifier decided, because the chosen one was away."""
    source: Literal["human", "machine"] | None = None
    """Who decided the category that holds."""
    confidence_from: float | None = Field(default=None, alias="confidence.gte", ge=0.0, le=1.0)
    """Calls whose classifier was at least so sure."""
    confidence_below: float | None = Field(default=None, alias="confidence.lt", ge=0.0, le=1.0)
    """Calls whose classifier was less sure."""
    service: Text | None = None
    """Appliance or service that was asked for; upper or lower case and marks make no difference."""
    brand: Text | None = Field(default=None, examples=["Arçelik"])
    """Brand of the appliance; upper or lower case and marks make no difference."""
    urgency: tuple[Literal["urgent", "soon", "flexible"], ...] = ()
    """How urgent the customer said it is."""
    callback_since: Moment | None = Field(default=None, alias="callback_at.gte")
    """Calls whose customer is to be called back then or later."""
    callback_before: Moment | None = Field(default=None, alias="callback_at.lt")
    """Calls whose customer is to be called back earlier."""
    words: Text | None = Field(default=None, examples=["klima fiyat"])
    """Words, eight at the most, that have to have been said, all of them, in any order. Each may be the beginning of a
    longer one (fiyat finds fiyatı); I, İ, ı and i, upper and lower case, and letters with and without marks are the
    same."""
    speaker: Speaker | None = None
    """Who has to have said the words; anybody, unless given. Without words it is refused."""

    def query(self, who: Principal) -> CallQuery:
        """Return what the store is asked for, no more than somebody may see.

        Raises:
            Problem: invalid-request: there is no such parameter, or the words are none.
        """
        self._refuse_what_means_nothing()
        among: dict[str, tuple[Any, ...]] = {
            "category": self.category,
            "sub_category": self.sub_category,
            "state": self.state,
            "outcome.agent_id": self.agent,
            "outcome.queue": self.queue,
            "outcome.direction": self.direction,
            "outcome.disposition": self.disposition,
            "outcome.insights.urgency": self.urgency,
            "outcome.provisional": () if self.provisional is None else (self.provisional,),
        }
        for name, texts in self._metadata().items():
            among[f"outcome.{name}"] = tuple(value for text in texts for value in _as_json(text))
        taken = self.model_dump(include=CallQuery.__dataclass_fields__.keys() & self.__class__.model_fields.keys())
        chosen = {field: values for field, values in among.items() if values}
        return CallQuery(**taken, among=chosen, within=who.scope.query())

    def _metadata(self) -> dict[str, list[Any]]:
        extra = self.model_extra or {}
        return {name: texts if isinstance(texts, list) else [texts] for name, texts in extra.items()}

    def _refuse_what_means_nothing(self) -> None:
        wrong = [
            PlaceOfError(parameter=name, detail="There is no such parameter, or it is no text")
            for name, texts in self._metadata().items()
            if not _names_metadata(name) or not all(map(_is_text, texts))
        ]
        if self.words is not None and not 1 <= len(folded_words([self.words])) <= _MOST_WORDS:
            wrong.append(PlaceOfError(parameter="words", detail=f"1 to {_MOST_WORDS} words of letters and digits"))
        if self.speaker is not None and self.words is None:
            wrong.append(PlaceOfError(parameter="speaker", detail="Say which words with the parameter words"))
        if wrong:
            raise Problem("invalid-request", "The request breaks a rule", errors=wrong)


def _names_metadata(parameter: str) -> bool:
    """Tell whether a parameter names a value of the metadata, in a way that is no operator of the store's."""
    steps = parameter.removeprefix(_METADATA).split(".")
    return parameter.startswith(_METADATA) and all(step and step[0] != "$" and "\0" not in step for step in steps)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST


def _as_json(text: str) -> tuple[str | int | float | bool, ...]:
    """Return the JSON values that a parameter's text may mean, the text itself first."""
    try:
        value = json.loads(text)
    except ValueError:
        return (text,)
    is_told_apart = isinstance(value, bool) or (isinstance(value, int | float) and abs(value) < _LARGEST)
    return (text, value) if is_told_apart else (text,)
