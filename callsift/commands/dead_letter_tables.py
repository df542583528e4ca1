"""How ``callsift dlq`` shows dead letters."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import JsonValue

from callsift.commands.output import harmless, print_json, print_table, results
from schemas import DeadLetter

if TYPE_CHECKING:
    from streams.dead_letters import DeadLetterSummary


def print_letters(listed: "Sequence[DeadLetterSummary]", as_json: bool) -> None:
    """Write dead letters as a table, or as JSON, one a line."""
    if as_json:
        for letter in listed:
            print_json(letter.as_json(), indent=None)
        return
    # On a terminal the beginning of an identifier: `show` and `replay` take it, and the table stays readable.
    length = 8 if results.is_terminal else None
    rows = [
        [
            letter.id[:length],
            _time(letter.gave_up_at),
            letter.stage,
            letter.error_type,
            letter.call_id or "",
            letter.message,
            letter.cure,
            _time(letter.replayed_at),
        ]
        for letter in listed
    ]
    columns = ["id", "given up", "stage", "error", "call", "message", "cure", "replayed"]
    print_table("Dead letters", columns, [[harmless(cell) for cell in row] for row in rows])


def print_letter(letter: DeadLetter, replayed_at: datetime | None) -> None:
    """Write everything about a dead letter, and the original message after it."""
    rows = [
        ["id", letter.event_id],
        ["call", letter.call_id or "unknown"],
        ["stage", letter.stage],
        ["error", f"{letter.error_type}, {'permanent' if letter.permanent else 'not permanent'}"],
        ["message", letter.message],
        ["cure", letter.cure],
        ["tries", str(letter.attempts)],
        ["first tried", _time(letter.first_tried_at)],
        ["given up", _time(letter.gave_up_at)],
        ["replayed", _time(replayed_at) or "no"],
        ["trace", letter.trace_id],
        ["passed", ", ".join(f"{hop.stage} {hop.seconds:.1f} s" for hop in letter.hops) or "nothing"],
        ["position", f"{letter.topic}/{letter.partition}/{letter.offset}"],
        ["key", "none" if letter.key is None else letter.key.decode(errors="backslashreplace")],
        *([f"header {name}", (value or b"").decode(errors="backslashreplace")] for name, value in letter.headers),
        ["original", "none" if letter.value is None else f"{len(letter.value)} bytes"],
    ]
    print_table("Dead letter", ["what", "value"], [[harmless(cell) for cell in row] for row in rows])
    original = original_as_json(letter)
    if original is not None:
        results.out(harmless(json.dumps(original, ensure_ascii=False, indent=2), keep="\n"), highlight=False)
    elif letter.value is not None:
        results.out(harmless(letter.value.decode(errors="backslashreplace"), keep="\n"), highlight=False)


def original_as_json(letter: DeadLetter) -> JsonValue:
    """Return the original message, or None where it is no JSON."""
    try:
        found: JsonValue = json.loads(letter.value or b"")
    except (ValueError, RecursionError):
        return None
    return found


def _time(instant: datetime | None) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ") if instant else ""
