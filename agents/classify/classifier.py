"""The interfaces that every classifier, and every way to ask a hosted model, fits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from agents.classify.core import Answer, Source
from agents.classify.prompt import Prompt
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


@dataclass(frozen=True)
class Reply:
    """What a hosted model's service replied."""

    text: str | None
    """What the model said; None: nothing."""
    stopped: str | None = None
    """Why it stopped, in the service's words, if not because it was done."""
    prompt_tokens: int | None = None
    """Tokens that were sent, as the service counts them."""
    answer_tokens: int | None = None
    """Tokens that the model made, its thoughts included."""


class HostedModel(Protocol):
    """One way to ask a hosted model: an SDK, whose exceptions end here."""

    classifier: str
    """What events call it."""

    async def ask(self, prompt: Prompt, /) -> Reply:
        """Send one request, once.

        Raises:
            PermanentError: The service refuses this request.
            TransientError: The service did not answer as it should.
        """
