"""What comes from outside, in the form that everything behind expects: text, moments, and fields unknown here."""

import math
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, JsonValue, TypeAdapter, ValidationError

_LARGEST = 2**63 - 1
"""The largest integer that MongoDB and most languages hold."""
_DEEPEST = 80
"""Levels; MongoDB takes 100, of which a document has some around what a producer sent."""
_SHOWN = 50
_NUL, _VISIBLE_NUL = "\0", "\u2400"
_DOTTED_I = "i\u0307"
"""What many languages make of ``İ`` in lower case; Unicode has no single letter for it."""
_ANY_FORM: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)
_A_DAY = timedelta(days=1)


def composed(text: str) -> str:
    """Return a text in which each letter is one character (Unicode's NFC): rules meet ``ş``, and not ``s`` with a tail.

    File systems of macOS, some recognisers and many libraries send letters in pieces.
    """
    return unicodedata.normalize("NFC", text).replace(_DOTTED_I, "i")


Text = Annotated[str, AfterValidator(composed)]
"""What somebody said or is called, with whole letters."""


def holdable_fields(fields: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return JSON that every store, language and topic holds: it says the same in another form where it has to.

    An integer beyond 64 bits becomes its digits as text, NUL in a name ``␀`` (U+2400), and what is no number null.

    Raises:
        ValueError: It is nested deeper than 80 levels.
    """
    held = {}
    for name, value in fields.items():
        try:
            held[_held_name(name)] = _holdable(value, _DEEPEST)
        except ValueError as error:
            raise ValueError(f"{name[:_SHOWN]} {error}") from None
    return held


def _holdable(value: JsonValue, levels: int) -> JsonValue:
    if isinstance(value, int) and not -_LARGEST - 1 <= value <= _LARGEST:
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):  # Python's JSON writes them, and nobody else reads it
        return None
    if not isinstance(value, dict | list):
        return value
    if not levels:
        raise ValueError(f"is nested deeper than {_DEEPEST} levels; send it flatter")
    if isinstance(value, list):
        return [_holdable(one, levels - 1) for one in value]
    return {_held_name(name): _holdable(one, levels - 1) for name, one in value.items()}


def _held_name(name: str) -> str:
    return name.replace(_NUL, _VISIBLE_NUL)


def _moment(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return value  # for pydantic to judge
    try:
        return _ANY_FORM.validate_python(value)
    except ValidationError:
        raise ValueError(
            "expected RFC 3339 with an offset (2026-11-28T10:00:00+03:00), or seconds or milliseconds since 1970"
        ) from None


def _of_some_calendar(moment: datetime) -> datetime:
    try:
        utc = moment.astimezone(UTC)
        utc - _A_DAY, utc + _A_DAY
    except OverflowError:  # the year 1: some library's way to say nothing
        raise ValueError("out of range: no local time everywhere; leave out what is not known") from None
    return moment


Moment = Annotated[AwareDatetime, BeforeValidator(_moment), AfterValidator(_of_some_calendar)]
"""A moment: RFC 3339 with an offset, or seconds or milliseconds since 1970 as a number or in quotes."""
