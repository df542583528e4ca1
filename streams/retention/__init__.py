"""What is too old to be kept, and still may not go because an event needs it: payloads and dead letters."""

from streams.retention.calls import Waiting, recordings_of, waiting_of
from streams.retention.copies import sweep_copies
from streams.retention.dead_letters import find_old_letters, find_old_marks, remove_letters, remove_marks
from streams.retention.needed import Needed
from streams.retention.payloads import Swept, cut_off, sweep

__all__ = [
    "Needed",
    "Swept",
    "Waiting",
    "cut_off",
    "find_old_letters",
    "find_old_marks",
    "recordings_of",
    "remove_letters",
    "remove_marks",
    "sweep",
    "sweep_copies",
    "waiting_of",
]
