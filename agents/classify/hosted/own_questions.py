"""The taxonomy's own questions to a hosted model: how they are asked, and what its answers are worth."""

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pydantic import TypeAdapter, ValidationError

from agents.classify.core import Told
from agents.classify.hosted.leniency import meant, number
from agents.classify.hosted.transcript_block import sanitised
from schemas import Question, Taxonomy
from store.folding import fold

_POSITION = TypeAdapter(int)
_TEXT_CHARS = 200
_WORD = re.compile(r"\w+")
_DIGITS = re.compile(r"[\d.,]*\d")
_YES, _NO = {"true", "yes", "evet"}, {"false", "no", "hayir"}
_TYPES = {"yes_no": "boolean", "choice": "string", "number": "number", "text": "string"}
_HEAD = """
- answers: the company's own questions about the call, by code. Each is null where nobody says it in the call; never
  guess one. Otherwise it has a value, the number of the turn that says it, and as quote words of that turn, exactly as
  they stand there, at most twelve."""


def questions_block(taxonomy: Taxonomy) -> str:
    """Return what the prompt says of the questions; empty where there are none."""
    lines = [f"  - {one.code}: {' '.join(one.title().split())} {_expected(one)}" for one in taxonomy.questions]
    return "\n".join([_HEAD, *lines]) if lines else ""


def questions_schema(taxonomy: Taxonomy) -> dict[str, Any]:
    """Return the JSON schema of each answer, by code."""
    return {one.code: _schema(one) for one in taxonomy.questions}


def told(said: Mapping[str, Any], taxonomy: Taxonomy, shown: Mapping[int, str]) -> dict[str, Told] | None:
    """Read what a model says to the questions, each by itself; None where the taxonomy has none.

    What cannot be read is left out: a value of another kind, an option that does not exist, and whatever is not borne
    out by a turn that was ``shown`` (its text by position) and has the words that are quoted.
    """
    if not taxonomy.questions:
        return None
    found = {one.code: _told(one, said.get(one.code), shown) for one in taxonomy.questions}
    return {code: answer for code, answer in found.items() if answer is not None}


def _expected(question: Question) -> str:
    match question.kind:
        case "yes_no":
            value = "true or false"
        case "choice":
            value = "one of " + ", ".join(f"{option.code} ({option.title()})" for option in question.options)
        case "number":
            value = "a number" + (f" of {question.unit}" if question.unit else "")
        case "text":
            value = "a few words, in the language of the call"
    only = f"; only for calls of {', '.join(question.categories)}, otherwise null" if question.categories else ""
    return f"({value}{only})"


def _schema(question: Question) -> dict[str, Any]:
    value: dict[str, Any] = {"type": _TYPES[question.kind]}
    if question.options:
        value["enum"] = [option.code for option in question.options]
    properties = {"value": value, "turn": {"type": "integer"}, "quote": {"type": "string"}}
    return {"type": "object", "nullable": True, "properties": properties, "required": list(properties)}


def _told(question: Question, said: Any, shown: Mapping[int, str]) -> Told | None:
    if not isinstance(said, dict):
        return None
    stated = said.get("value")  # an option may have a word for null as its code
    value = _value(question, stated if question.kind == "choice" else meant(stated))
    turn = _position(said.get("turn"))
    if value is None or turn is None or not _stands(said.get("quote"), shown.get(turn, "")):
        return None
    return Told(value, turn)


def _value(question: Question, said: Any) -> bool | float | str | None:
    match question.kind:
        case "yes_no":
            return _yes_or_no(said)
        case "number":
            return _number(said)
        case "choice":
            return _option(question, said) if isinstance(said, str) else None
        case "text":
            return sanitised(said, _TEXT_CHARS) or None if isinstance(said, str) else None


def _yes_or_no(said: Any) -> bool | None:
    if isinstance(said, bool):
        return said
    word = fold(said) if isinstance(said, str) else ""
    return True if word in _YES else False if word in _NO else None


def _number(said: Any) -> float | None:
    if isinstance(said, str):
        said = number(said) if _DIGITS.fullmatch(said) else None
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    with suppress(OverflowError):  # an integer of more than 308 digits
        return float(said) if math.isfinite(said) else None
    return None


def _option(question: Question, said: str) -> str | None:
    """Return the code of an option that is named by its code or by one of its names."""
    for option in question.options:
        if fold(said.strip()) in {fold(name) for name in (option.code, *option.name.values())}:
            return option.code
    return None


def _position(said: Any) -> int | None:
    with suppress(ValidationError):
        return _POSITION.validate_python(said)
    return None


def _stands(quote: Any, text: str) -> bool:
    """Tell whether the words of a quote stand in a text, one after the other, whatever their case and marks."""
    words = _words(quote) if isinstance(quote, str) else ""
    return bool(words) and f" {words} " in f" {_words(text)} "


def _words(text: str) -> str:
    return " ".join(_WORD.findall(fold(text)))
