"""What is posted: thin, so that whoever needs more asks the API for it. Pure."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from schemas import CallOutcome
from streams.cloud_events import TYPES

KINDS = {state: kind.removeprefix("io.callsift.").removesuffix(".v1") for state, kind in TYPES.items()}
"""Types of webhooks, such as call.classified: by the state of an outcome, and of a call that is gone."""
FORGOTTEN = KINDS["forgotten"]
_THIN = (
    *("call_id", "outcome_id", "revision", "state", "category", "sub_category", "confidence", "source", "provisional"),
    *("disposition", "queue", "ended_at"),
)
"""Fields of the outcome that everybody gets."""


def of_outcome(outcome: CallOutcome, api: str, turns: Sequence[Any] | None) -> bytes:
    """Return the body about an outcome; the same on every try.

    Args:
        outcome: What it is about.
        api: Where the API is reached from outside; empty: the link is relative to it.
        turns: The transcript, as the store has it; None: it is left out.
    """
    known = outcome.model_dump(mode="json", include=set(_THIN))
    data = {name: known[name] for name in _THIN} | {"link": link(api, outcome.call_id)}
    if turns is not None:
        data["transcript"] = list(turns)
    return _body(KINDS[outcome.state], outcome.decided_at, data)


def of_forgotten(call_id: str, at: datetime) -> bytes:
    """Return the body that says that a call is gone: remove what you keep of it."""
    return _body(FORGOTTEN, at, {"call_id": call_id})


def link(api: str, call_id: str) -> str:
    """Return where a call is asked for."""
    return f"{api.rstrip('/')}/v1/calls/{quote(call_id, safe='')}"


def _body(kind: str, at: datetime, data: dict[str, Any]) -> bytes:
    timestamp = at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return json.dumps({"type": kind, "timestamp": timestamp, "data": data}, ensure_ascii=False).encode()
