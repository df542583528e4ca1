"""The interface that every way to ask a hosted model fits."""

from dataclasses import dataclass
from typing import Protocol

from agents.classify.hosted.prompt import Prompt


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
