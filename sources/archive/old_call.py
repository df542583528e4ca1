"""A call as an archive has it. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from schemas import Moment
from sources.observation import Refused

_MOMENT: TypeAdapter[AwareDatetime] = TypeAdapter(Moment)


class OldCall(NamedTuple):
    """What an archive says of a call."""

    place: str
    """Where in the archive, without what a name may say of people: row 17, recording 17."""
    content: Mapping[str, Any] | Refused
    """The fields of its call-ended event as JSON has them, or why there is none."""
    ids: Sequence[str] = ()
    """What the call may be known by here, its own identifier first."""
    seconds: float | None = None
    """Length of the recording; None: nothing says it without the recording being decoded."""

    @property
    def ended_at(self) -> datetime | None:
        """When it ended; None: that cannot be read."""
        return moment(None if isinstance(self.content, Refused) else self.content.get("ended_at"))


def of_content(place: str, content: Mapping[str, Any], seconds: float | None = None) -> OldCall:
    """Make a call of the fields of its event; without ``seconds`` it is as long as from its start to its end."""
    if seconds is None:
        began_at, ended_at = moment(content.get("started_at")), moment(content.get("ended_at"))
        if began_at is not None and ended_at is not None and content.get("recording") is not None:
            seconds = max(0.0, (ended_at - began_at).total_seconds())
    call_id = content.get("call_id")
    return OldCall(place, content, (call_id,) if isinstance(call_id, str) else (), seconds)


def moment(value: object) -> datetime | None:
    """Read a moment in any form that events take; None: it is none."""
    try:
        return None if value is None else _MOMENT.validate_python(value)
    except ValidationError:
        return None
