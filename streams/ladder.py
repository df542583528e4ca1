"""What becomes of a message that its stage gives up: the next retry topic, or the dead letters."""

import logging
from datetime import UTC, datetime
from typing import NamedTuple

from streams.catalogue import DEAD_LETTER, RETRIES
from streams.errors import PermanentError
from streams.letters import GivenUp, dead_letter
from streams.message import Message
from streams.publisher import Publisher

logger = logging.getLogger(__name__)


class Ending(NamedTuple):
    """How a message ended."""

    result: str
    """done, retry, dead_letter or left: the metric's label."""
    error_type: str | None = None
    """Class of the error that it was given up for; None: done."""


class Ladder:
    """Sends one stage's messages a step up the ladder."""

    def __init__(self, stage: str, publisher: Publisher) -> None:
        """Give up in the name of ``stage``."""
        self._stage = stage
        self._publisher = publisher

    async def give_up(self, message: Message, given_up: GivenUp) -> Ending:
        """Publish a message on the next step, and wait for the confirmation."""
        error = given_up.error
        if message.topic is DEAD_LETTER:
            # It is kept where it is; a dead letter about a dead letter would never end.
            logger.error("dead letter left where it is", extra={"error": error.message})
            return Ending("left", given_up.error_type)
        if await self._tried_again(message, given_up):
            return Ending("retry", given_up.error_type)
        await self._buried(message, given_up)
        return Ending("dead_letter", given_up.error_type)

    async def _tried_again(self, message: Message, given_up: GivenUp) -> bool:
        error, tries = given_up.error, given_up.tries
        worth_making = getattr(error, "attempts_worth_making", None)
        worth_another = worth_making is None or tries.made < worth_making
        if given_up.permanent or not worth_another or tries.retries >= len(RETRIES):
            return False
        topic = RETRIES[tries.retries]
        logger.warning("tried again later", extra={"topic": topic.name, "error": error.message})
        try:
            await self._publisher.message(topic, message.key, message.value, tries.headers(message))
        except PermanentError as refusal:  # the headers made it too large: there is no later for it
            logger.warning("retry topic refuses it", extra={"topic": topic.name, "error": refusal.message})
            return False
        return True

    async def _buried(self, message: Message, given_up: GivenUp) -> None:
        error = given_up.error
        letter = dead_letter(self._stage, message, given_up, datetime.now(UTC))
        fields = {"call_id": letter.call_id, "error_type": letter.error_type}
        logger.error("gave up, dead letter", extra=fields | {"error": error.message, "cure": error.cure})
        try:
            await self._publisher.event(DEAD_LETTER, letter)
        except PermanentError:  # too large even for that: the position says where the original is
            cure = f"{letter.cure}. The original is too large to keep; it stays at {message.position} for a while"
            bare = letter.model_copy(update={"value": None, "headers": (), "cure": cure})
            await self._publisher.event(DEAD_LETTER, bare)
