"""A reviewed call, as the statistics need it: how it was drawn, what the machine said, what people said."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

DrawnBy = Literal["random", "stratum", "uncertain", "correction", "complaint"]
"""Why somebody listened. Only the first two are draws; the others choose calls for being wrong."""


class Cause(StrEnum):
    """Where an answer went wrong, as the reviewer has it."""

    MISHEARD = "misheard"
    """The words are not what was said: the transcribe stage."""
    MISREAD = "misread"
    """The words are right, the category is not: the classify stage."""
    CATEGORY_UNCLEAR = "category_unclear"
    """Two categories fit: the taxonomy."""
    NOT_IN_SOUND = "not_in_sound"
    """The recording does not tell."""


@dataclass(frozen=True)
class Drawn:
    """How a call came to be reviewed."""

    by: DrawnBy
    p: float | None = None
    """The chance that its draw gave this call, above 0, at most 1; None where it was chosen and not drawn."""
    frame: str = ""
    """Which draw: its period and filters (``review.drawing.Frame.name``)."""
    seed: str = ""
    stratum: str = ""
    """Within which the draw was simple random; empty if it was so over the whole frame."""
    second: bool = False
    """Whether the draw gave it a second reader. Neither reader is told. A second opinion that somebody asked for does
    not count: hard calls get those."""
    late: bool = False
    """Whether it came after the draw's list was closed, and was drawn by its own rank."""

    @property
    def measures(self) -> bool:
        """Whether a label of this call may enter an estimate."""
        return self.by in ("random", "stratum") and self.p is not None

    @property
    def group(self) -> tuple[str, str]:
        """Frame and stratum: all its calls had the same chance."""
        return self.frame, self.stratum


@dataclass(frozen=True)
class Versions:
    """What gave the machine's answer. A figure belongs to these."""

    classifier: str = ""
    taxonomy: str = ""
    prompt: str = ""


@dataclass(frozen=True)
class Reading:
    """One person's answer to one call."""

    reviewer: str
    first: str
    """Category before the machine's answer was shown, if ``blind``."""
    final: str | None = None
    """Category after it was shown; None if it was kept."""
    blind: bool = True
    cause: Cause | None = None
    """Why the machine is wrong; None where it is right or nobody said."""


@dataclass(frozen=True)
class ReviewedCall:
    """A call with the machine's answer and what people said, in the order of reading: first, second, third."""

    call_id: str
    drawn: Drawn
    machine: str
    """Its answer when the call was read."""
    readings: tuple[Reading, ...]
    versions: Versions = Versions()
    period: str = ""
    """Of the call, as the page groups by it, e.g. ``2026-W48``."""
    counted: str | None = None
    """What the machine had said when its answers were counted over the frame; None: what it said when it was read."""

    @property
    def person(self) -> str:
        """What the first reader said."""
        return self.readings[0].first

    @property
    def doubled(self) -> bool:
        """Whether two different people read it, neither knowing the machine's answer."""
        if len(self.readings) < 2:
            return False
        first, second = self.readings[:2]
        return first.blind and second.blind and first.reviewer != second.reviewer


def measured(calls: Iterable[ReviewedCall]) -> list[ReviewedCall]:
    """Return the calls whose labels may enter an estimate: drawn with a known chance, and read blind.

    They keep the readings after the first only where the draw wanted a second reader, who read blind as well.

    Raises:
        ValueError: A chance is no chance, or a call was drawn twice and would count twice.
    """
    found: dict[str, ReviewedCall] = {}
    for call in calls:
        if not (call.drawn.measures and call.readings and call.readings[0].blind):
            continue
        if not 0 < (call.drawn.p or 0) <= 1:
            raise ValueError(f"call {call.call_id}: expected a chance above 0 and at most 1, found {call.drawn.p}")
        if call.call_id in found:
            raise ValueError(f"call {call.call_id} is in two draws. Estimate over frames that have no call in common")
        both = call.drawn.second and call.doubled
        found[call.call_id] = call if both else replace(call, readings=call.readings[:1])
    return list(found.values())
