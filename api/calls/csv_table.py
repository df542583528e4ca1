"""A call as a row of a table: CSV by RFC 4180. Pure."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

from schemas import CallOutcome, Insights, Sentiment, Speaker

CSV = "text/csv"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


_ITSELF = (
    *("call_id", "state", "revision", "ended_at", "started_at", "direction", "caller", "agent_id", "queue"),
    *("category", "sub_category", "confidence", "best_guess", "provisional", "classifier", "language"),
    *("summary", "justification", "decided_at"),
)


def _part(*path: str) -> Callable[[CallOutcome], Any]:
    """Return what finds a part of an outcome; None where there is nothing on the way."""

    def found(outcome: CallOutcome) -> Any:
        part: Any = outcome
        for name in path:
            part = part.get(name) if isinstance(part, dict) else getattr(part, name, None)
        return part

    return found


def _metadata(outcome: CallOutcome) -> str | None:
    return json.dumps(outcome.metadata, ensure_ascii=False) if outcome.metadata else None


def _answers(outcome: CallOutcome) -> str | None:
    values = {code: answer.value for code, answer in (outcome.answers or {}).items()}
    return json.dumps(values, ensure_ascii=False) if values else None


_COLUMNS: dict[str, Callable[[CallOutcome], Any]] = {
    **{name: _part(name) for name in _ITSELF},
    "duration_s": _part("recording_facts", "duration_s"),
    "silence_s": _part("figures", "silence_s"),
    **{f"{speaker.value}_talk_s": _part("figures", "speakers", speaker, "talk_s") for speaker in Speaker},
    **{f"sentiment_{name}": _part("sentiment", name) for name in Sentiment.model_fields},
    **{name: _part("insights", name) for name in Insights.model_fields},
    "cost": _part("usage", "cost"),
    "currency": _part("usage", "currency"),
    **{f"failure_{name}": _part("failure", name) for name in ("stage", "error_type", "message", "cure")},
    "metadata": _metadata,
    **{name: _part(name) for name in ("disposition", "menu_s", "queue_s", "ringing_s", "hold_s")},
    "answers": _answers,
}


def header() -> str:
    """Return the first line, the names of the columns."""
    return _line(list(_COLUMNS))


def row(outcome: CallOutcome) -> str:
    """Return the line of a call."""
    return _line([_cell(value(outcome)) for value in _COLUMNS.values()])


def _cell(value: Any) -> str:
    """Return a value as the table has it; no text is one that a spreadsheet computes."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    text = value if isinstance(value, str) else value.isoformat()
    return "'" + text if text.startswith(_FORMULA) else text


def _line(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()
