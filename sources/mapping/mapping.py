"""A mapping: which of what a PBX sends is a call that is over, and where in it the call's fields are. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from schemas import CallEnded
from sources.fields import ZoneName
from sources.mapping.functions import MappingFunctions, Unmappable
from sources.mapping.sent import Sent
from sources.observation import Refused
from streams.errors import SettingsError, broken_rules

_PRESETS = Path(__file__).with_name("presets")
PRESETS = tuple(sorted(path.stem for path in _PRESETS.glob("*.yaml")))
"""The mappings that are shipped, by name."""
_ADDRESSES = {"uri", "customer", "agent"}
_KEPT = {"recording"}
"""What is said also where it is null: there is no recording."""


class MappingFile(BaseModel):
    """A mapping as its file has it. Every value of ``takes``, ``body`` and ``call`` is a JMESPath expression."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    about: str
    """What sends this, for people."""
    takes: str = "`true`"
    """True of what is a call that is over; all else is ignored."""
    body: str = "body"
    """Where in the request the document is that the other expressions call body."""
    signature: Literal["twilio"] | None = None
    """How the sender signs; null: it does not."""
    time_zone: ZoneName | None = None
    """Time zone of moments without an offset; null: as the settings say."""
    call: dict[str, Any]
    """The fields of a call-ended event, as an expression each, or as objects of expressions."""

    @field_validator("call")
    @classmethod
    def _has_known_fields(cls, call: dict[str, Any]) -> dict[str, Any]:
        for needed in ("call_id", "ended_at", "recording"):
            if needed not in call:
                raise ValueError(f"call has to say {needed}; `null` for a recording says that there is none")
        if unknown := call.keys() - CallEnded.model_fields.keys():
            raise ValueError(f"a call has no {', '.join(sorted(unknown))}; put it into metadata")
        return call


@dataclass(frozen=True)
class Mapping:
    """A mapping that is ready: its expressions are compiled."""

    file: MappingFile
    _takes: Callable[..., Any]
    _body: Callable[..., Any]
    _call: dict[str, Any]

    @classmethod
    def of(cls, file: MappingFile) -> "Mapping":
        """Compile a file's expressions.

        Raises:
            ValueError: One is no JMESPath; the message names the field.
        """
        return cls(file, _compiled("takes", file.takes), _compiled("body", file.body), _compiled_all("call", file.call))

    def content(self, sent: Sent, zone: ZoneInfo | None = None, recordings: str | None = None) -> dict[str, Any] | None:
        """Return the fields of the call that a request is about; None: it is about no call that is over.

        Args:
            sent: The request.
            zone: Time zone of moments without an offset, where the mapping does not say.
            recordings: Where the addresses of recordings begin that the PBX names by their files alone.

        Raises:
            Refused: invalid: a value is not what its expression expects; the message names the field.
        """
        named = self.file.time_zone
        options = jmespath.Options(custom_functions=MappingFunctions(ZoneInfo(named) if named else zone, recordings))
        document = sent.document()
        document["body"] = _found("body", self._body, document, options)
        if not _found("takes", self._takes, document, options):
            return None
        found = {name: _value(name, one, document, options) for name, one in self._call.items()}
        if isinstance(found["recording"], dict) and not _ADDRESSES & found["recording"].keys():
            found["recording"] = None  # what is known of a recording that is nowhere
        return {name: value for name, value in found.items() if value is not None or name in _KEPT}


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file.

    Raises:
        SettingsError: There is none, or it is no mapping; the message names the field.
    """
    try:
        return _read(path)
    except OSError as error:
        raise SettingsError(f"cannot read the mapping {path}: {error.strerror}", "Name a file that exists") from None


@cache
def preset(name: str) -> Mapping:
    """Return a mapping that is shipped.

    Raises:
        SettingsError: There is none of this name.
    """
    if name not in PRESETS:
        raise SettingsError(f"there is no preset {name!r}", f"Presets are {', '.join(PRESETS)}")
    return _read(_PRESETS / f"{name}.yaml")


def expression(name: str, text: str) -> Callable[[Any], Any]:
    """Return what asks a document an expression that stands outside of a mapping; it raises ``Refused``.

    Raises:
        ValueError: It is no JMESPath; the message begins with ``name``.
    """
    search, options = _compiled(name, text), jmespath.Options(custom_functions=MappingFunctions(None, None))
    return lambda document: _found(name, search, document, options)


def _read(path: Path) -> Mapping:
    import yaml  # noqa: PLC0415 - 3 MB, which nobody without a mapping needs

    try:
        return Mapping.of(MappingFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))))
    except ValidationError as error:
        raise SettingsError(f"{path.name} is no mapping: {broken_rules(error)}", "docs/sources.md shows one") from None
    except (yaml.YAMLError, ValueError) as error:
        raise SettingsError(f"{path.name} is no mapping: {error}", "docs/sources.md shows one") from None


def _compiled(name: str, expression: object) -> Any:
    if not isinstance(expression, str):
        raise ValueError(f'{name}: expected an expression in quotes; a constant is written as `"text"`')
    try:
        found = jmespath.compile(expression)
    except JMESPathError as error:
        raise ValueError(f"{name} is no JMESPath: {error}") from None
    if unknown := _functions(found.parsed) - MappingFunctions.FUNCTION_TABLE.keys():
        raise ValueError(f"{name}: there is no function {', '.join(sorted(unknown))}")
    return found.search


def _functions(node: Any) -> set[str]:
    """Return the functions that a parsed expression calls."""
    own = {str(node["value"])} if node["type"] == "function_expression" else set()
    return own.union(*(_functions(one) for one in node.get("children", ()) if isinstance(one, dict)))


def _compiled_all(name: str, entries: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _compiled_all(f"{name}.{key}", one) if isinstance(one, dict) else _compiled(f"{name}.{key}", one)
        for key, one in entries.items()
    }


def _value(name: str, expression: Any, document: dict[str, Any], options: jmespath.Options) -> Any:
    """Return what an expression finds; an object of which nothing is found is null."""
    if not isinstance(expression, dict):
        return _found(name, expression, document, options)
    found = {key: _value(f"{name}.{key}", one, document, options) for key, one in expression.items()}
    return {key: value for key, value in found.items() if value is not None} or None


def _found(name: str, search: Callable[..., Any], document: dict[str, Any], options: jmespath.Options) -> Any:
    try:
        return search(document, options)
    except Unmappable as error:
        raise Refused("invalid", f"{name}: {error}", "Correct the mapping, or what is sent") from None
    except (
        JMESPathError,
        ValueError,
        TypeError,
        KeyError,
        OverflowError,
        RecursionError,
    ) as error:  # whose texts quote values
        raise Refused(
            "invalid", f"{name}: {type(error).__name__} in its expression", "Correct the mapping, or what is sent"
        ) from None
