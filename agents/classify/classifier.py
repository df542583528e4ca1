"""The interface that every classifier fits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from agents.classify.core import Answer, Source
from schemas import Turn


class Classifier(Protocol):
    """Says what a call was for."""

    @property
    def source(self) -> Source:
        """Which classifier, model and prompt answer."""

    async def classify(self, turns: Sequence[Turn], /, *, ended_at: datetime | None = None) -> Answer:
        """Answer for one transcript, in which the customer says something.

        Args:
            turns: The transcript.
            ended_at: When the call ended (with offset): what "tomorrow at two" is resolved against.

        Raises:
            PermanentError: This transcript cannot be answered.
            TransientError: The answer may come later.
        """
