"""What is too old to be kept, and still may not go because an event needs it: payloads and dead letters."""

from streams.retention.calls import Waiting, recordings_of, waiting_of
from streams.retention.dead_letters import find_old_letters, remove_letters, remove_marks
from streams.retention.payloads import cut_off, find_old_payloads, remove_payloads

__all__ = [
    "Waiting",
    "cut_off",
    "find_old_letters",
    "find_old_payloads",
    "recordings_of",
    "remove_letters",
    "remove_marks",
    "remove_payloads",
    "waiting_of",
]
