"""A rule that fails: what it might have found is withheld, so that nothing leaks and the call goes on."""

import logging
import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ParamSpec

from agents.transcribe.redaction.spans import Said, Span

logger = logging.getLogger(__name__)

WITHHELD = "[withheld]"
"""What stands for a turn that is replaced whole."""

Found = tuple[Span, ...]
P = ParamSpec("P")
Places = Callable[[Sequence[Said], Sequence[Sequence[Any]]], Iterable[int]]
"""Gives the positions of all turns in which a rule may find something, by signs that are much simpler than the rule.

The tokens are the language's own.
"""


class Careful:
    """Applies the rules to one conversation. One that raises clears nothing: its turns are withheld."""

    def __init__(self, turns: Sequence[Said], heard: Sequence[Sequence[Any]]) -> None:
        """Apply them to ``turns``, whose tokens are ``heard``."""
        self._turns = turns
        self._heard = heard
        self.withheld: set[int] = set()
        """Positions of the turns to replace whole."""

    def spans(self, places: Places, rule: Callable[P, Iterable[Span]], *given: P.args, **named: P.kwargs) -> Found:
        """Return what a rule finds; where it raises nothing, and the turns that ``places`` names are withheld."""
        try:
            return tuple(rule(*given, **named))
        except Exception as error:  # noqa: BLE001 - whatever it is, the call goes on
            report(error)
            self.withheld.update(places(self._turns, self._heard))
            return ()


def report(error: Exception) -> None:
    """Log that the redaction failed: type and stack, without the text, which may quote what was said."""
    stack = "".join(traceback.format_tb(error.__traceback__))
    logger.error("redaction failed, turns are withheld", extra={"error_type": type(error).__name__, "stack": stack})
