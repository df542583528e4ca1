"""A table that names old calls: JSON lines, CSV with fields of the event as columns, or a PBX's call records."""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sources.archive.old_call import OldCall, of_content
from sources.asterisk import cdr
from sources.observation import Refused
from streams.errors import CallsiftError

_NUMBERS = {"channels", "menu_s", "queue_s", "ringing_s", "hold_s", "offset_s", "sample_rate_hz"}
"""Columns, or what they lie in, that hold numbers: in CSV all is text."""


class Table:
    """The rows of a file, in its order."""

    def __init__(
        self, path: Path, zone: ZoneInfo, recordings: str | None, prefix: str, trunks: Sequence[str] = ()
    ) -> None:
        """Count the rows.

        Args:
            path: The file; ``.jsonl`` or ``.ndjson`` are JSON lines, everything else is CSV.
            zone: Whose local time a PBX's call records have.
            recordings: The folder of the recordings that a PBX's call records name, as reconcile has it.
            prefix: Put before every call's identifier.
            trunks: How channels to the outside begin in a PBX's call records, as reconcile has it.

        Raises:
            CallsiftError: It cannot be read, or is another table.
        """
        self._path, self._prefix = path, prefix
        self._zone, self._recordings, self._trunks = zone, recordings, trunks
        self._count = sum(1 for _ in self._rows())

    def __len__(self) -> int:
        """Return how many calls there are."""
        return self._count

    def __iter__(self) -> Iterator[OldCall]:
        """Yield the calls."""
        yield from self._rows()

    def _rows(self) -> Iterator[OldCall]:
        try:
            with self._path.open(encoding="utf-8-sig", newline="") as file:
                if self._path.suffix.lower() in {".jsonl", ".ndjson"}:
                    for number, line in enumerate(file, start=1):
                        if line.strip():
                            yield self._old_call(f"line {number}", _parsed(line))
                    return
                header = next(csv.reader([file.readline()]), [])
                file.seek(0)
                if "call_id" in header:
                    for number, row in enumerate(csv.DictReader(file), start=1):
                        yield self._old_call(f"row {number}", _nested(row))
                else:
                    yield from self._records(cdr.calls(file, self._zone))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise CallsiftError(f"cannot read {self._path}: {why}", "Name a table in UTF-8 that exists") from error

    def _records(self, calls: "list[cdr.CdrCall]") -> Iterator[OldCall]:
        if self._recordings is None:
            raise CallsiftError(
                f"{self._path} is a PBX's call records, or has no column call_id",
                "Give --recordings, the folder's address, or name the columns as the event's fields",
            )
        for number, call in enumerate(calls, start=1):
            if call.is_internal(self._trunks):
                continue
            found = of_content(f"call {number}", call.content(self._prefix, self._recordings, self._trunks))
            yield found._replace(ids=call.ids(self._prefix))

    def _old_call(self, place: str, told: object) -> OldCall:
        if not isinstance(told, dict):
            return OldCall(place, Refused("unreadable", "it is no JSON object", "Write one call a line"))
        if self._prefix and isinstance(told.get("call_id"), str):
            told["call_id"] = self._prefix + told["call_id"]
        return of_content(place, told)


def _parsed(line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _nested(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as JSON has it: ``recording.uri`` lies in recording; what is empty is not known."""
    told: dict[str, Any] = {}
    for column, text in row.items():
        if not column or not isinstance(text, str) or not text.strip():
            continue
        *outer, name = column.strip().split(".")
        inside = told
        for part in outer:
            inside = inside.setdefault(part, {}) if isinstance(inside.get(part, {}), dict) else {}
        inside[name] = _number(text) if _NUMBERS & {*outer, name} and outer[:1] != ["metadata"] else text.strip()
    if "recording" not in told:
        told["recording"] = None
    return told


def _number(text: str) -> float | str:
    try:
        return int(text) if text.strip().isdigit() else float(text)
    except ValueError:  # the event's own rule says what is wrong
        return text
