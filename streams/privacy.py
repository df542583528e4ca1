"""The caller's number: kept, replaced by a keyed hash, or dropped (docs/privacy.md).

The audio stage does it, the first that passes a call on, and the sink for calls that the audio stage gave up.
"""

import hashlib
import hmac
from typing import TypeVar

from pydantic import SecretStr

from schemas import CallFacts, Event
from streams.settings import PrivacySettings

HASHED = "hmac-sha256:"
"""What a hashed number begins with; such a one is not hashed again."""

EventT = TypeVar("EventT", bound=Event)


class CallerPrivacy:
    """Does with callers' numbers what the settings say. Doing it twice is doing it once."""

    def __init__(self, settings: PrivacySettings) -> None:
        """Take the settings."""
        self._settings = settings

    def applied(self, event: EventT) -> EventT:
        """Return the event with its caller's number kept, hashed or dropped; an event without one as it is."""
        if not isinstance(event, CallFacts) or event.caller is None or self._settings.caller == "keep":
            return event
        return event.model_copy(update={"caller": self._replaced(event.caller)})

    def _replaced(self, caller: str) -> str | None:
        if self._settings.caller == "drop" or self._settings.caller_key is None:
            return None
        if caller.startswith(HASHED):
            return caller
        return self.hashed(caller, self._settings.caller_key)

    @staticmethod
    def hashed(caller: str, key: SecretStr) -> str:
        """Return the keyed hash of a number, which spaces do not change."""
        number = "".join(caller.split())
        return HASHED + hmac.new(key.get_secret_value().encode(), number.encode(), hashlib.sha256).hexdigest()[:32]
