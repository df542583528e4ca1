"""What a reviewer sees of a call: before they answer nothing of what the machine says."""

from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import Request

from api.access import Principal
from api.calls.labels import FirstAnswer, HowDrawn, NewLabel, give_label
from api.calls.lookup import visible
from api.calls.reading import read_transcript
from api.calls.resource import etag
from api.problems import Problem
from api.services import Services
from pages.call.correction import Correction
from pages.call.listening import Listening, listening
from pages.call.sound import sound_of
from pages.review.measure import frame_of
from pages.review.turns import role_of
from schemas import CallOutcome, Taxonomies
from schemas.taxonomy import Leaf
from store.samples import Item, Reading, Role, Sample, SampleStore

_LONGEST_S = 3600.0


@dataclass(frozen=True)
class Begun:
    """A call that somebody reads."""

    sample: Sample
    item: Item
    role: Role
    reading: Reading
    call_id: str

    @property
    def address(self) -> str:
        """Its page."""
        return address_of(self.item)


def address_of(item: Item) -> str:
    """Return the page that a call of a sample is read on."""
    return f"/review/{item.sample_id}/{item.place}"


async def begun(services: Services, who: Principal, sample: Sample, place: int) -> Begun | None:
    """Return a call that somebody has to read and has not finished; None: it is not theirs, or gone."""
    item = await SampleStore(services.database).item(sample.sample_id, place)
    role = None if item is None else role_of(item, who.name)
    if item is None or role is None or item.call_id is None:
        return None
    reading = item.reading(role)
    if reading is None or reading.label_id is not None:
        return None
    return Begun(sample, item, role, reading, item.call_id)


async def heard(services: Services, who: Principal, one: Begun, request: Request) -> tuple[CallOutcome, Listening]:
    """Return a call with its sound and its words. That it is read is noted in the audit.

    Raises:
        Problem: not-found: it is gone.
    """
    outcome = await visible(services, who, one.call_id)
    said = await read_transcript(one.call_id, request, services, who)
    return outcome, listening(outcome, said, await sound_of(services, who, outcome))


async def publish(
    services: Services, who: Principal, one: Begun, given: Correction, final: Leaf, request: Request
) -> None:
    """Publish what somebody says in the end; of a call that is labelled already it only measures.

    Raises:
        Problem: precondition-failed: the call has changed since the page was made, or what ``give_label`` raises.
    """
    outcome = await visible(services, who, one.call_id)
    said = one.reading.said or final.code
    first = Taxonomies.load().behind(outcome).leaves.get(said)  # None: the taxonomy has it no more
    label = NewLabel(
        category=final.category,
        sub_category=final.sub_category,
        decides=one.role == "third" or (one.role == "first" and outcome.source != "human"),
        drawn=HowDrawn(
            by=one.sample.by,
            p=one.item.p,
            stratum=one.item.stratum or None,
            frame=frame_of(one.sample).name,
            seed=one.sample.seed,
        ),
        blind=True,
        first=None if first is None else FirstAnswer(category=first.category, sub_category=first.sub_category),
        cause=given.cause,
        note=given.said,
        seconds=min(_LONGEST_S, (datetime.now(UTC) - one.reading.since).total_seconds()),
    )
    # with what it says: whoever was not taken, as the brokers were away, may have changed their mind
    key = f"review {one.sample.sample_id} {one.item.place} {one.role} {given.revision} {label.digest}"
    answer = await give_label(one.call_id, label, request, services, who, etag(given.revision), key)
    label_id = answer.headers["Location"].rpartition("/")[2]
    await SampleStore(services.database).finish(one.item, one.role, said, label_id)


def is_stale(problem: Problem) -> bool:
    """Tell whether a label came too late: the call has changed since."""
    return problem.kind.code == "precondition-failed"
