"""Whether a call can be heard: asked of the audio store."""

from api.access import Principal, Right
from api.recordings.routes import kept_until
from api.services import Services
from pages.call.listening import Sound
from schemas import CallOutcome


async def sound_of(services: Services, who: Principal, outcome: CallOutcome) -> Sound:
    """Return whether somebody may hear a call, and until when."""
    if not who.may(Right.LISTEN):
        return Sound("no_right")
    if (stored := await services.sounds.prepared(outcome.call_id)) is None:
        return Sound("none" if outcome.recording_facts is None else "gone")
    return Sound("there", kept_until(services, stored))
