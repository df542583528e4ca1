"""calls.unrecorded: a call that is over, and that nobody can hear or classify."""

from schemas.event import CallEvent, Disposition


class CallUnrecorded(CallEvent):
    """A call without a recording: what is known of it is all that will be."""

    disposition: Disposition
    """How the call went, as the PBX saw it."""
