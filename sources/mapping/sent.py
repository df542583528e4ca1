"""What a PBX sent: the request's body, query and headers as one document for expressions. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from sources.observation import Refused

FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 1000

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Sent:
    """One request."""

    body: Any = None
    """JSON as it was sent, or a form by name; None: there was no body."""
    form: Pairs = ()
    """The form's fields in their order; empty where the body is no form."""
    raw: bytes = b""
    """The body, to the byte."""
    query: Pairs = ()
    """The parameters behind the ``?``, in their order."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By name in lower case."""

    @classmethod
    def read(cls, raw: bytes, content_type: str, query: str, headers: Mapping[str, str]) -> "Sent":
        """Read a request.

        Raises:
            Refused: unreadable: the body is not what its content type says, or of a type that nobody here reads.
        """
        kind = content_type.partition(";")[0].strip().lower()
        about: dict[str, Any] = {"raw": raw, "query": _pairs(query), "headers": headers}
        if not raw:
            return cls(**about)
        if kind == FORM:
            form = _pairs(_text(raw))
            return cls(body=_by_name(form), form=form, **about)
        if kind == "application/json" or kind.endswith("+json"):
            return cls(body=_json(raw), **about)
        raise Refused("unreadable", "the body is neither JSON nor a form", f"Send application/json or {FORM}")

    def document(self) -> dict[str, Any]:
        """Return what expressions are asked of: ``body``, ``query`` and ``headers``."""
        return {"body": self.body, "query": _by_name(self.query), "headers": dict(self.headers)}


def _pairs(text: str) -> Pairs:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Refused("unreadable", f"it has more than {_MOST_FIELDS} fields", "Send what a call needs") from None


def _by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return fields by name; one that comes several times is a list."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise Refused("unreadable", "the body is no UTF-8", "Send UTF-8") from None


def _json(raw: bytes) -> Any:
    try:
        return json.loads(_text(raw))
    except (ValueError, RecursionError):
        raise Refused("unreadable", "the body is no JSON", "Send JSON, or name the form's content type") from None
