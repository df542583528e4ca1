"""calls.dead-letter: a message that could not be processed, whole, with the reason and the cure."""

from pydantic import AwareDatetime, ConfigDict, NonNegativeInt, PositiveInt

from schemas.event import Event


class DeadLetter(Event):
    """A message that a stage gave up, kept so that it can be understood and replayed."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    call_id: str | None
    """The call, from the event or, where that could not be read, from the message's key; null where neither says."""
    stage: str
    """The stage that gave up."""
    error_type: str
    """Name of the error."""
    permanent: bool
    """True: the same message gives the same answer. False: it might have succeeded later, and the tries ran out."""
    message: str
    """What was expected and what was found. Holds no transcript and no credentials."""
    cure: str
    """What a person can do about it."""
    attempts: PositiveInt
    """How often the work was tried."""
    first_tried_at: AwareDatetime
    """When the stage took the message (UTC)."""
    gave_up_at: AwareDatetime
    """When the stage gave up (UTC)."""
    topic: str
    """The topic that the message came from."""
    partition: NonNegativeInt
    """Its partition."""
    offset: NonNegativeInt
    """Its offset."""
    key: bytes | None
    """The message's key, base64url (RFC 4648)."""
    value: bytes | None
    """The message's value, base64url, to the byte as it was taken."""
    headers: tuple[tuple[str, bytes | None], ...] = ()
    """The message's headers, values in base64url."""

    @property
    def is_about_a_failure(self) -> bool:
        """Whether the message was itself a dead letter, whose call got no outcome: the end of the way."""
        return self.topic == "calls.dead-letter"

    @property
    def is_about_an_annotation(self) -> bool:
        """Whether the message was what somebody says of a call: the call goes on without it."""
        return self.topic == "calls.annotations"
