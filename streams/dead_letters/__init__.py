"""Dead letters after they were written.

A stage that gives a message up publishes a ``schemas.DeadLetter`` on calls.dead-letter: the original bytes, what went
wrong, and the cure. Here they are listed and told apart (``listing``), and their messages are put back (``replay``).
"""

from streams.dead_letters.listing import (
    DeadLetterFilter,
    DeadLetterSummary,
    read_letters,
    read_replays,
    resolve,
    when_replayed,
)
from streams.dead_letters.pages import LetterPage, letters_before
from streams.dead_letters.replay import mark_replayed, replay

__all__ = [
    "DeadLetterFilter",
    "DeadLetterSummary",
    "LetterPage",
    "letters_before",
    "mark_replayed",
    "read_letters",
    "read_replays",
    "replay",
    "resolve",
    "when_replayed",
]
