"""The ways in: which there are, when each last said something, and what became of it."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Self

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, ConfigDict

from api.access import Principal, Requires, Right
from api.operations.resource import require_everywhere
from api.services import Services, Used
from schemas import SourceNotice
from sources.telling import EVERY
from streams.kafka import source_notices

router = APIRouter(prefix="/v1", tags=["sources"])
_MISSED = 3
"""Minutes' words that a process may owe before it counts as gone."""


class SourceShown(BaseModel):
    """One way in."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: str
    """As the file of sources names it."""
    kind: str
    """webhook, folder, asterisk, …: how its calls come."""
    is_served: bool
    """Whether a process is there for it now."""
    last_event_at: AwareDatetime | None
    """When it last said anything (UTC); null: never."""
    last_taken_at: AwareDatetime | None
    """When a call of it was last taken (UTC); null: never."""
    silent_s: float | None
    """Seconds since a call of it was last taken; null: never."""
    counted_since: AwareDatetime | None
    """Since when the counts are (UTC); null: there are none."""
    taken: int
    """Calls of it that were taken."""
    ignored: int
    """What it said that is about no call that is over."""
    refused: dict[str, int]
    """What was refused, by why: unreadable, invalid, unsigned, too_large, or unconfirmed (sent again)."""
    last_refused_at: AwareDatetime | None
    """When something of it was last refused (UTC); null: never."""
    last_refusal: str | None
    """Why that was, in a sentence without what was sent."""

    @classmethod
    def of(cls, notice: SourceNotice, now: datetime) -> Self:
        """Sum up what the processes say that serve a source. Pure."""
        parts = notice.processes.values()
        counts = {what: sum(one.counts.get(what, 0) for one in parts) for part in parts for what in part.counts}
        refused = {what: n for what, n in counts.items() if what not in {"taken", "ignored"}}
        taken_at = notice.last.get("taken")
        return cls(
            name=notice.source,
            kind=notice.kind,
            is_served=any(now - one.at < _MISSED * EVERY for one in parts),
            last_event_at=max(notice.last.values(), default=None),
            last_taken_at=taken_at,
            silent_s=None if taken_at is None else max(0.0, (now - taken_at).total_seconds()),
            counted_since=min((one.since for one in parts), default=None),
            taken=counts.get("taken", 0),
            ignored=counts.get("ignored", 0),
            refused=refused,
            last_refused_at=max(
                (at for what, at in notice.last.items() if what not in {"taken", "ignored"}), default=None
            ),
            last_refusal=notice.refusal,
        )


class SourcesShown(BaseModel):
    """All ways in that have names."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    sources: tuple[SourceShown, ...]
    """By name. A source is here once a process has served it, and as long as the brokers remember it."""


@router.get("/sources")
async def list_sources(services: Used, who: Annotated[Principal, Depends(Requires(Right.OPERATE))]) -> SourcesShown:
    """List the ways in, for whoever may see every call: which still speak, and what is refused of them.

    What a source said is counted within seconds. ``silent_s`` and the times hold across restarts; counts are those of
    the processes of the last seven days.
    """
    require_everywhere(who)
    return SourcesShown(sources=tuple(await shown_sources(services)))


async def shown_sources(services: Services) -> list[SourceShown]:
    """Return all sources by name.

    Raises:
        KafkaUnavailable: The brokers do not answer, or there is no such topic.
    """
    found, now = await asyncio.to_thread(source_notices, services.kafka), datetime.now(UTC)
    return [SourceShown.of(notice, now) for _, notice in sorted(found.items())]
