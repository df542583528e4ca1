"""Reading a hosted model's answer: whatever it says gives an answer that the taxonomy knows, or an error."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError

from agents.classify.core import Answer
from agents.classify.hosted.errors import GarbledAnswer
from agents.classify.hosted.leniency import Extras, LenientInsights, json_object, meant
from agents.classify.hosted.own_questions import told
from agents.classify.hosted.transcript_block import sanitised
from schemas import Insights, Leaf, Sentiment, Taxonomy
from streams.errors import broken_rules

_POSITION = TypeAdapter(int)
_CURE = "If it goes on, look at the model's name and the prompt (docs/classification.md)"
_PROSE_CHARS = 1000
_PHRASE_CHARS = 200
_MOST_EVIDENCE = 8
_FURTHEST_CALLBACK = timedelta(days=366)


class _Verdict(BaseModel):
    category: str
    sub_category: str | None = None
    confidence: float = Field(ge=0.0, le=1.0)
    justification: Annotated[str, BeforeValidator(lambda value: _one_line(value, _PROSE_CHARS))] = Field(min_length=1)
    evidence: Any = ()
    summary: Annotated[str | None, BeforeValidator(lambda value: meant(_one_line(value, _PROSE_CHARS)))] = None


def read_answer(
    text: str | None, taxonomy: Taxonomy, shown: Mapping[int, str], local_time: datetime | None = None
) -> Answer:
    """Read the JSON that a model gave for a transcript of which it saw the turns ``shown``.

    Args:
        text: What the model said.
        taxonomy: What it was to choose from.
        shown: What it saw of each turn, by position.
        local_time: When the call ended, where the caller is; without it no time to call back can be known.

    What is said beside the decision is read field by field, and what cannot be read is null: a sentiment, an insight,
    an answer to a question, a turn that was not shown.

    Raises:
        GarbledAnswer: No JSON, a missing field, a leaf that does not exist. The message names fields and rules, never
            what the model said: that may quote the call.
    """
    try:
        said = json_object(text or "")
        verdict = _Verdict.model_validate_json(said)
    except ValidationError as error:
        raise GarbledAnswer(f"the model's answer is not as asked for: {broken_rules(error)}", _CURE) from None
    except ValueError:
        raise GarbledAnswer("the model's answer is not one JSON object", _CURE) from None
    try:
        leaf = _leaf(taxonomy, verdict)
    except ValueError:
        raise GarbledAnswer(
            "category and sub_category name no leaf of the taxonomy: a sub-category belongs to its own category, "
            "and a category that has sub-categories needs one",
            _CURE,
        ) from None
    evidence = tuple(dict.fromkeys(position for position in _positions(verdict.evidence) if position in shown))
    extras = Extras.model_validate_json(said)
    return Answer(
        leaf,
        verdict.confidence,
        verdict.justification,
        evidence[:_MOST_EVIDENCE],
        verdict.summary,
        sentiment=Sentiment(start=extras.sentiment.start, end=extras.sentiment.end) if extras.sentiment else None,
        insights=_resolve(extras.insights, local_time) if extras.insights else None,
        told=told(extras.answers or {}, taxonomy, shown),
        stated=True,
    )


def _leaf(taxonomy: Taxonomy, verdict: _Verdict) -> Leaf:
    said = (verdict.sub_category or "").strip() or None
    try:
        return taxonomy.leaf(verdict.category, said)  # a sub-category may have a word for null as its code
    except ValueError:
        return taxonomy.leaf(verdict.category, meant(said))


def _positions(said: Any) -> Iterator[int]:
    for position in said if isinstance(said, list) else ():
        with suppress(ValidationError):
            yield _POSITION.validate_python(position)


def _resolve(found: LenientInsights, local_time: datetime | None) -> Insights:
    """Keep only what this version knows, phrases on one line, and a time to call back that can be meant."""
    values: dict[str, Any] = {name: getattr(found, name) for name in Insights.model_fields}
    phrases = {name: value for name, value in values.items() if isinstance(value, str)}
    values |= {name: sanitised(phrase, _PHRASE_CHARS) or None for name, phrase in phrases.items()}
    values["callback_at"] = _callback_at(found.callback_at, local_time)
    return Insights(**values)


def _callback_at(stated: datetime | None, ended_at: datetime | None) -> datetime | None:
    if stated is None or ended_at is None:
        return None
    resolved = stated if stated.tzinfo else stated.replace(tzinfo=ended_at.tzinfo)
    return resolved if timedelta(0) < resolved - ended_at < _FURTHEST_CALLBACK else None


def _one_line(value: Any, limit: int) -> Any:
    return sanitised(value, limit) if isinstance(value, str) else value
