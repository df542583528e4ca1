"""What becomes of a message that its stage gives up: the next retry topic, or the dead letters."""

import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from schemas import DeadLetter
from streams.decoding import decode
from streams.errors import CallsiftError, PermanentError, UnreadableEvent
from streams.message import Message, Tries
from streams.processing.dead_letter import GivenUp, bare, dead_letter
from streams.processing.policy import retry_topic
from streams.processing.publisher import Publisher
from streams.topics import DEAD_LETTER

logger = logging.getLogger(__name__)


class Ending(NamedTuple):
    """How a message ended."""

    result: str
    """done, forgotten, retry, dead_letter or set_aside: the metric's label."""
    error_type: str | None = None
    """Class of the error that it was given up for; None: done."""


class Escalation:
    """Sends one stage's messages on that it gives up."""

    def __init__(self, stage: str, publisher: Publisher) -> None:
        """Give up in the name of ``stage``."""
        self._stage = stage
        self._publisher = publisher

    async def give_up(self, message: Message, given_up: GivenUp) -> Ending:
        """Publish a message where it is tried again later, else as a dead letter, and wait for the confirmation."""
        if await self._to_retry_topic(message, given_up):
            return Ending("retry", given_up.error_type)
        return Ending(await self._to_dead_letter(message, given_up), given_up.error_type)

    async def set_aside(self, message: Message, error: CallsiftError) -> Ending:
        """Keep the position of a message that nothing else can be done with: a bug must not hold its slot for ever."""
        given_up = GivenUp(error, Tries(datetime.now(UTC)), None)
        kept = None
        if not _is_the_end(message):
            letter = dead_letter(self._stage, replace(message, headers=()), given_up, datetime.now(UTC))
            kept = await self._kept(bare(letter, message.position))
        logger.critical("set aside", extra={"error": error.message, "letter": kept})
        return Ending("set_aside", given_up.error_type)

    async def _to_retry_topic(self, message: Message, given_up: GivenUp) -> bool:
        error, tries = given_up.error, given_up.tries
        topic = retry_topic(error, tries)
        if topic is None:
            return False
        logger.warning("tried again later", extra={"topic": topic.name, "error": error.message})
        try:
            await self._publisher.message(topic, message.key, message.value, tries.headers(message))
        except PermanentError as refusal:  # the headers made it too large: there is no later for it
            logger.warning("retry topic refuses it", extra={"topic": topic.name, "error": refusal.message})
            return False
        return True

    async def _to_dead_letter(self, message: Message, given_up: GivenUp) -> str:
        error = given_up.error
        letter = dead_letter(self._stage, message, given_up, datetime.now(UTC))
        forms = (letter, bare(letter, message.position))
        fields = {"call_id": letter.call_id, "error_type": letter.error_type}
        fields |= {"error": error.message, "cure": error.cure}
        if message.is_dead_letter:
            kept = None if _is_the_end(message) else await self._kept(*forms)
            logger.critical(
                "dead letter set aside, its call has no outcome that says so", extra=fields | {"letter": kept}
            )
            return "set_aside"
        logger.error("gave up, dead letter", extra=fields)
        if await self._kept(*forms) is None:
            logger.critical("no dead letter can be published, the message stays where it is", extra=fields)
            return "set_aside"
        return "dead_letter"

    async def _kept(self, *forms: DeadLetter) -> str | None:
        """Publish the first form of a dead letter that the brokers take; returns its identifier, None: they refuse."""
        for letter in forms:
            try:
                await self._publisher.event(DEAD_LETTER, letter)
            except PermanentError as refusal:  # too large even for that
                logger.warning("dead letter refused", extra={"error": refusal.message})
            else:
                return letter.event_id
        return None


def _is_the_end(message: Message) -> bool:
    """Tell whether a message is a letter about a dead letter: it makes no outcome, and there is none about it."""
    try:
        return message.is_dead_letter and decode(DeadLetter, message.value).is_about_a_failure
    except UnreadableEvent:
        return False
