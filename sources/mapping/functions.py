"""What expressions of a mapping can do besides JMESPath's own functions. Pure."""

import hashlib
import json
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from jmespath import functions

from sources.moments import later, moment

_NOTHING = {"", "<unknown>", "unknown", "anonymous", "null"}
"""What PBXs write where they know nothing."""
_ANY: Any = {"types": []}
_TEXT: Any = {"types": ["string"]}
_OBJECT: Any = {"types": ["object"]}
_LIST: Any = {"types": ["array"]}


class Unmappable(Exception):
    """A value is not what its expression expects; the text names no value."""


class MappingFunctions(functions.Functions):
    """JMESPath's functions, and those that PBXs need. Of null each makes null, so that what is absent stays absent."""

    def __init__(self, zone: tzinfo | None, recordings: str | None) -> None:
        """Read moments without an offset in ``zone``; ``recordings`` is where the addresses of recordings begin."""
        self._zone, self._recordings = zone, recordings

    @functions.signature(_ANY)
    def _func_text(self, value: Any) -> str | None:
        """Text without blanks around it; null where the PBX knows nothing."""
        found = "" if value is None or isinstance(value, dict | list | bool) else str(value).strip()
        return None if found.lower() in _NOTHING else found

    @functions.signature(_ANY)
    def _func_moment(self, value: Any) -> str | None:
        """A moment, as RFC 3339 has it; without an offset it is in the mapping's time zone."""
        return self._moment(value, self._zone)

    @functions.signature(_ANY, _TEXT)
    def _func_moment_in(self, value: Any, zone: str) -> str | None:
        """A moment; without an offset it is in the zone that is named."""
        return self._moment(value, ZoneInfo(zone))

    @functions.signature(_ANY, _ANY)
    def _func_later(self, at: Any, seconds: Any) -> str | None:
        """The moment some seconds later."""
        if at is None or (wait := self._func_seconds(seconds)) is None:
            return None
        try:
            began = datetime.fromisoformat(str(at))
        except ValueError:  # whose own text has the value
            raise Unmappable("later expects a moment, as moment(…) gives it") from None
        return _told(lambda: later(began, wait).isoformat())

    @functions.signature(_ANY)
    def _func_seconds(self, value: Any) -> float | None:
        """Seconds, from a number or from text such as 41, 41.5 or 00:00:41; null for what is none."""
        text = self._func_text(value)
        if text is None:
            return None
        try:
            parts = [float(part) for part in text.split(":")]
        except ValueError:
            return None
        return sum(part * 60**power for power, part in enumerate(reversed(parts))) if len(parts) <= 3 else None

    @functions.signature(_ANY)
    def _func_stored(self, name: Any) -> str | None:
        """The address of a recording that the PBX names by its file: behind the setting ``recordings``."""
        found = self._func_text(name)
        if found is None:
            return None
        if self._recordings is None:
            raise Unmappable("the PBX names a file, and nobody says where its recordings are: set recordings")
        if ".." in found.replace("\\", "/").split("/") or "\0" in found:
            raise Unmappable("the name of the recording leads out of its folder")
        return f"{self._recordings.rstrip('/')}/{found.lstrip('/')}"

    @functions.signature(_ANY)
    def _func_decoded(self, value: Any) -> Any:
        """Text in which %XX are characters again; in objects and lists every text."""
        if isinstance(value, dict):
            return {name: self._func_decoded(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self._func_decoded(one) for one in value]
        return unquote(value) if isinstance(value, str) else value

    @functions.signature(_ANY)
    def _func_parsed(self, value: Any) -> Any:
        """What a text holds as JSON."""
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            raise Unmappable("expected text that is JSON") from None

    @functions.signature(_ANY, _TEXT, _TEXT)
    def _func_pairs(self, value: Any, between: str, within: str) -> dict[str, str] | None:
        """An object of text such as ``a:1|b:2``, whose pairs and values have these marks between them."""
        if not isinstance(value, str):
            return None
        found = (one.partition(within) for one in value.split(between))
        return {name.strip(): content for name, mark, content in found if mark}

    @functions.signature(_ANY, _OBJECT)
    def _func_one_of(self, value: Any, words: dict[str, Any]) -> Any:
        """What an object has for a word, whatever the case of its letters; null where it has nothing."""
        text = self._func_text(value)
        return None if text is None else {name.lower(): one for name, one in words.items()}.get(text.lower())

    @functions.signature(_ANY)
    def _func_first_word(self, value: Any) -> str | None:
        """What stands before the first blank."""
        text = self._func_text(value)
        return text.split()[0] if text else None

    @functions.signature(_LIST)
    def _func_digest(self, values: list[Any]) -> str | None:
        """An identifier made of values that say no name and no number to whoever reads it; null if one is null."""
        if any(value is None for value in values):
            return None
        return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:32]

    def _moment(self, value: Any, zone: tzinfo | None) -> str | None:
        text = self._func_text(value)
        if text is None or text.strip("0.") == "":  # 0 stands for never
            return None
        return _told(lambda: moment(text, zone).isoformat())


def _told(make: Any) -> str:
    try:
        return str(make())
    except ValueError as error:  # of sources.moments: its texts name no value
        raise Unmappable(str(error)) from None
