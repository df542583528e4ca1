"""What a model certainly means, where it does not say it as asked for: nothing is asked twice over a mark too many."""

import json
import re
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ValidationError, ValidatorFunctionWrapHandler, field_validator, model_validator

from schemas import Insights, Sentiment

_NOTHING = {"", "-", "–", "null", "none", "nil", "n/a", "na", "undefined", "yok", "bilinmiyor", "belirtilmedi"}
"""Words for null."""
_CURRENCIES = {"tl": "TRY", "₺": "TRY", "lira": "TRY", "türk lirası": "TRY", "$": "USD", "€": "EUR", "£": "GBP"}
_AMOUNT = re.compile(r"(?P<amount>[\d.,]*\d)\s*(?P<currency>[^\d\s.,][^\d.,]*)?")
_GROUPED = re.compile(r"\d{1,3}([.,]\d{3})+")
_DECODER = json.JSONDecoder()


def json_object(text: str) -> str:
    """Return the one JSON object of a text: without a fence, a byte-order mark, or what it says before and after.

    Raises:
        ValueError: There is none, it is not whole, or there are several that differ.
    """
    found: list[tuple[Any, str]] = []
    start = text.find("{")
    while start >= 0:
        try:
            value, end = _DECODER.raw_decode(text, start)
        except RecursionError:
            raise ValueError("objects in objects without end") from None
        found.append((value, text[start:end]))
        start = text.find("{", end)
    if not found or any(value != found[0][0] for value, _ in found):
        raise ValueError("not one JSON object")
    return found[0][1]


def meant(value: Any) -> Any:
    """Return a value without the space around it, and null for a word that says null."""
    if not isinstance(value, str):
        return value
    return None if value.strip().lower() in _NOTHING else value.strip()


class _Extra(BaseModel):
    @field_validator("*", mode="wrap")
    @classmethod
    def _known_or_null(cls, value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        """Keep each field that can be read, whatever the others say."""
        try:
            return handler(meant(value))
        except ValidationError:
            return None


class LenientSentiment(Sentiment, _Extra):
    """A sentiment of which each half stands alone."""

    @field_validator("*", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value


class LenientInsights(Insights, _Extra):
    """Insights of which every field stands alone."""

    callback_at: datetime | None = None
    """As the caller means it: local time."""

    @field_validator("urgency", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("price_currency", mode="before")
    @classmethod
    def _code(cls, value: Any) -> Any:
        return _currency(value) if isinstance(value, str) else value

    @model_validator(mode="before")
    @classmethod
    def _price_with_currency(cls, values: Any) -> Any:
        """Read ``450 TL`` as a price and its currency."""
        price = values.get("price_quoted") if isinstance(values, dict) else None
        if not isinstance(price, str) or not (found := _AMOUNT.fullmatch(price.strip())):
            return values
        currency = meant(values.get("price_currency")) or found["currency"]
        return values | {"price_quoted": number(found["amount"]), "price_currency": currency}


class Extras(_Extra):
    """What an answer says beside the decision."""

    sentiment: LenientSentiment | None = None
    insights: LenientInsights | None = None
    answers: dict[str, Any] | None = None


def _currency(said: str) -> str:
    word = said.strip().lower()
    return _CURRENCIES.get(word, word.upper())


def number(said: str) -> float | None:
    """Read digits with marks for thousands or decimals, as Turkish or English writes it; null if it may be both."""
    if said.isdecimal():
        return float(said)
    marks = [mark for mark in said if mark in ".,"]
    if len(set(marks)) == 1:
        is_grouped = bool(_GROUPED.fullmatch(said))
        if is_grouped or len(marks) == 1:
            return float(said.replace(marks[0], "" if is_grouped else "."))
        return None
    whole, fraction = said.rsplit(marks[-1], 1)
    if marks.count(marks[-1]) > 1 or not _GROUPED.fullmatch(whole):
        return None
    return float(f"{whole.replace(marks[0], '')}.{fraction}")
